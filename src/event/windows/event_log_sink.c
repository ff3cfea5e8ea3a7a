/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation: ReportEvent() hands a record to the service EventLog and waits for it. The
 * record has the number of a message in our executable's table, the strings that fill it
 * (event/event_strings.h), and as its data the event's JSON, by which `hypervive events` reads it
 * back exactly, whatever the strings say.
 *
 * The source is registered when it is first needed: a service EventLog that does not run yet is
 * no error, it may come. After a failure the source is registered anew, and the record is tried
 * once more unless the one before it failed too. A source without an entry in the registry works
 * all the same; only Event Viewer then has no text for it.
 */
#include "event/sink.h"

#include <stdlib.h>
#include <windows.h>

#include "base/windows/wide.h"
#include "event/event_strings.h"

#define DEFAULT_SOURCE "HyperVive"

struct event_log_sink {
	wchar_t *source;
	HANDLE log;   /* NULL while not registered */
	bool failing; /* the last event was not taken: one attempt for each of the next ones */
	struct buffer data;
	struct event_strings strings;
	const wchar_t *items[EVENT_STRINGS_MOST];
	wchar_t text[EVENT_STRINGS_SIZE]; /* UTF-16 never has more units than UTF-8 has bytes */
};

/* From the severity bits of a message's number. (winerror.h has a SEVERITY_ERROR of its own.) */
static WORD type_of(uint32_t message_id)
{
	switch (message_id >> 30) {
	case 3:
		return EVENTLOG_ERROR_TYPE;
	case 2:
		return EVENTLOG_WARNING_TYPE;
	default:
		return EVENTLOG_INFORMATION_TYPE;
	}
}

static void build_strings(struct event_log_sink *sink, const struct event *event)
{
	const struct event_strings *strings = &sink->strings;
	size_t room = sizeof(sink->text) / sizeof(sink->text[0]);
	wchar_t *at = sink->text;

	event_strings(event, &sink->strings);
	for (size_t i = 0; i < strings->count; i++) {
		size_t taken = wide_copy(at, room, strings->items[i]) + 1;

		sink->items[i] = at;
		at += taken;
		room -= taken;
	}
}

static void deregister(struct event_log_sink *sink)
{
	if (sink->log)
		DeregisterEventSource(sink->log);
	sink->log = NULL;
}

/* 0 or the number of an error. */
static DWORD report(struct event_log_sink *sink, const struct event *event)
{
	const struct event_info other = {.id = event->id, .severity = SEVERITY_INFORMATION};
	const struct event_info *info = event_info(event->id);

	if (!info)
		info = &other;
	uint32_t id = event_message_id(info);
	if (!sink->log)
		sink->log = RegisterEventSourceW(NULL, sink->source);
	if (!sink->log)
		return GetLastError();
	/* The prototype wants strings and data that it could change; it does not. */
	if (ReportEventW(sink->log, type_of(id), (WORD)info->category, id, NULL,
		    (WORD)sink->strings.count, (DWORD)sink->data.length, (LPCWSTR *)sink->items,
		    sink->data.data))
		return 0;
	DWORD number = GetLastError();
	deregister(sink);
	return number ? number : ERROR_GEN_FAILURE;
}

static int event_log_write(void *context, const struct event *event, struct error *error)
{
	struct event_log_sink *sink = context;

	buffer_clear(&sink->data);
	event_to_json(event, &sink->data);
	if (sink->data.failed)
		return error_set(
			error, ERR_FAILED, "the event log cannot be written, memory is used up");
	build_strings(sink, event);
	DWORD number = report(sink, event);
	if (number && !sink->failing)
		number = report(sink, event);
	sink->failing = number != 0;
	if (number)
		return error_set_windows(
			error, ERR_FAILED, number, "the event log cannot be written");
	return 0;
}

static void event_log_reopen(void *context)
{
	deregister(context);
}

static void event_log_close(void *context)
{
	struct event_log_sink *sink = context;

	deregister(sink);
	buffer_free(&sink->data);
	free(sink->source);
	free(sink);
}

const char SYSTEM_LOG_NAME[] = "event log";

static const struct sink_ops EVENT_LOG_SINK = {
	SYSTEM_LOG_NAME, event_log_write, event_log_reopen, event_log_close};

int system_log_sink_open(struct sink *sink, const char *place, struct error *error)
{
	struct event_log_sink *log = calloc(1, sizeof(*log));

	if (log)
		log->source = wide_from_utf8(place ? place : DEFAULT_SOURCE);
	if (!log || !log->source) {
		free(log);
		return error_set(
			error, ERR_FAILED, "the event log cannot be used, memory is used up");
	}
	*sink = (struct sink){&EVENT_LOG_SINK, log};
	return 0;
}

bool system_log_is_here(void)
{
	return true;
}
