/* SPDX-License-Identifier: MIT */
#include "commands/event_query.h"
#include "tap.h"

/* A zone an hour east of UTC, whatever the machine's is. */
static int64_t east_to_seconds(const struct clock_civil *civil)
{
	return clock_civil_to_seconds(civil) - 3600;
}

static void east_to_civil(int64_t seconds, struct clock_civil *civil)
{
	clock_seconds_to_civil(seconds + 3600, civil);
}

static const struct event_query_zone EAST = {east_to_seconds, east_to_civil};
static const int64_t NOW_US = INT64_C(1795302930123456); /* 2026-11-21T23:15:30.123456Z */

/* The zone's day is the 22nd already. */
static void time_is(const char *text, const char *want)
{
	char shown[CLOCK_TEXT_SIZE];
	struct error error = {0};
	int64_t time_us = 0;

	ok(event_query_parse_time(text, NOW_US, &EAST, &time_us, &error) == 0, "'%s' is a time%s",
		text, error.text);
	is_text(clock_format_utc(time_us, shown), want, "  %s", want);
}

static void no_time(const char *text)
{
	struct error error = {0};
	int64_t time_us;

	is_number(event_query_parse_time(text, NOW_US, &EAST, &time_us, &error), -ERR_USAGE,
		"'%s' is no time", text);
	ok(strstr(error.text, "is no time; write") != NULL, "  %s", error.text);
}

static void points(void)
{
	time_is("2026-11-21T20:15:30.5Z", "2026-11-21T20:15:30.500000Z");
	time_is("2026-11-21T20:15:30-05:00", "2026-11-22T01:15:30.000000Z");
	time_is("2026-11-21", "2026-11-20T23:00:00.000000Z");
	time_is("2026-11-21 20:15", "2026-11-21T19:15:00.000000Z");
	time_is("2026-11-21 20:15:30", "2026-11-21T19:15:30.000000Z");
	time_is("2026-11-21T20:15:30.25", "2026-11-21T19:15:30.250000Z");
	time_is("  2026-11-21  8:15 ", "2026-11-21T07:15:00.000000Z");
	time_is("00:30", "2026-11-21T23:30:00.000000Z");
	time_is("now", "2026-11-21T23:15:30.123456Z");
	time_is("Today", "2026-11-21T23:00:00.000000Z");
	time_is("yesterday", "2026-11-20T23:00:00.000000Z");
	time_is("tomorrow", "2026-11-22T23:00:00.000000Z");
	time_is("@0", "1970-01-01T00:00:00.000000Z");
	time_is("@1795292130.5", "2026-11-21T20:15:30.500000Z");
}

static void spans(void)
{
	time_is("-1h30m", "2026-11-21T21:45:30.123456Z");
	time_is("1h30m", "2026-11-21T21:45:30.123456Z");
	time_is("1h30m ago", "2026-11-21T21:45:30.123456Z");
	time_is("1 hour 30 minutes ago", "2026-11-21T21:45:30.123456Z");
	time_is("30d", "2026-10-22T23:15:30.123456Z");
	time_is("2w", "2026-11-07T23:15:30.123456Z");
	time_is("- 5 s", "2026-11-21T23:15:25.123456Z");
	time_is("+1 day", "2026-11-22T23:15:30.123456Z");
	time_is("90min", "2026-11-21T21:45:30.123456Z");
	no_time("5");
	no_time("-5");
	no_time("5x");
	no_time("h");
	no_time("1h ago ago");
	no_time("-1h ago");
	no_time("1h -30m");
	no_time("99999999999w");
	no_time("99999999999999999999s");
	no_time("1hoursandmanymoreletters");
	no_time("ago");
}

static void no_points(void)
{
	no_time("");
	no_time(" ");
	no_time("never");
	no_time("today 20:15");
	no_time("2026-11-31");
	no_time("2026-02-29");
	no_time("2026-13-01");
	no_time("2026-1-1");
	no_time("2026-11-21 25:00");
	no_time("2026-11-21 20:60");
	no_time("2026-11-21 20");
	no_time("2026-11-21 20:15:30.");
	no_time("2026-11-21 20:15 pm");
	no_time("2026-11-21T20:15:30X");
	no_time("24:00");
	no_time("@");
	no_time("@x");
	no_time("@-1");
	no_time("@99999999999999999999");
	no_time("20:15:\x1b[31m");
}

static bool has_id(const struct event_query *query, int id)
{
	struct event event;

	event_start(&event, id, NOW_US);
	return event_query_matches(query, &event);
}

static void ids_fail(const char *text)
{
	struct event_query query = {0};
	struct error error = {0};

	is_number(event_query_add_ids(&query, text, &error), -ERR_USAGE, "'%s' is no list", text);
	ok(error.text[0] != '\0', "  %s", error.text);
}

static void ids(void)
{
	struct event_query query = {0};
	struct error error = {0};
	char many[EVENT_QUERY_RANGES * 2 + 2] = "";

	ok(has_id(&query, 1) && has_id(&query, 6001), "no list: every id");
	is_number(event_query_add_ids(&query, "2000,3000-3001, 4003 - 4014", &error), 0, "a list");
	is_number(event_query_add_ids(&query, "9000", &error), 0, "and one more");
	ok(has_id(&query, 2000) && has_id(&query, 3000) && has_id(&query, 3001) &&
			has_id(&query, 4003) && has_id(&query, 4010) && has_id(&query, 4014) &&
			has_id(&query, 9000),
		"what is in it");
	ok(!has_id(&query, 1999) && !has_id(&query, 2001) && !has_id(&query, 2999) &&
			!has_id(&query, 3002) && !has_id(&query, 4002) && !has_id(&query, 4015),
		"what is not");
	ids_fail("");
	ids_fail(",");
	ids_fail("2000,");
	ids_fail(",2000");
	ids_fail("2000 3000");
	ids_fail("abc");
	ids_fail("2000-");
	ids_fail("3001-3000");
	ids_fail("0");
	ids_fail("-5");
	ids_fail("65536");
	ids_fail("99999999999999999999999");
	ids_fail("2000;3000");
	query = (struct event_query){0};
	for (int i = 0; i < EVENT_QUERY_RANGES; i++)
		strcat(many, i ? ",5" : "5");
	is_number(event_query_add_ids(&query, many, &error), 0, "as many as there is room for");
	is_number(event_query_add_ids(&query, "5", &error), -ERR_USAGE, "one more: %s", error.text);
}

static void times(void)
{
	struct event_query query = {
		.has_since = true, .since_us = 100, .has_until = true, .until_us = 200};
	struct event event;

	event_start(&event, 2000, 100);
	ok(event_query_matches(&query, &event), "since is included");
	event.time_us = 200;
	ok(event_query_matches(&query, &event), "until too");
	event.time_us = 99;
	ok(!event_query_matches(&query, &event), "earlier is not");
	event.time_us = 201;
	ok(!event_query_matches(&query, &event), "later is not");
	query.has_since = query.has_until = false;
	event.time_us = -5;
	ok(event_query_matches(&query, &event), "without either any time is good");
}

static void machines(void)
{
	static const char ID[] = "0e6c3a47-9143-40f9-a698-516cefce0001";
	struct event_query query = {0};
	struct event with, without;

	event_start(&with, 3000, 0);
	event_put_text(&with, FIELD_VM_NAME, "web\xff");
	event_put_text(&with, FIELD_VM_ID, ID);
	event_start(&without, 1100, 0);
	event_query_set_vm(&query, "web\xff");
	ok(event_query_matches(&query, &with), "by name, odd bytes and all");
	ok(!event_query_matches(&query, &without), "an event without a machine");
	event_query_set_vm(&query, "web");
	ok(!event_query_matches(&query, &with), "half a name is none");
	event_query_set_vm(&query, "{0E6C3A47-9143-40F9-A698-516CEFCE0001}");
	ok(event_query_matches(&query, &with), "by id, in upper case");
	event_query_set_vm(&query, "0e6c3a47-9143-40f9-a698-516cefce0002");
	ok(!event_query_matches(&query, &with), "another id");
	event_start(&with, 3000, 0);
	event_put_text(&with, FIELD_VM_NAME, "0e6c3a47-9143-40f9-a698-516cefce0002");
	ok(event_query_matches(&query, &with), "a name that looks like an id");
}

int main(void)
{
	points();
	spans();
	no_points();
	ids();
	times();
	machines();
	return tap_done();
}
