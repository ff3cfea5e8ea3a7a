/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "tap.h"

static void utc(int64_t time_us, const char *want)
{
	char text[CLOCK_TEXT_SIZE];

	is_text(clock_format_utc(time_us, text), want, "%" PRId64 " is %s", time_us, want);
}

static void parses(const char *text, int64_t want)
{
	int64_t time_us = -1;

	ok(clock_parse_rfc3339(text, &time_us), "'%s' is a time", text);
	is_number(time_us, want, "  and the right one");
}

static void fails(const char *text)
{
	int64_t time_us = 42;

	ok(!clock_parse_rfc3339(text, &time_us), "'%s' is no time", text);
	is_number(time_us, 42, "  and nothing is touched");
}

static void formatting(void)
{
	utc(0, "1970-01-01T00:00:00.000000Z");
	utc(-1, "1969-12-31T23:59:59.999999Z");
	utc(INT64_C(1795292130123456), "2026-11-21T20:15:30.123456Z");
	utc(INT64_C(951782400000000), "2000-02-29T00:00:00.000000Z");
	utc(INT64_C(4107542399999999), "2100-02-28T23:59:59.999999Z");
	utc(INT64_C(4107542400000000), "2100-03-01T00:00:00.000000Z");
	utc(INT64_C(-62167219200000000), "0000-01-01T00:00:00.000000Z");
}

static void reading(void)
{
	parses("2026-11-21T20:15:30.123456Z", INT64_C(1795292130123456));
	parses("2026-11-21t20:15:30z", INT64_C(1795292130000000));
	parses("2026-11-21 21:15:30+01:00", INT64_C(1795292130000000));
	parses("2026-11-21T14:45:30-05:30", INT64_C(1795292130000000));
	parses("2026-11-21T20:15:30.1234569999Z", INT64_C(1795292130123456));
	parses("2026-11-21T20:15:30.5Z", INT64_C(1795292130500000));
	parses("1969-12-31T23:59:59.999999Z", -1);
	parses("2016-12-31T23:59:60Z", INT64_C(1483228800000000));
	parses("2000-02-29T00:00:00Z", INT64_C(951782400000000));
	fails("");
	fails("2026-11-21");
	fails("2026-11-21T20:15:30");
	fails("2026-11-21T20:15Z");
	fails("2026-11-21T20:15:30Z ");
	fails("2026-11-21T20:15:30.Z");
	fails("2026-13-21T20:15:30Z");
	fails("2026-00-21T20:15:30Z");
	fails("2026-02-29T20:15:30Z");
	fails("2100-02-29T20:15:30Z");
	fails("2026-11-31T20:15:30Z");
	fails("2026-11-21T24:15:30Z");
	fails("2026-11-21T20:60:30Z");
	fails("2026-11-21T20:15:61Z");
	fails("2026-11-21T20:15:30+24:00");
	fails("2026-11-21T20:15:30+0100");
	fails("26-11-21T20:15:30Z");
	fails("2026/11/21T20:15:30Z");
}

/* Every day of 1200 years there and back, against a count that only knows how to add one. */
static void calendar(void)
{
	struct clock_civil at = {.year = 1600, .month = 1, .day = 1};
	int64_t first = clock_civil_to_seconds(&at), wrong = 0, days = 0;

	for (int64_t s = first; days < 1200 * 365; s += 86400, days++) {
		struct clock_civil got, next = at;

		clock_seconds_to_civil(s + 86399, &got);
		wrong += got.year != at.year || got.month != at.month || got.day != at.day ||
			 got.hour != 23 || got.second != 59 || clock_civil_to_seconds(&at) != s;
		next.day++;
		if (!clock_civil_valid(&next))
			next = (struct clock_civil){at.year, at.month + 1, 1, 0, 0, 0};
		if (!clock_civil_valid(&next))
			next = (struct clock_civil){at.year + 1, 1, 1, 0, 0, 0};
		at = next;
	}
	is_number(wrong, 0, "the calendar holds for %" PRId64 " days", days);

	struct clock_civil over = {.year = 2026, .month = 13, .day = 0, .hour = 24};
	utc(clock_civil_to_seconds(&over) * US_PER_S, "2027-01-01T00:00:00.000000Z");
}

static void running(void)
{
	char text[CLOCK_TEXT_SIZE];
	uint64_t before = clock_monotonic_ns();

	clock_sleep_ms(20);
	uint64_t slept = clock_monotonic_ns() - before;
	ok(slept >= 20 * NS_PER_MS, "a sleep of 20 ms takes that long");
	ok(clock_realtime_us() > INT64_C(1700000000000000), "the time of day is of these days");
	is_number(strlen(clock_format_local(INT64_C(1795292130123456), text)), 19,
		"local time has its fixed width: %s", text);

	struct clock_civil local;
	clock_seconds_to_local(INT64_C(1795292130), &local);
	is_number(
		clock_local_to_seconds(&local), INT64_C(1795292130), "local time, there and back");
}

int main(void)
{
	formatting();
	reading();
	calendar();
	running();
	return tap_done();
}
