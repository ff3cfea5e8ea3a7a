/* SPDX-License-Identifier: MIT */
/* waitable.h - what a loop waits for: a descriptor on Linux, an event's HANDLE on Windows */
#ifndef HYPERVIVE_BASE_WAITABLE_H
#define HYPERVIVE_BASE_WAITABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

typedef intptr_t waitable;

#define WAITABLE_NONE ((waitable)-1)

/*
 * For a command that follows something: waits until it is ready (WAITABLE_NONE: only for the
 * time), until timeout_ms have passed (-1: for ever), or until nobody reads our stdout any more
 * (*output_closed; where the system does not tell, the next write will).
 */
int waitable_wait(waitable what, int timeout_ms, bool *output_closed, struct error *error);

#endif
