/* SPDX-License-Identifier: MIT */
/*
 * events.c - `hypervive events`: read back what was recorded
 *
 * Events come from the system's log or from a JSON Lines file; both are asked for the next event
 * until there is none for now. With --follow the command then waits, for more events and at the
 * same time for the reader of its own output to go away.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/process.h"
#include "base/text.h"
#include "commands/command.h"
#include "commands/event_query.h"
#include "commands/options.h"
#include "commands/platform.h"
#include "event/line_reader.h"
#include "event/record_reader.h"
#include "event/sink.h"

enum { FILE_LOOK_MS = 200, UNTIL_LOOK_MS = 1000 };

struct events {
	/* As the options say. */
	const char *since, *until, *vm, *file, *log_file, *directory;
	struct option_list ids;
	bool follow, json, no_color;

	struct event_query query;
	enum console_style style;
	struct record_reader *records;
	struct line_reader *lines; /* one of the two */
	uint64_t bad_lines;
	uint64_t shown;
	bool output_closed;
	struct buffer output;
};

static int read_times(struct events *events, struct error *error)
{
	static const struct event_query_zone LOCAL = {
		clock_local_to_seconds, clock_seconds_to_local};
	struct event_query *query = &events->query;
	int64_t now = clock_realtime_us();

	query->has_since = events->since != NULL;
	query->has_until = events->until != NULL;
	if (events->since &&
		event_query_parse_time(events->since, now, &LOCAL, &query->since_us, error) < 0)
		return error_wrap(error, "--since");
	if (events->until &&
		event_query_parse_time(events->until, now, &LOCAL, &query->until_us, error) < 0)
		return error_wrap(error, "--until");
	return 0;
}

static int read_query(struct events *events, struct error *error)
{
	if (events->file && events->log_file)
		return error_set(
			error, ERR_USAGE, "--file and --log-file mean the same, give one of them");
	if (!events->file)
		events->file = events->log_file;
	if (events->file && events->directory)
		return error_set(
			error, ERR_USAGE, "--file and --directory cannot be used together");
	for (size_t i = 0; i < events->ids.count; i++) {
		if (event_query_add_ids(&events->query, events->ids.items[i], error) < 0)
			return error_wrap(error, "--id");
	}
	if (events->vm && !*events->vm)
		return error_set(error, ERR_USAGE, "--vm needs the name or the id of a machine");
	if (events->vm)
		event_query_set_vm(&events->query, events->vm);
	return read_times(events, error);
}

static int open_source(struct events *events, struct error *error)
{
	if (events->file)
		return line_reader_open(&events->lines, events->file, events->follow, error);
	int rc = record_reader_open(&events->records, events->directory, error);
	if (rc < 0)
		return rc;
	/* An event is received when it has happened or later, so nothing is skipped here. */
	return record_reader_seek(
		events->records, events->query.has_since ? events->query.since_us : 0, error);
}

static bool is_blank(const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
			return false;
	}
	return true;
}

/* As record_reader_next(). Lines that are no events are counted and passed over. */
static int next_of_file(struct events *events, struct event *event, struct error *error)
{
	for (;;) {
		enum line_kind kind;
		const char *line;
		size_t length;
		int rc = line_reader_next(events->lines, &kind, &line, &length, error);

		if (rc < 0)
			return rc;
		if (kind == LINE_NONE)
			return 0;
		if (kind == LINE_GOT && is_blank(line, length))
			continue;
		if (kind == LINE_GOT && event_from_json(event, line, length, NULL) == 0)
			return 1;
		events->bad_lines++;
	}
}

static int next_event(struct events *events, struct event *event, struct error *error)
{
	return events->lines ? next_of_file(events, event, error)
			     : record_reader_next(events->records, event, error);
}

/* Whether what was written has left, or will. A closed pipe ends the command in peace. */
static int output_state(struct events *events, bool good, struct error *error)
{
	if (good)
		return 0;
	if (process_reader_is_gone(errno)) {
		events->output_closed = true;
		return 0;
	}
	return error_set_errno(error, ERR_FAILED, errno, "the output cannot be written");
}

static int show(struct events *events, const struct event *event, struct error *error)
{
	struct buffer *output = &events->output;

	buffer_clear(output);
	console_format(event, events->style, output);
	if (output->failed)
		return error_set(error, ERR_FAILED, "memory is used up");
	events->shown++;
	bool good = fwrite(output->data, 1, output->length, stdout) == output->length;
	if (good && events->follow)
		good = fflush(stdout) == 0;
	return output_state(events, good, error);
}

/* Until there is something to look at, or the reader of our output is gone. */
static int wait_for_more(struct events *events, struct error *error)
{
	waitable what = WAITABLE_NONE;
	int timeout = FILE_LOOK_MS;

	if (events->records) {
		if (record_reader_waitable(events->records, &what, error) < 0)
			return -error->code;
		timeout = record_reader_timeout_ms(events->records);
		if (timeout < 0 && events->query.has_until)
			timeout = UNTIL_LOOK_MS;
	}
	if (waitable_wait(what, timeout, &events->output_closed, error) < 0)
		return -error->code;
	return events->records ? record_reader_process(events->records, error) : 0;
}

static bool past_the_end(const struct events *events)
{
	return events->query.has_until && clock_realtime_us() > events->query.until_us;
}

static int show_all(struct events *events, struct error *error)
{
	while (!events->output_closed) {
		struct event event;
		int rc = next_event(events, &event, error);

		if (rc > 0 && event_query_matches(&events->query, &event))
			rc = show(events, &event, error);
		else if (rc == 0) {
			if (!events->follow || past_the_end(events))
				break;
			rc = wait_for_more(events, error);
		}
		if (rc < 0)
			return rc;
	}
	if (events->output_closed)
		return 0;
	return output_state(events, fflush(stdout) == 0, error);
}

/* What the reader of the result should know, but is no part of it. */
static void remark(const struct events *events)
{
	char shown[512];

	if (events->bad_lines) {
		text_printable(shown, sizeof(shown), events->file);
		fprintf(stderr, "hypervive events: %" PRIu64 " line%s of %s %s\n",
			events->bad_lines, events->bad_lines == 1 ? "" : "s", shown,
			events->bad_lines == 1 ? "is no event" : "are no events");
	}
	if (events->records && !events->directory && !events->shown && record_reader_hidden())
		fprintf(stderr, "hypervive events: %s\n", record_reader_hidden());
}

static int parse_options(struct events *e, int argc, char **argv)
{
	const struct option_spec options[] = {
		{"--since", OPTION_TEXT, &e->since, "TIME", "events of this time and later"},
		{"--until", OPTION_TEXT, &e->until, "TIME", "events of this time and earlier"},
		{"--id", OPTION_LIST, &e->ids, "LIST", "only these ids: 2000,3000-3001"},
		{"--vm", OPTION_TEXT, &e->vm, "NAME|ID", "only events of this virtual machine"},
		{"--follow", OPTION_FLAG, &e->follow, NULL,
			"go on with new events as they come (with --since now: only those)"},
		{"--file", OPTION_TEXT, &e->file, "FILE",
			"read this JSON Lines file (as `run --log-file` writes it), not the "
			"system's log"},
		{"--log-file", OPTION_TEXT, &e->log_file, "FILE", "the same as --file"},
		{"--directory", OPTION_TEXT, &e->directory, PLATFORM_RECORDS_ARGUMENT,
			PLATFORM_RECORDS_HELP},
		OPTION_JSON(&e->json),
		OPTION_NO_COLOR(&e->no_color),
	};
	const struct option_usage usage = {
		.command = "events",
		.arguments = "",
		.about = "Reads back the events that the service recorded, oldest first, from the "
			 "system's log or from a file. "
			 "TIME is 2026-11-21, '2026-11-21 20:15:30' or 20:15 (local time), "
			 "2026-11-21T20:15:30Z, now, today, yesterday, @SECONDS since 1970, or a "
			 "span before now: 30d, -1h30m, '2 hours ago'.",
		.options = options,
		.option_count = sizeof(options) / sizeof(options[0]),
	};
	struct option_result result;

	return options_parse(&usage, argc, argv, &result);
}

int command_events(int argc, char **argv)
{
	struct events events = {0};
	struct error error = {0};
	int rc = parse_options(&events, argc, argv);

	if (rc != 0)
		return rc > 0 ? 0 : 2;
	rc = read_query(&events, &error);
	if (rc < 0)
		goto out;
	if (events.json)
		events.style = CONSOLE_JSON;
	else
		events.style = options_color(events.no_color, STDOUT_FILENO) ? CONSOLE_COLOR
									     : CONSOLE_TEXT;
	rc = open_source(&events, &error);
	if (rc == 0)
		rc = show_all(&events, &error);
	if (rc == 0)
		remark(&events);
out:
	line_reader_close(events.lines);
	record_reader_close(events.records);
	buffer_free(&events.output);
	return rc < 0 ? command_fail("events", &error) : 0;
}
