/* SPDX-License-Identifier: MIT */
#include "system.h"

#include <stdio.h>
#include <windows.h>

static SRWLOCK lock = SRWLOCK_INIT;
static CONDITION_VARIABLE changed = CONDITION_VARIABLE_INIT;

void system_lock(void)
{
	AcquireSRWLockExclusive(&lock);
}

void system_unlock(void)
{
	ReleaseSRWLockExclusive(&lock);
}

void system_wait(uint64_t until)
{
	uint64_t now = system_now();
	DWORD time = INFINITE;

	if (until <= now)
		return;
	if (until - now < INFINITE)
		time = (DWORD)(until - now);
	SleepConditionVariableSRW(&changed, &lock, time, 0);
}

void system_wake(void)
{
	WakeAllConditionVariable(&changed);
}

uint64_t system_now(void)
{
	static LARGE_INTEGER frequency;
	LARGE_INTEGER count;

	if (!frequency.QuadPart)
		QueryPerformanceFrequency(&frequency);
	QueryPerformanceCounter(&count);
	return (uint64_t)(count.QuadPart / (frequency.QuadPart / 1000));
}

void system_datetime(char *text)
{
	SYSTEMTIME time;

	GetSystemTime(&time);
	snprintf(text, DATETIME_SIZE, "%04u%02u%02u%02u%02u%02u.%06u-000", time.wYear % 10000u,
		time.wMonth % 100u, time.wDay % 100u, time.wHour % 100u, time.wMinute % 100u,
		time.wSecond % 100u, time.wMilliseconds % 1000u * 1000u);
}

uint64_t system_filetime(void)
{
	FILETIME time;

	GetSystemTimeAsFileTime(&time);
	return (uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime;
}
