/* SPDX-License-Identifier: MIT */
/*
 * event_log_fake.h - an Application log of the tests' own, for test_event_log_windows.c
 *
 * It stands in the place of ReportEvent() and of wevtapi.dll, keeps records as Windows documents
 * them, and counts what was opened and closed. Nothing of the system's log is touched.
 */
#ifndef HYPERVIVE_TESTS_EVENT_LOG_FAKE_H
#define HYPERVIVE_TESTS_EVENT_LOG_FAKE_H

#include <stdlib.h>
#include <windows.h>

#include "base/clock.h"
#include "base/windows/wide.h"
#include "event/windows/event_log_api.h"
#include "tap.h"

enum { RECORDS_MOST = 300 };

/* The log: each record as EvtRender() shows it. */
static struct {
	struct buffer xml[RECORDS_MOST];
	int count;
	/* The last record, as it was reported. */
	WORD type, category, string_count;
	DWORD id;
	char source[64];
	int registered, reported, open;
	DWORD failure; /* ReportEvent() fails with this while it is not 0 */
	bool absent;   /* the source cannot be registered */
} event_log;

static HANDLE WINAPI fake_register(LPCWSTR server, LPCWSTR source)
{
	if (server || event_log.absent) {
		SetLastError(RPC_S_SERVER_UNAVAILABLE);
		return NULL;
	}
	wide_to_utf8(event_log.source, sizeof(event_log.source), source);
	event_log.registered++;
	event_log.open++;
	return (HANDLE)(intptr_t)(0x1000 + event_log.registered);
}

static WINBOOL WINAPI fake_deregister(HANDLE log)
{
	event_log.open--;
	return log != NULL;
}

static void put_escaped(struct buffer *xml, const wchar_t *wide)
{
	char *text = wide_to_new_utf8(wide);

	for (const char *at = text; *at; at++) {
		if (*at == '<')
			buffer_text(xml, "&lt;");
		else if (*at == '&')
			buffer_text(xml, "&amp;");
		else
			buffer_append(xml, at, 1);
	}
	free(text);
}

static void put_head(struct buffer *xml, DWORD id, const char *time)
{
	buffer_printf(xml,
		"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
		"<Provider Name='HyperVive'/><EventID Qualifiers='%lu'>%lu</EventID>"
		"<TimeCreated SystemTime='%s'/></System><EventData>",
		id >> 16, id & 0xffff, time);
}

static WINBOOL WINAPI fake_report(HANDLE log, WORD type, WORD category, DWORD id, PSID user,
	WORD string_count, DWORD data_size, LPCWSTR *strings, LPVOID data)
{
	struct buffer *xml = &event_log.xml[event_log.count];
	const unsigned char *bytes = data;
	char time[CLOCK_TEXT_SIZE];

	event_log.reported++;
	if (event_log.failure || user || !log || event_log.count == RECORDS_MOST) {
		SetLastError(event_log.failure);
		return FALSE;
	}
	event_log.type = type;
	event_log.category = category;
	event_log.id = id;
	event_log.string_count = string_count;
	put_head(xml, id, clock_format_utc(clock_realtime_us(), time));
	for (WORD i = 0; i < string_count; i++) {
		buffer_text(xml, "<Data>");
		put_escaped(xml, strings[i]);
		buffer_text(xml, "</Data>");
	}
	buffer_text(xml, "<Binary>");
	for (DWORD i = 0; i < data_size; i++)
		buffer_printf(xml, "%02X", bytes[i]);
	buffer_text(xml, "</Binary></EventData></Event>");
	event_log.count++;
	return TRUE;
}

/* What the linker would else take from advapi32. */
HANDLE(WINAPI *__imp_RegisterEventSourceW)(LPCWSTR, LPCWSTR) = fake_register;
WINBOOL(WINAPI *__imp_DeregisterEventSource)(HANDLE) = fake_deregister;
WINBOOL(WINAPI *__imp_ReportEventW)
(HANDLE, WORD, WORD, DWORD, PSID, WORD, DWORD, LPCWSTR *, LPVOID) = fake_report;

/* A record of HyperVive 3: strings alone. */
static void add_original(DWORD id, const char *time, const char *first)
{
	struct buffer *xml = &event_log.xml[event_log.count++];

	put_head(xml, id, time);
	buffer_printf(xml, "<Data>%s</Data></EventData></Event>", first);
}

static void clear_log(void)
{
	for (int i = 0; i < event_log.count; i++)
		buffer_free(&event_log.xml[i]);
	event_log.count = 0;
}

/* wevtapi.dll: every handle is one of these. */
struct object {
	enum { RESULTS, RECORD, BOOKMARK } kind;
	int at;
	char since[CLOCK_TEXT_SIZE];
};

static struct {
	int open, queries, subscriptions;
	char path[256], query[256];
	DWORD flags, failure, next_failure;
	HANDLE signal;
	bool stale; /* the subscription ends at its next look */
} api;

static struct object *new_object(int kind, int at)
{
	struct object *object = calloc(1, sizeof(*object));

	object->kind = kind;
	object->at = at;
	api.open++;
	return object;
}

static void read_since(struct object *results)
{
	const char *since = strstr(api.query, "SystemTime>='");

	if (since)
		snprintf(results->since, sizeof(results->since), "%.19s",
			since + strlen("SystemTime>='"));
}

static EVT_HANDLE WINAPI fake_query(EVT_HANDLE session, LPCWSTR path, LPCWSTR query, DWORD flags)
{
	if (session || api.failure) {
		SetLastError(api.failure == MAXDWORD ? 0 : api.failure);
		return NULL;
	}
	api.queries++;
	wide_to_utf8(api.path, sizeof(api.path), path);
	wide_to_utf8(api.query, sizeof(api.query), query);
	api.flags = flags;
	struct object *results = new_object(RESULTS, 0);
	read_since(results);
	return results;
}

static EVT_HANDLE WINAPI fake_subscribe(EVT_HANDLE session, HANDLE signal, LPCWSTR path,
	LPCWSTR query, EVT_HANDLE bookmark, PVOID context, EVT_SUBSCRIBE_CALLBACK callback,
	DWORD flags)
{
	struct object *results = fake_query(session, path, query, flags);

	if (!results)
		return NULL;
	api.subscriptions++;
	api.queries--;
	api.signal = signal;
	if (callback || context || (flags == EvtSubscribeStartAfterBookmark) != (bookmark != NULL))
		ok(0, "a subscription that Windows refuses");
	if (bookmark)
		results->at = ((struct object *)bookmark)->at + 1;
	return results;
}

static bool is_late_enough(const struct object *results, int at)
{
	const char *time = strstr(event_log.xml[at].data, "SystemTime='");

	return strncmp(time + strlen("SystemTime='"), results->since, strlen(results->since)) >= 0;
}

static BOOL WINAPI fake_next(EVT_HANDLE handle, DWORD size, EVT_HANDLE *events, DWORD timeout,
	DWORD flags, PDWORD returned)
{
	struct object *results = handle;

	*returned = 0;
	if (flags || timeout == 0 || api.next_failure || api.stale) {
		SetLastError(api.stale ? ERROR_EVT_QUERY_RESULT_STALE : api.next_failure);
		api.stale = false;
		return FALSE;
	}
	for (; *returned < size && results->at < event_log.count; results->at++) {
		if (is_late_enough(results, results->at))
			events[(*returned)++] = new_object(RECORD, results->at);
	}
	SetLastError(ERROR_NO_MORE_ITEMS);
	return *returned > 0;
}

static BOOL WINAPI fake_render(EVT_HANDLE context, EVT_HANDLE handle, DWORD flags, DWORD size,
	PVOID buffer, PDWORD used, PDWORD properties)
{
	const struct object *record = handle;
	wchar_t *xml = wide_from_utf8(event_log.xml[record->at].data);

	*used = (DWORD)((wcslen(xml) + 1) * sizeof(*xml));
	*properties = 0;
	bool fits = *used <= size;
	if (fits)
		memcpy(buffer, xml, *used);
	else
		SetLastError(ERROR_INSUFFICIENT_BUFFER);
	free(xml);
	return fits && !context && flags == EvtRenderEventXml && record->kind == RECORD;
}

static EVT_HANDLE WINAPI fake_create_bookmark(LPCWSTR xml)
{
	return xml ? NULL : new_object(BOOKMARK, -1);
}

static BOOL WINAPI fake_update_bookmark(EVT_HANDLE bookmark, EVT_HANDLE record)
{
	((struct object *)bookmark)->at = ((struct object *)record)->at;
	return TRUE;
}

static BOOL WINAPI fake_close(EVT_HANDLE object)
{
	api.open--;
	free(object);
	return TRUE;
}

const struct event_log_api *event_log_api(struct error *error)
{
	static const struct event_log_api FAKE = {fake_query, fake_subscribe, fake_next,
		fake_render, fake_create_bookmark, fake_update_bookmark, fake_close};

	(void)error;
	return &FAKE;
}

#endif
