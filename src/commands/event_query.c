/* SPDX-License-Identifier: MIT */
#include "commands/event_query.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *skip_blanks(const char *at)
{
	while (*at == ' ' || *at == '\t')
		at++;
	return at;
}

/* Digits up to a number that cannot overflow anything it is multiplied with here. */
static bool read_number(const char **at, int64_t *number)
{
	const int64_t MOST = INT64_C(99999999999);

	if (!is_digit(**at))
		return false;
	for (*number = 0; is_digit(**at); (*at)++) {
		*number = *number * 10 + (**at - '0');
		if (*number > MOST)
			return false;
	}
	return true;
}

/* Exactly two digits, or `most` of them where fewer are allowed too. */
static bool read_digits(const char **at, int least, int most, int *value)
{
	int count = 0;

	for (*value = 0; count < most && is_digit(**at); (*at)++, count++)
		*value = *value * 10 + (**at - '0');
	return count >= least && !is_digit(**at);
}

static bool read_character(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

/* ".5" in microseconds; nothing is none. */
static bool read_fraction(const char **at, int64_t *us)
{
	int64_t unit = US_PER_S / 10;

	*us = 0;
	if (!read_character(at, '.'))
		return true;
	if (!is_digit(**at))
		return false;
	for (; is_digit(**at); (*at)++, unit /= 10)
		*us += (**at - '0') * unit;
	return true;
}

/* "20:15", "20:15:30", "20:15:30.5" */
static bool read_time_of_day(const char **at, struct clock_civil *civil, int64_t *us)
{
	*us = 0;
	civil->second = 0;
	if (!read_digits(at, 1, 2, &civil->hour) || !read_character(at, ':') ||
		!read_digits(at, 2, 2, &civil->minute))
		return false;
	if (!read_character(at, ':'))
		return true;
	return read_digits(at, 2, 2, &civil->second) && read_fraction(at, us);
}

static bool read_date(const char **at, struct clock_civil *civil)
{
	int year;

	if (!read_digits(at, 4, 4, &year) || !read_character(at, '-') ||
		!read_digits(at, 2, 2, &civil->month) || !read_character(at, '-') ||
		!read_digits(at, 2, 2, &civil->day))
		return false;
	civil->year = year;
	return true;
}

/* A date, a time of day, or both, in local time. */
static bool parse_local(const char *text, const struct clock_civil *today,
	const struct event_query_zone *zone, int64_t *time_us)
{
	struct clock_civil civil = {0};
	const char *at = text;
	int64_t us = 0;

	if (read_date(&at, &civil)) {
		if (*at == 'T' || *at == 't' || *at == ' ') {
			at = skip_blanks(at + 1);
			if (!read_time_of_day(&at, &civil, &us))
				return false;
		}
	} else {
		at = text;
		civil = *today;
		if (!read_time_of_day(&at, &civil, &us))
			return false;
	}
	if (*at || !clock_civil_valid(&civil))
		return false;
	*time_us = zone->to_seconds(&civil) * US_PER_S + us;
	return true;
}

/* "today" and its neighbours: midnight, so many days from today. */
static bool parse_day(const char *text, const struct clock_civil *today,
	const struct event_query_zone *zone, int64_t *time_us)
{
	static const char *const NAMES[] = {"yesterday", "today", "tomorrow"};

	for (int i = 0; i < 3; i++) {
		struct clock_civil day = {
			.year = today->year, .month = today->month, .day = today->day + i - 1};

		if (!text_equal_ignoring_case(text, NAMES[i]))
			continue;
		*time_us = zone->to_seconds(&day) * US_PER_S;
		return true;
	}
	return false;
}

static bool parse_epoch(const char *text, int64_t *time_us)
{
	const char *at = text + 1;
	int64_t seconds, us;

	if (*text != '@' || !read_number(&at, &seconds) || !read_fraction(&at, &us) || *at)
		return false;
	*time_us = seconds * US_PER_S + us;
	return true;
}

/* Seconds in a unit, 0 for a word that is none. */
static int64_t unit_seconds(const char *word)
{
	static const struct {
		const char *names; /* each between blanks */
		int64_t seconds;
	} UNITS[] = {
		{" s sec secs second seconds ", 1},
		{" m min mins minute minutes ", 60},
		{" h hr hrs hour hours ", 3600},
		{" d day days ", 86400},
		{" w week weeks ", 604800},
	};
	char wanted[16];

	if (strlen(word) > sizeof(wanted) - 3)
		return 0;
	snprintf(wanted, sizeof(wanted), " %s ", word);
	for (size_t i = 0; i < sizeof(UNITS) / sizeof(UNITS[0]); i++) {
		if (strstr(UNITS[i].names, wanted))
			return UNITS[i].seconds;
	}
	return 0;
}

/* "1h30m", "2 days 3 hours"; stops at the end or at "ago". */
static bool read_span(const char **at, int64_t *seconds)
{
	const int64_t MOST = INT64_C(99999999999);

	*seconds = 0;
	do {
		char word[16];
		size_t length = 0;
		int64_t number;

		if (!read_number(at, &number))
			return false;
		*at = skip_blanks(*at);
		while (**at >= 'a' && **at <= 'z' && length < sizeof(word) - 1)
			word[length++] = *(*at)++;
		word[length] = '\0';
		int64_t unit = unit_seconds(word);
		if (unit == 0 || number > (MOST - *seconds) / unit)
			return false;
		*seconds += number * unit;
		*at = skip_blanks(*at);
	} while (is_digit(**at));
	return true;
}

static bool parse_relative(const char *text, int64_t now_us, int64_t *time_us)
{
	bool after = *text == '+', sign = after || *text == '-';
	const char *at = skip_blanks(sign ? text + 1 : text);
	int64_t seconds;

	if (!read_span(&at, &seconds))
		return false;
	if (!sign && strcmp(at, "ago") == 0)
		at += 3;
	if (*at)
		return false;
	*time_us = now_us + (after ? seconds : -seconds) * US_PER_S;
	return true;
}

int event_query_parse_time(const char *text, int64_t now_us, const struct event_query_zone *zone,
	int64_t *time_us, struct error *error)
{
	struct clock_civil today;
	char trimmed[128];

	/* The microseconds of a time before 1970 count downwards; no one asks for those. */
	zone->to_civil(now_us / US_PER_S, &today);
	text_copy(trimmed, sizeof(trimmed), skip_blanks(text));
	for (size_t end = strlen(trimmed); end && (trimmed[end - 1] == ' '); end--)
		trimmed[end - 1] = '\0';

	if (text_equal_ignoring_case(trimmed, "now")) {
		*time_us = now_us;
		return 0;
	}
	if (parse_day(trimmed, &today, zone, time_us) || parse_epoch(trimmed, time_us) ||
		clock_parse_rfc3339(trimmed, time_us) ||
		parse_local(trimmed, &today, zone, time_us) ||
		parse_relative(trimmed, now_us, time_us))
		return 0;
	return error_set(error, ERR_USAGE,
		"'%s' is no time; write 2026-11-21, '2026-11-21 20:15', 20:15, today, -1h30m or "
		"2026-11-21T20:15:30Z",
		trimmed);
}

static bool read_id(const char **at, int *id)
{
	int64_t number;

	if (!read_number(at, &number) || number < 1 || number > UINT16_MAX)
		return false;
	*id = (int)number;
	return true;
}

int event_query_add_ids(struct event_query *query, const char *text, struct error *error)
{
	const char *at = text;

	do {
		int first, last;

		at = skip_blanks(at);
		if (!read_id(&at, &first))
			goto wrong;
		last = first;
		at = skip_blanks(at);
		if (read_character(&at, '-')) {
			at = skip_blanks(at);
			if (!read_id(&at, &last) || last < first)
				goto wrong;
		}
		at = skip_blanks(at);
		if (query->id_count == EVENT_QUERY_RANGES)
			return error_set(error, ERR_USAGE, "'%s' has more than %d ids", text,
				EVENT_QUERY_RANGES);
		query->ids[query->id_count].first = first;
		query->ids[query->id_count].last = last;
		query->id_count++;
	} while (read_character(&at, ','));
	if (*at == '\0')
		return 0;
wrong:
	return error_set(
		error, ERR_USAGE, "'%s' is no list of event ids; write 2000,3000-3001", text);
}

void event_query_set_vm(struct event_query *query, const char *name_or_id)
{
	/* As the name went into the event, so that odd bytes compare as equal. */
	text_copy(query->vm, sizeof(query->vm), name_or_id);
	query->vm_is_id = uuid_parse(name_or_id, &query->vm_id);
}

static bool vm_matches(const struct event_query *query, const struct event *event)
{
	const char *name = event_text(event, FIELD_VM_NAME);
	const char *id = event_text(event, FIELD_VM_ID);
	struct uuid uuid;

	if (name && strcmp(name, query->vm) == 0)
		return true;
	return query->vm_is_id && id && uuid_parse(id, &uuid) && uuid_equal(&uuid, &query->vm_id);
}

static bool id_matches(const struct event_query *query, int id)
{
	for (size_t i = 0; i < query->id_count; i++) {
		if (id >= query->ids[i].first && id <= query->ids[i].last)
			return true;
	}
	return query->id_count == 0;
}

bool event_query_matches(const struct event_query *query, const struct event *event)
{
	if (query->has_since && event->time_us < query->since_us)
		return false;
	if (query->has_until && event->time_us > query->until_us)
		return false;
	if (!id_matches(query, event->id))
		return false;
	return query->vm[0] == '\0' || vm_matches(query, event);
}
