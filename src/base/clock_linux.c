/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <errno.h>
#include <time.h>

uint64_t clock_monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

int64_t clock_realtime_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

void clock_sleep_ms(unsigned ms)
{
	struct timespec rest = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, &rest) == EINTR)
		;
}

int64_t clock_local_to_seconds(const struct clock_civil *civil)
{
	struct tm tm = {
		.tm_year = (int)(civil->year - 1900),
		.tm_mon = civil->month - 1,
		.tm_mday = civil->day,
		.tm_hour = civil->hour,
		.tm_min = civil->minute,
		.tm_sec = civil->second,
		.tm_isdst = -1, /* the zone's own rules decide */
	};

	return mktime(&tm);
}

void clock_seconds_to_local(int64_t seconds, struct clock_civil *civil)
{
	time_t time = seconds;
	struct tm tm;

	/* Fails for years that do not fit an int only; UTC is then near enough. */
	if (!localtime_r(&time, &tm)) {
		clock_seconds_to_civil(seconds, civil);
		return;
	}
	*civil = (struct clock_civil){
		.year = tm.tm_year + INT64_C(1900),
		.month = tm.tm_mon + 1,
		.day = tm.tm_mday,
		.hour = tm.tm_hour,
		.minute = tm.tm_min,
		.second = tm.tm_sec,
	};
}
