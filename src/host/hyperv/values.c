/* SPDX-License-Identifier: MIT */
#include "host/hyperv/values.h"

#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- numbers and times ---- */

bool cim_parse_u64(const char *text, uint64_t *value)
{
	unsigned base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
	uint64_t sum = 0;

	if (base == 16)
		text += 2;
	if (!*text)
		return false;
	for (; *text; text++) {
		int digit = hex_digit(*text);

		if (digit < 0 || (unsigned)digit >= base ||
			sum > (UINT64_MAX - (unsigned)digit) / base)
			return false;
		sum = sum * base + (unsigned)digit;
	}
	*value = sum;
	return true;
}

/* Reads exactly so many decimal digits at *text and moves past them; -1 for anything else. */
static int64_t take_digits(const char **text, unsigned count)
{
	int64_t value = 0;

	for (unsigned i = 0; i < count; i++) {
		char c = **text;

		if (c < '0' || c > '9')
			return -1;
		value = value * 10 + (c - '0');
		++*text;
	}
	return value;
}

/* `HHMMSS.mmmmmm`, the middle of both forms. */
static bool take_time(const char **text, struct clock_civil *civil, int64_t *microseconds)
{
	civil->hour = (int)take_digits(text, 2);
	civil->minute = civil->hour < 0 ? -1 : (int)take_digits(text, 2);
	civil->second = civil->minute < 0 ? -1 : (int)take_digits(text, 2);
	if (civil->second < 0 || **text != '.')
		return false;
	++*text;
	*microseconds = take_digits(text, 6);
	return *microseconds >= 0 && civil->hour < 24 && civil->minute < 60 && civil->second < 60;
}

bool cim_parse_datetime(const char *text, int64_t *time_us)
{
	struct clock_civil civil = {0};
	int64_t microseconds;

	civil.year = take_digits(&text, 4);
	civil.month = civil.year < 0 ? -1 : (int)take_digits(&text, 2);
	civil.day = civil.month < 0 ? -1 : (int)take_digits(&text, 2);
	if (civil.day < 0 || !take_time(&text, &civil, &microseconds))
		return false;
	char sign = *text;
	if (sign != '+' && sign != '-')
		return false;
	text++;
	int64_t minutes = take_digits(&text, 3);
	if (minutes < 0 || *text || !clock_civil_valid(&civil))
		return false;
	if (sign == '-')
		minutes = -minutes;
	*time_us = (clock_civil_to_seconds(&civil) - minutes * 60) * US_PER_S + microseconds;
	return true;
}

bool cim_parse_interval(const char *text, int64_t *interval_us)
{
	struct clock_civil civil;
	int64_t microseconds, days = take_digits(&text, 8);

	if (days < 0 || !take_time(&text, &civil, &microseconds) || strcmp(text, ":000") != 0)
		return false;
	int64_t seconds =
		((days * 24 + civil.hour) * 60 + civil.minute) * 60 + (int64_t)civil.second;
	*interval_us = seconds * US_PER_S + microseconds;
	return true;
}

/* ---- states ---- */

/*
 * EnabledState. 32781 to 32791 mean different things in Microsoft's documentation and in its
 * newer tools, so nothing is made of them. Those of the first provider (32768 to 32774) still
 * stand in the documentation of the second.
 */
static const struct {
	uint32_t enabled;
	enum machine_state state;
} STATES[] = {
	{2, STATE_RUNNING}, {3, STATE_OFF}, {4, STATE_STOPPING}, /* shutting down */
	{6, STATE_SAVED},                                        /* enabled but offline */
	{9, STATE_PAUSED},                                       /* quiesced */
	{10, STATE_STARTING}, {11, STATE_STARTING},              /* reset */
	{32768, STATE_PAUSED},                                   /* first provider */
	{32769, STATE_SAVED},                                    /* first provider: suspended */
	{32770, STATE_STARTING},                                 /* first provider */
	{32771, STATE_PAUSED},   /* first provider: a checkpoint is being made */
	{32773, STATE_STOPPING}, /* saving */
	{32774, STATE_STOPPING}, /* first provider */
	{32776, STATE_STOPPING}, /* pausing */
	{32777, STATE_STARTING}, /* resuming */
	{32780, STATE_STOPPING}, /* saving quickly */
};

/* OtherEnabledState, where EnabledState is 1. */
static const struct {
	const char *word;
	enum machine_state state;
} WORDS[] = {
	{"Starting", STATE_STARTING},
	{"Resuming", STATE_STARTING},
	{"Restoring", STATE_STARTING},
	{"Saving", STATE_STOPPING},
	{"FastSaving", STATE_STOPPING},
	{"Pausing", STATE_STOPPING},
	{"Quiescing", STATE_STOPPING},
	{"Stopping", STATE_STOPPING},
};

/*
 * HealthState of a machine that the host itself paused: 20 when a disk of its ran out of room,
 * 25 when its storage is gone.
 */
enum { HEALTH_MAJOR_FAILURE = 20 };

static enum machine_state find_state(const struct hyperv_state *state)
{
	for (size_t i = 0; i < COUNT(STATES); i++) {
		if (STATES[i].enabled == state->enabled)
			return STATES[i].state;
	}
	for (size_t i = 0; state->enabled == 1 && i < COUNT(WORDS); i++) {
		if (text_equal_ignoring_case(WORDS[i].word, state->other))
			return WORDS[i].state;
	}
	return STATE_OTHER;
}

static enum machine_pause find_pause(const struct hyperv_state *state)
{
	if (state->enabled == 32771)
		return PAUSE_CHECKPOINT;
	switch (state->operational[1]) {
	case 32768: /* a checkpoint is made, */
	case 32769: /* applied, */
	case 32770: /* deleted */
		return PAUSE_CHECKPOINT;
	case 32771: /* waits for its turn to start */
		return PAUSE_STARTING_UP;
	case 32773: /* exported */
		return PAUSE_DUMP;
	case 32774:
		return PAUSE_MIGRATION;
	default:
		break;
	}
	return state->health >= HEALTH_MAJOR_FAILURE ? PAUSE_IO_ERROR : PAUSE_ADMINISTRATOR;
}

struct machine_status hyperv_status(const struct hyperv_state *state)
{
	struct machine_status status = {.state = find_state(state)};

	if (status.state == STATE_PAUSED)
		status.pause = find_pause(state);
	return status;
}

enum guest_tools_state hyperv_tools(uint32_t enabled, uint32_t operational, uint32_t detail)
{
	if (enabled == 3 || detail == 32896) /* the administrator switched the service off */
		return TOOLS_ABSENT;
	switch (operational) {
	case 2: /* well */
	case 3: /* an older protocol was agreed on */
		return TOOLS_CONNECTED;
	case 6:  /* error */
	case 7:  /* versions that do not go together */
	case 12: /* no contact */
	case 13: /* lost communication */
		return TOOLS_DISCONNECTED;
	default:
		return TOOLS_UNKNOWN;
	}
}

/* ---- methods and jobs ---- */

struct text {
	uint32_t number;
	const char *text;
};

static const struct text RETURNS[] = {
	{HYPERV_DONE, "it is done"},
	{HYPERV_JOB_STARTED, "a job was started"},
	{32768, "it failed"},
	{HYPERV_ACCESS_DENIED, "access is denied"},
	{32770, "it is not supported"},
	{32771, "the machine's status is unknown"},
	{32772, "it took too long"},
	{32773, "a parameter is wrong"},
	{32774, "the machine is in use"},
	{HYPERV_INVALID_STATE, "the machine's state does not allow it"},
	{32776, "a parameter has the wrong type"},
	{32777, "the machine is not available"},
	{32778, "the host is out of memory"},
};

static const struct text JOB_STATES[] = {
	{2, "new"},
	{3, "starting"},
	{4, "running"},
	{5, "suspended"},
	{6, "shutting down"},
	{7, "completed"},
	{8, "terminated"},
	{9, "killed"},
	{10, "exception"},
	{11, "service"},
	{12, "query pending"},
	{32768, "completed with warnings"},
};

static const char *find_text(const struct text *texts, size_t count, uint32_t number)
{
	for (size_t i = 0; i < count; i++) {
		if (texts[i].number == number)
			return texts[i].text;
	}
	return NULL;
}

const char *hyperv_return_text(uint32_t value)
{
	const char *text = find_text(RETURNS, COUNT(RETURNS), value);

	return text ? text : "it answered with a number that is not documented";
}

const char *hyperv_job_state_text(uint32_t job_state)
{
	const char *text = find_text(JOB_STATES, COUNT(JOB_STATES), job_state);

	return text ? text : "unknown";
}

enum hyperv_job_end hyperv_job_end(uint32_t job_state, uint32_t error_code)
{
	if (job_state >= 2 && job_state <= 6)
		return JOB_RUNS;
	if ((job_state == 7 || job_state == 32768) && error_code == 0)
		return JOB_SUCCEEDED;
	return JOB_FAILED;
}
