/* SPDX-License-Identifier: MIT */
/*
 * clock.h - the two clocks
 *
 * Decisions (windows, rates, back-off) use monotonic nanoseconds that go on
 * while the host sleeps; records use the time of day in microseconds since
 * 1970. Pure code never asks for either: it is given the time.
 */
#ifndef HYPERVIVE_BASE_CLOCK_H
#define HYPERVIVE_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  UINT64_C(1000000000)
#define US_PER_S  INT64_C(1000000)

uint64_t clock_monotonic_ns(void); /* linux: CLOCK_BOOTTIME */
int64_t clock_realtime_us(void);
void clock_sleep_ms(unsigned ms);

/* A date and a time of day as people write them (proleptic Gregorian). month 1 to 12. */
struct clock_civil {
	int64_t year;
	int month, day, hour, minute, second;
};

/* Seconds since 1970 in UTC, and back. Pure; days and hours beyond their range carry over. */
int64_t clock_civil_to_seconds(const struct clock_civil *civil);
void clock_seconds_to_civil(int64_t seconds, struct clock_civil *civil);

/* True for a date of the calendar and a time of day; a leap second (60) counts as one. */
bool clock_civil_valid(const struct clock_civil *civil);

/*
 * The same two for the local time zone, with its summer time. A time of day that a change
 * of the clock skips or doubles gives one of the two that it could mean.
 */
int64_t clock_local_to_seconds(const struct clock_civil *civil);
void clock_seconds_to_local(int64_t seconds, struct clock_civil *civil);

enum { CLOCK_TEXT_SIZE = 40 };

/* RFC 3339 in UTC with microseconds: 2026-11-21T20:15:30.123456Z. Pure. */
const char *clock_format_utc(int64_t time_us, char text[CLOCK_TEXT_SIZE]);

/* Local time for people: 2026-11-21 21:15:30. */
const char *clock_format_local(int64_t time_us, char text[CLOCK_TEXT_SIZE]);

/* Reads RFC 3339 with any fraction and any offset. Pure. */
bool clock_parse_rfc3339(const char *text, int64_t *time_us);

#endif
