/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <windows.h>

/* 100 ns since 1601, the epoch of FILETIME, at the epoch of UNIX. */
#define TICKS_AT_1970 INT64_C(116444736000000000)
#define TICKS_PER_S   INT64_C(10000000)

/* The performance counter goes on while the host sleeps. */
uint64_t clock_monotonic_ns(void)
{
	LARGE_INTEGER now, frequency;

	QueryPerformanceFrequency(&frequency); /* fixed at boot, never fails since Windows XP */
	QueryPerformanceCounter(&now);
	uint64_t ticks = (uint64_t)now.QuadPart, per_s = (uint64_t)frequency.QuadPart;
	return ticks / per_s * NS_PER_S + ticks % per_s * NS_PER_S / per_s;
}

static int64_t ticks_of(const FILETIME *time)
{
	return (int64_t)(((uint64_t)time->dwHighDateTime << 32) | time->dwLowDateTime);
}

static FILETIME file_time(int64_t ticks)
{
	return (FILETIME){(DWORD)((uint64_t)ticks & 0xffffffff), (DWORD)((uint64_t)ticks >> 32)};
}

int64_t clock_realtime_us(void)
{
	FILETIME now;

	GetSystemTimePreciseAsFileTime(&now);
	return (ticks_of(&now) - TICKS_AT_1970) / 10;
}

void clock_sleep_ms(unsigned ms)
{
	Sleep(ms);
}

int64_t clock_local_to_seconds(const struct clock_civil *civil)
{
	/* Carries hours and days over, so that the rest deals with dates of the calendar only. */
	int64_t as_utc = clock_civil_to_seconds(civil);
	FILETIME time = file_time(as_utc * TICKS_PER_S + TICKS_AT_1970);
	SYSTEMTIME local, utc;

	if (!FileTimeToSystemTime(&time, &local) ||
		!TzSpecificLocalTimeToSystemTime(NULL, &local, &utc) ||
		!SystemTimeToFileTime(&utc, &time))
		return as_utc; /* years before 1601 or beyond 30827 */
	return (ticks_of(&time) - TICKS_AT_1970) / TICKS_PER_S;
}

void clock_seconds_to_local(int64_t seconds, struct clock_civil *civil)
{
	FILETIME time = file_time(seconds * TICKS_PER_S + TICKS_AT_1970);
	SYSTEMTIME utc, local;

	if (!FileTimeToSystemTime(&time, &utc) ||
		!SystemTimeToTzSpecificLocalTime(NULL, &utc, &local)) {
		clock_seconds_to_civil(seconds, civil);
		return;
	}
	*civil = (struct clock_civil){
		.year = local.wYear,
		.month = local.wMonth,
		.day = local.wDay,
		.hour = local.wHour,
		.minute = local.wMinute,
		.second = local.wSecond,
	};
}
