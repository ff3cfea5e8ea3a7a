/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>

enum { SECONDS_PER_DAY = 86400 };

static int64_t floor_divide(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/*
 * Days since 1970-01-01. The year is taken to begin in March, so that the leap day is its last
 * day, and 400 years always have 146097 days.
 */
static int64_t days_from_date(int64_t year, int month, int day)
{
	int64_t y = year + floor_divide(month - 1, 12);
	int64_t m = (month - 1) - floor_divide(month - 1, 12) * 12; /* January is 0 */
	int64_t from_march = (m + 10) % 12;

	if (m < 2)
		y--;
	int64_t era = floor_divide(y, 400);
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * from_march + 2) / 5 + day - 1;
	int64_t day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
	return era * 146097 + day_of_era - 719468;
}

int64_t clock_civil_to_seconds(const struct clock_civil *civil)
{
	int64_t days = days_from_date(civil->year, civil->month, civil->day);

	return days * SECONDS_PER_DAY + civil->hour * INT64_C(3600) + civil->minute * INT64_C(60) +
	       civil->second;
}

void clock_seconds_to_civil(int64_t seconds, struct clock_civil *civil)
{
	int64_t days = floor_divide(seconds, SECONDS_PER_DAY);
	int rest = (int)(seconds - days * SECONDS_PER_DAY);
	int64_t shifted = days + 719468;
	int64_t era = floor_divide(shifted, 146097);
	int64_t of_era = shifted - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int from_march = (int)((5 * of_year + 2) / 153);

	civil->day = (int)(of_year - (153 * from_march + 2) / 5 + 1);
	civil->month = from_march < 10 ? from_march + 3 : from_march - 9;
	civil->year = year + era * 400 + (civil->month <= 2);
	civil->hour = rest / 3600;
	civil->minute = rest / 60 % 60;
	civil->second = rest % 60;
}

static int days_in_month(int64_t year, int month)
{
	static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return month == 2 && leap ? 29 : DAYS[month - 1];
}

bool clock_civil_valid(const struct clock_civil *civil)
{
	return civil->month >= 1 && civil->month <= 12 && civil->day >= 1 &&
	       civil->day <= days_in_month(civil->year, civil->month) && civil->hour >= 0 &&
	       civil->hour <= 23 && civil->minute >= 0 && civil->minute <= 59 &&
	       civil->second >= 0 && civil->second <= 60;
}

const char *clock_format_utc(int64_t time_us, char text[CLOCK_TEXT_SIZE])
{
	int64_t seconds = floor_divide(time_us, US_PER_S);
	struct clock_civil c;

	clock_seconds_to_civil(seconds, &c);
	snprintf(text, CLOCK_TEXT_SIZE, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d.%06dZ", c.year,
		c.month, c.day, c.hour, c.minute, c.second, (int)(time_us - seconds * US_PER_S));
	return text;
}

/* Exactly `count` digits. */
static bool digits(const char **text, int count, int *value)
{
	*value = 0;
	for (int i = 0; i < count; i++, (*text)++) {
		if (**text < '0' || **text > '9')
			return false;
		*value = *value * 10 + (**text - '0');
	}
	return true;
}

static bool character(const char **text, char wanted)
{
	if (**text != wanted)
		return false;
	(*text)++;
	return true;
}

/* "T" or "t"; a blank is the reading aid that RFC 3339, 5.6 allows. */
static bool separator(const char **text)
{
	return character(text, 'T') || character(text, 't') || character(text, ' ');
}

/* Digits after the sixth are dropped. False for a point without digits. */
static bool fraction(const char **text, int64_t *us)
{
	int64_t unit = US_PER_S / 10;

	*us = 0;
	if (!character(text, '.'))
		return true;
	if (**text < '0' || **text > '9')
		return false;
	for (; **text >= '0' && **text <= '9'; (*text)++, unit /= 10)
		*us += (**text - '0') * unit;
	return true;
}

static bool offset(const char **text, int64_t *seconds)
{
	int hours, minutes, sign;

	*seconds = 0;
	if (character(text, 'Z') || character(text, 'z'))
		return true;
	if (character(text, '+'))
		sign = 1;
	else if (character(text, '-'))
		sign = -1;
	else
		return false;
	if (!digits(text, 2, &hours) || !character(text, ':') || !digits(text, 2, &minutes) ||
		hours > 23 || minutes > 59)
		return false;
	*seconds = sign * (hours * INT64_C(3600) + minutes * INT64_C(60));
	return true;
}

bool clock_parse_rfc3339(const char *text, int64_t *time_us)
{
	struct clock_civil c;
	int64_t us, east;
	int year;

	if (!digits(&text, 4, &year) || !character(&text, '-') || !digits(&text, 2, &c.month) ||
		!character(&text, '-') || !digits(&text, 2, &c.day) || !separator(&text) ||
		!digits(&text, 2, &c.hour) || !character(&text, ':') ||
		!digits(&text, 2, &c.minute) || !character(&text, ':') ||
		!digits(&text, 2, &c.second) || !fraction(&text, &us) || !offset(&text, &east) ||
		*text != '\0')
		return false;
	c.year = year;
	if (!clock_civil_valid(&c))
		return false;
	*time_us = (clock_civil_to_seconds(&c) - east) * US_PER_S + us;
	return true;
}

const char *clock_format_local(int64_t time_us, char text[CLOCK_TEXT_SIZE])
{
	struct clock_civil c;

	clock_seconds_to_local(time_us / US_PER_S - (time_us % US_PER_S < 0), &c);
	snprintf(text, CLOCK_TEXT_SIZE, "%04" PRId64 "-%02d-%02d %02d:%02d:%02d", c.year, c.month,
		c.day, c.hour, c.minute, c.second);
	return text;
}
