/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation: what is in the log already is read by a query. A command that follows asks
 * for something to wait on; then a subscription takes the query's place, which begins behind the
 * bookmark of the last record that was read, so that nothing is missed and nothing comes twice.
 * Windows sets its event when records arrive. Should it be set between our last look and our
 * resetting it, the look once a second finds them; so does it bring back a subscription that
 * ended because the log was cleared.
 *
 * Records hold the event as JSON in their data (event/record_decode.h). They are rendered as XML:
 * its shape is documented and the same on every version, and reading it is pure code.
 *
 * The times of records were of whole seconds on older systems, so the query asks for the records
 * from the second of the given time on; the event's own time is exact.
 *
 * On a system without an event log of this kind (Wine) EvtQuery() fails without a reason, and
 * other functions of the library end the process when they are called: nothing is called then.
 */
#include "event/record_reader.h"

#include <stdlib.h>
#include <wchar.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/windows/wide.h"
#include "event/record_decode.h"
#include "event/windows/event_log_api.h"

#define LOG         L"Application"
#define FROM_SOURCE L"*[System[Provider[@Name='HyperVive']]]"
#define FROM_AND_NEW \
	L"*[System[Provider[@Name='HyperVive'] and TimeCreated[@SystemTime>='%hs.000Z']]]"

enum {
	BATCH = 64,
	LOOK_MS = 1000,
	NEXT_MS = 1000, /* for the service EventLog to answer; it is then asked again */
	RECORD_SIZE_USUAL = 8 * 1024,
	RECORD_SIZE_MOST = 4 * 1024 * 1024,
	QUERY_SIZE = 160,
};

struct record_reader {
	const struct event_log_api *api;
	char *place;   /* NULL: the Application log */
	wchar_t *path; /* the same for Windows */
	wchar_t query[QUERY_SIZE];
	EVT_HANDLE results; /* of the query or the subscription; NULL: to be subscribed anew */
	bool subscribed;
	EVT_HANDLE bookmark; /* the last record that was taken */
	bool has_bookmark;
	HANDLE signal;
	EVT_HANDLE batch[BATCH];
	DWORD at, count;
	wchar_t *xml;
	size_t xml_size; /* bytes */
};

static int log_failed(const struct record_reader *reader, DWORD number, struct error *error)
{
	if (!number)
		return error_set(error, ERR_FAILED,
			"%s cannot be read on this system: it does not say why, and may have no "
			"event log of this kind",
			reader->place ? reader->place : "the Application log");
	if (reader->place)
		return error_set_windows(
			error, ERR_FAILED, number, "%s cannot be read", reader->place);
	return error_set_windows(error, ERR_FAILED, number, "the Application log cannot be read");
}

static void close_handle(const struct record_reader *reader, EVT_HANDLE *handle)
{
	if (*handle)
		reader->api->close(*handle);
	*handle = NULL;
}

static void drop_batch(struct record_reader *reader)
{
	while (reader->at < reader->count)
		reader->api->close(reader->batch[reader->at++]);
	reader->at = reader->count = 0;
}

static int start_query(struct record_reader *reader, struct error *error)
{
	DWORD flags = EvtQueryForwardDirection;

	flags |= reader->path ? EvtQueryFilePath : EvtQueryChannelPath;
	drop_batch(reader);
	close_handle(reader, &reader->results);
	SetLastError(0);
	reader->results =
		reader->api->query(NULL, reader->path ? reader->path : LOG, reader->query, flags);
	return reader->results ? 0 : log_failed(reader, GetLastError(), error);
}

int record_reader_open(struct record_reader **reader, const char *place, struct error *error)
{
	const struct event_log_api *api = event_log_api(error);
	struct record_reader *r;

	if (!api)
		return -ERR_FAILED;
	r = calloc(1, sizeof(*r));
	if (!r)
		return error_set(error, ERR_FAILED, "memory is used up");
	r->api = api;
	wcscpy(r->query, FROM_SOURCE);
	if (place) {
		r->place = _strdup(place);
		r->path = wide_from_utf8(place);
		if (!r->place || !r->path) {
			record_reader_close(r);
			return error_set(error, ERR_FAILED, "memory is used up");
		}
	}
	int rc = start_query(r, error);
	if (rc < 0) {
		record_reader_close(r);
		return rc;
	}
	*reader = r;
	return 0;
}

int record_reader_seek(struct record_reader *reader, int64_t time_us, struct error *error)
{
	const int64_t year_9999 = INT64_C(253402300799);
	int64_t seconds = time_us / US_PER_S;
	char text[CLOCK_TEXT_SIZE];

	if (time_us <= 0)
		return 0; /* everything, as it was opened */
	if (seconds > year_9999)
		seconds = year_9999;
	clock_format_utc(seconds * US_PER_S, text);
	text[sizeof("2026-11-21T20:15:30") - 1] = '\0';
	swprintf(reader->query, QUERY_SIZE, FROM_AND_NEW, text);
	return start_query(reader, error);
}

/* Behind a subscription that has ended; a new one goes on from the bookmark. */
static bool is_interrupted(const struct record_reader *reader, DWORD number)
{
	return reader->subscribed && (number == ERROR_EVT_QUERY_RESULT_STALE ||
					     number == ERROR_EVT_QUERY_RESULT_INVALID_POSITION);
}

/* 1: there are records in the batch, 0: there are none for now. */
static int fetch(struct record_reader *reader, struct error *error)
{
	const struct event_log_api *api = reader->api;

	reader->at = reader->count = 0;
	while (reader->results) {
		DWORD count = 0;

		if (api->next(reader->results, BATCH, reader->batch, NEXT_MS, 0, &count)) {
			reader->count = count;
			return count > 0;
		}
		DWORD number = GetLastError();
		if (number == ERROR_TIMEOUT && !reader->subscribed)
			continue; /* it still looks through a long log */
		if (number == ERROR_NO_MORE_ITEMS || number == ERROR_TIMEOUT)
			return 0;
		if (!is_interrupted(reader, number))
			return log_failed(reader, number, error);
		close_handle(reader, &reader->results);
	}
	return 0;
}

static bool make_room(struct record_reader *reader, size_t size)
{
	wchar_t *more;

	if (size <= reader->xml_size)
		return true;
	more = realloc(reader->xml, size + sizeof(wchar_t));
	if (!more)
		return false;
	reader->xml = more;
	reader->xml_size = size;
	reader->xml[size / sizeof(wchar_t)] = L'\0';
	return true;
}

static bool render_into(struct record_reader *reader, EVT_HANDLE record, DWORD *used)
{
	DWORD properties;

	return reader->api->render(NULL, record, EvtRenderEventXml, (DWORD)reader->xml_size,
		reader->xml, used, &properties);
}

/* The record's XML in reader->xml; false when it cannot be had. */
static bool render(struct record_reader *reader, EVT_HANDLE record)
{
	DWORD used = 0;

	if (!make_room(reader, RECORD_SIZE_USUAL))
		return false;
	if (render_into(reader, record, &used))
		return true;
	return GetLastError() == ERROR_INSUFFICIENT_BUFFER && used <= RECORD_SIZE_MOST &&
	       make_room(reader, used) && render_into(reader, record, &used);
}

/* False for a record that is no event of ours, or is damaged. */
static bool decode(struct record_reader *reader, EVT_HANDLE handle, struct event *event)
{
	struct record record;
	char *xml;
	bool good;

	if (!render(reader, handle))
		return false;
	xml = wide_to_new_utf8(reader->xml);
	good = xml && record_from_xml(&record, xml, strlen(xml)) && record_to_event(&record, event);
	free(xml);
	return good;
}

static void remember(struct record_reader *reader, EVT_HANDLE record)
{
	if (reader->place)
		return;
	if (!reader->bookmark)
		reader->bookmark = reader->api->create_bookmark(NULL);
	if (reader->bookmark && reader->api->update_bookmark(reader->bookmark, record))
		reader->has_bookmark = true;
}

int record_reader_next(struct record_reader *reader, struct event *event, struct error *error)
{
	for (;;) {
		int rc = reader->at < reader->count ? 1 : fetch(reader, error);

		if (rc <= 0)
			return rc;
		EVT_HANDLE record = reader->batch[reader->at++];
		bool good = decode(reader, record, event);
		remember(reader, record);
		reader->api->close(record);
		if (good)
			return 1;
	}
}

static int subscribe(struct record_reader *reader, struct error *error)
{
	if (!reader->signal)
		reader->signal = CreateEventW(NULL, TRUE, FALSE, NULL);
	if (!reader->signal)
		return log_failed(reader, GetLastError(), error);
	SetLastError(0);
	EVT_HANDLE subscription = reader->api->subscribe(NULL, reader->signal, LOG, reader->query,
		reader->has_bookmark ? reader->bookmark : NULL, NULL, NULL,
		reader->has_bookmark ? EvtSubscribeStartAfterBookmark
				     : EvtSubscribeStartAtOldestRecord);
	if (!subscription)
		return log_failed(reader, GetLastError(), error);
	drop_batch(reader);
	close_handle(reader, &reader->results);
	reader->results = subscription;
	reader->subscribed = true;
	return 0;
}

/* Nothing more comes into a saved log. */
int record_reader_waitable(struct record_reader *reader, waitable *what, struct error *error)
{
	*what = WAITABLE_NONE;
	if (reader->place)
		return 0;
	if (!reader->subscribed || !reader->results) {
		int rc = subscribe(reader, error);

		if (rc < 0)
			return rc;
	}
	*what = (waitable)reader->signal;
	return 0;
}

int record_reader_timeout_ms(struct record_reader *reader)
{
	(void)reader;
	return LOOK_MS;
}

int record_reader_process(struct record_reader *reader, struct error *error)
{
	(void)error;
	if (reader->signal)
		ResetEvent(reader->signal); /* before the look that finds what it was set for */
	return 0;
}

const char *record_reader_hidden(void)
{
	const struct event_log_api *api = event_log_api(NULL);
	EVT_HANDLE results;

	if (!api)
		return NULL;
	SetLastError(0);
	results = api->query(NULL, LOG, FROM_SOURCE, EvtQueryChannelPath);
	if (results)
		api->close(results);
	else if (GetLastError() == ERROR_ACCESS_DENIED)
		return "the Application log is hidden from this user; members of the group Event "
		       "Log Readers can read it";
	return NULL;
}

void record_reader_close(struct record_reader *reader)
{
	if (!reader)
		return;
	drop_batch(reader);
	close_handle(reader, &reader->results);
	close_handle(reader, &reader->bookmark);
	if (reader->signal)
		CloseHandle(reader->signal);
	free(reader->place);
	free(reader->path);
	free(reader->xml);
	free(reader);
}
