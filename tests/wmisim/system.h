/* SPDX-License-Identifier: MIT */
/*
 * system.h - the one lock, the clock, and waiting
 *
 * All state of the simulator is guarded by one lock. Nothing runs by itself: time passes when
 * somebody asks (world_enter), and a call that waits sleeps until something changes or until the
 * next thing that is due.
 */
#ifndef WMISIM_SYSTEM_H
#define WMISIM_SYSTEM_H

#include <stdint.h>

void system_lock(void);
void system_unlock(void);
/* Lets the lock go until system_wake() or until the clock shows `until` (UINT64_MAX: never). */
void system_wait(uint64_t until);
void system_wake(void);

/* Milliseconds of a clock that never goes back. */
uint64_t system_now(void);
/* yyyymmddHHMMSS.mmmmmm-000 */
enum { DATETIME_SIZE = 26 };
void system_datetime(char *text);
/* 100 ns since 1601. */
uint64_t system_filetime(void);

#endif
