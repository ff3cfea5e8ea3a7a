/* SPDX-License-Identifier: MIT */
#include "event/record_reader.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "event/journal_id.h"

struct record_reader {
	sd_journal *journal;
};

static int journal_failed(struct error *error, int rc)
{
	return error_set_errno(error, ERR_FAILED, -rc, "the journal cannot be read");
}

int record_reader_open(struct record_reader **reader, const char *place, struct error *error)
{
	sd_journal *journal = NULL;
	int rc;

	if (place)
		rc = sd_journal_open_directory(&journal, place, 0);
	else
		rc = sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY);
	if (rc < 0 && place)
		return error_set_errno(
			error, ERR_FAILED, -rc, "the journal in %s cannot be read", place);
	if (rc < 0)
		return journal_failed(error, rc);
	rc = sd_journal_add_match(journal, "SYSLOG_IDENTIFIER=" JOURNAL_IDENTIFIER, 0);
	*reader = rc < 0 ? NULL : calloc(1, sizeof(**reader));
	if (!*reader) {
		sd_journal_close(journal);
		return journal_failed(error, rc < 0 ? rc : -ENOMEM);
	}
	(*reader)->journal = journal;
	return 0;
}

int record_reader_seek(struct record_reader *reader, int64_t time_us, struct error *error)
{
	int rc =
		sd_journal_seek_realtime_usec(reader->journal, time_us > 0 ? (uint64_t)time_us : 0);

	return rc < 0 ? journal_failed(error, rc) : 0;
}

/* Decimal digits, as the sink wrote them. */
static bool parse_number(const char *text, int64_t *number)
{
	char *end;

	errno = 0;
	long long value = strtoll(text, &end, 10);
	if (errno || end == text || *end)
		return false;
	*number = value;
	return true;
}

static void put_field(struct event *event, const char *name, const char *value)
{
	int field = event_field_by_name(name);
	int64_t number;

	if (field < 0)
		return;
	if (event_field_is_text((enum event_field)field))
		event_put_text_again(event, (enum event_field)field, value);
	else if (parse_number(value, &number))
		event_put_number(event, (enum event_field)field, number);
}

/* The name of a field of ours in lower case; false for those of others. */
static bool own_name(const char *data, size_t length, char *name, size_t size)
{
	size_t prefix = strlen(JOURNAL_FIELD_PREFIX);

	if (length <= prefix || memcmp(data, JOURNAL_FIELD_PREFIX, prefix) != 0 ||
		length - prefix >= size)
		return false;
	for (size_t i = prefix; i < length; i++) {
		char c = data[i];
		name[i - prefix] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	name[length - prefix] = '\0';
	return true;
}

static void read_field(struct event *event, const char *data, size_t size)
{
	char name[64], value[EVENT_TEXT_MAX];
	const char *equals = memchr(data, '=', size);
	int64_t number;

	if (!equals || !own_name(data, (size_t)(equals - data), name, sizeof(name)))
		return;
	text_copy_bytes(value, sizeof(value), equals + 1, size - (size_t)(equals + 1 - data));
	if (strcmp(name, "event_id") == 0) {
		if (parse_number(value, &number) && number > 0 && number <= INT_MAX)
			event->id = (int)number;
	} else if (strcmp(name, "time_us") == 0) {
		if (parse_number(value, &number))
			event->time_us = number;
	} else {
		put_field(event, name, value);
	}
}

/* False for an entry that is no event: something else that the service printed. */
static bool read_entry(sd_journal *journal, struct event *event)
{
	const void *data;
	size_t size;
	uint64_t received;

	event_start(event, 0, 0);
	if (sd_journal_get_realtime_usec(journal, &received) >= 0)
		event->time_us = (int64_t)received;
	SD_JOURNAL_FOREACH_DATA(journal, data, size)
	read_field(event, data, size);
	return event->id != 0;
}

int record_reader_next(struct record_reader *reader, struct event *event, struct error *error)
{
	for (;;) {
		int rc = sd_journal_next(reader->journal);

		if (rc < 0)
			return journal_failed(error, rc);
		if (rc == 0)
			return 0;
		if (read_entry(reader->journal, event))
			return 1;
	}
}

int record_reader_waitable(struct record_reader *reader, waitable *what, struct error *error)
{
	int fd = sd_journal_get_fd(reader->journal);

	if (fd < 0)
		return journal_failed(error, fd);
	*what = fd;
	return 0;
}

int record_reader_timeout_ms(struct record_reader *reader)
{
	uint64_t at_us;

	if (sd_journal_get_timeout(reader->journal, &at_us) < 0 || at_us == UINT64_MAX)
		return -1;
	/* In the clock of CLOCK_MONOTONIC, which differs from ours after a sleep: look soon. */
	return 1000;
}

int record_reader_process(struct record_reader *reader, struct error *error)
{
	int rc = sd_journal_process(reader->journal);

	return rc < 0 ? journal_failed(error, rc) : 0;
}

static bool system_is_hidden(void)
{
	static const char *const PLACES[] = {"/var/log/journal", "/run/log/journal"};
	char machine[SD_ID128_STRING_MAX], path[128];
	sd_id128_t id;

	if (sd_id128_get_machine(&id) < 0)
		return false;
	sd_id128_to_string(id, machine);
	for (size_t i = 0; i < sizeof(PLACES) / sizeof(PLACES[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s/system.journal", PLACES[i], machine);
		if (access(path, R_OK) != 0 && errno == EACCES)
			return true;
	}
	return false;
}

const char *record_reader_hidden(void)
{
	return system_is_hidden() ? "the system's journal is hidden from this user; members of the "
				    "group systemd-journal can read it"
				  : NULL;
}

void record_reader_close(struct record_reader *reader)
{
	if (!reader)
		return;
	sd_journal_close(reader->journal);
	free(reader);
}
