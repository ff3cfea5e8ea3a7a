/* SPDX-License-Identifier: MIT */
/* The sink and the reader of the Application log, against a log of the test's own. */
#include "event/sink.h" /* before winerror.h, which has a SEVERITY_ERROR too */

#include "event/event_strings.h"
#include "event/record_reader.h"
#include "event_log_fake.h"

static void start(struct event *event, int number)
{
	event_start(event, 2001, clock_realtime_us());
	event_put_text(event, FIELD_MAC, "52:54:00:aa:bb:01");
	event_put_text(event, FIELD_SOURCE, "fe80::1%12");
	event_put_text(event, FIELD_VM_NAME, "<b> & \u4e2d\u6587 \U0001F600 %%1833");
	event_put_number(event, FIELD_SUPPRESSED, number);
}

static int write_number(struct sink *sink, int number, struct error *error)
{
	struct event event;

	start(&event, number);
	return sink->ops->write(sink->context, &event, error);
}

static void sink_writes(void)
{
	struct error error = {0};
	struct sink sink;
	struct event event;

	ok(system_log_is_here(), "the Application log is always here");
	is_number(system_log_sink_open(&sink, NULL, &error), 0, "opened");
	is_text(sink.ops->name, "event log", "its name in event 1001");
	is_number(write_number(&sink, 1, &error), 0, "a warning is written");
	is_text(event_log.source, "HyperVive", "under the usual source");
	is_number(event_log.id, 0x800007d1, "  with the message's whole number");
	is_number(event_log.type, EVENTLOG_WARNING_TYPE, "  its type");
	is_number(event_log.category, CATEGORY_MAGIC_PACKET, "  its category");
	is_number(event_log.string_count, 11 + 5, "  its strings");
	ok(strstr(event_log.xml[0].data, "<Data>fe80::1\uff05"
					 "12</Data>") != NULL,
		"  harmless to viewers");

	event_start(&event, 1000, 0);
	sink.ops->write(sink.context, &event, &error);
	is_number(event_log.type, EVENTLOG_ERROR_TYPE, "an error");
	event_start(&event, 9001, 0);
	sink.ops->write(sink.context, &event, &error);
	is_number(event_log.type, EVENTLOG_INFORMATION_TYPE, "a debug event");
	is_number(event_log.id, 0x40002329, "  is an information");
	event_start(&event, 6001, 0);
	is_number(sink.ops->write(sink.context, &event, &error), 0, "one of another version");
	is_number(event_log.string_count, 1, "  in one string");
	sink.ops->close(sink.context);
	is_number(event_log.open, 0, "closed");

	system_log_sink_open(&sink, "Another \u00fc", &error);
	write_number(&sink, 1, &error);
	is_text(event_log.source, "Another \u00fc", "another source");
	sink.ops->close(sink.context);
	clear_log();
}

static void sink_recovers(void)
{
	struct error error = {0};
	struct sink sink;

	event_log.absent = true;
	is_number(system_log_sink_open(&sink, NULL, &error), 0, "no log yet is no error");
	ok(write_number(&sink, 1, &error) < 0, "until something is written: %s", error.text);
	is_number(error.host_code, RPC_S_SERVER_UNAVAILABLE, "  with Windows' number");
	event_log.absent = false;
	is_number(write_number(&sink, 2, &error), 0, "then it is there");

	int registered = event_log.registered;
	event_log.failure = ERROR_INVALID_HANDLE;
	event_log.reported = 0;
	ok(write_number(&sink, 3, &error) < 0, "a failure: %s", error.text);
	is_number(event_log.reported, 2, "  was tried twice");
	write_number(&sink, 4, &error);
	is_number(event_log.reported, 3, "  the next one once");
	event_log.failure = 0;
	is_number(write_number(&sink, 5, &error), 0, "it works again");
	ok(event_log.registered > registered, "  with the source registered anew");
	registered = event_log.registered;
	sink.ops->reopen(sink.context);
	write_number(&sink, 6, &error);
	is_number(event_log.registered, registered + 1, "so it is when asked to");
	sink.ops->close(sink.context);
	is_number(event_log.open, 0, "every handle was closed");
	clear_log();
}

/* The numbers of all events that can be read now. */
static const char *numbers(struct record_reader *reader)
{
	static char shown[4096];
	struct event event;
	struct error error = {0};
	int rc;

	shown[0] = '\0';
	while ((rc = record_reader_next(reader, &event, &error)) > 0) {
		int64_t number = -1;

		event_number(&event, FIELD_SUPPRESSED, &number);
		snprintf(shown + strlen(shown), sizeof(shown) - strlen(shown), " %" PRId64, number);
	}
	return rc < 0 ? "failed" : shown;
}

static void reader_reads(void)
{
	struct record_reader *reader;
	struct error error = {0};
	struct sink sink;
	struct event event, back;
	struct buffer want = {0}, got = {0};

	is_number(record_reader_open(&reader, NULL, &error), 0, "an empty log is opened");
	is_text(numbers(reader), "", "  and has nothing");
	record_reader_close(reader);

	system_log_sink_open(&sink, NULL, &error);
	add_original(2000, "2021-05-01T10:00:00.000000000Z", "525400AABB01");
	start(&event, 7);
	sink.ops->write(sink.context, &event, &error);
	record_reader_open(&reader, NULL, &error);
	is_text(api.path, "Application", "the log");
	is_number(api.flags, EvtQueryChannelPath | EvtQueryForwardDirection, "  oldest first");
	is_text(api.query, "*[System[Provider[@Name='HyperVive']]]", "  our source only");
	is_number(record_reader_next(reader, &back, &error), 1, "a record of HyperVive 3");
	is_text(event_text(&back, FIELD_MAC), "52:54:00:aa:bb:01", "  in our form");
	is_number(record_reader_next(reader, &back, &error), 1, "a record of ours");
	event_to_json(&event, &want);
	event_to_json(&back, &got);
	is_text(got.data, want.data, "  is what was written");
	is_number(record_reader_next(reader, &back, &error), 0, "no more");
	buffer_free(&want);
	buffer_free(&got);

	is_number(record_reader_seek(reader, 0, &error), 0, "from the start again");
	is_number(record_reader_seek(reader, event.time_us, &error), 0, "from a time on");
	ok(strstr(api.query, "and TimeCreated[@SystemTime>='20") && strstr(api.query, ":"), "  %s",
		api.query);
	ok(strstr(api.query, ".000Z']]]") != NULL, "  by whole seconds");
	is_text(numbers(reader), " 7", "  has the later one only");
	is_number(record_reader_seek(reader, INT64_MAX, &error), 0, "the end of all times");
	ok(strstr(api.query, "'9999-12-31T23:59:59.000Z'") != NULL, "  is one that Windows knows");
	record_reader_close(reader);
	record_reader_close(NULL);
	is_number(api.open, 0, "every handle was closed");
	sink.ops->close(sink.context);
	clear_log();
}

static void reader_follows(void)
{
	struct record_reader *reader;
	struct error error = {0};
	struct sink sink;
	waitable what = WAITABLE_NONE;
	char want[2048] = "";

	system_log_sink_open(&sink, NULL, &error);
	for (int i = 0; i < 150; i++) {
		write_number(&sink, i, &error);
		snprintf(want + strlen(want), 8, " %d", i);
	}
	record_reader_open(&reader, NULL, &error);
	is_text(numbers(reader), want, "more than one batch");
	write_number(&sink, 150, &error);
	is_number(record_reader_waitable(reader, &what, &error), 0, "something to wait on");
	ok(what != WAITABLE_NONE && (HANDLE)what == api.signal, "  is Windows' own event");
	ok(record_reader_timeout_ms(reader) > 0, "  and not for ever");
	is_text(numbers(reader), " 150", "what came in between is there, nothing comes twice");
	write_number(&sink, 151, &error);
	SetEvent(api.signal);
	is_number(WaitForSingleObject((HANDLE)what, 0), WAIT_OBJECT_0, "a record arrives");
	is_number(record_reader_process(reader, &error), 0, "processed");
	is_number(WaitForSingleObject((HANDLE)what, 0), WAIT_TIMEOUT, "  it waits again");
	is_text(numbers(reader), " 151", "  and is given");
	record_reader_waitable(reader, &what, &error);
	is_number(api.subscriptions, 1, "one subscription serves");

	api.stale = true;
	is_text(numbers(reader), "", "the subscription ends");
	write_number(&sink, 152, &error);
	is_number(record_reader_waitable(reader, &what, &error), 0, "  there is a new one");
	is_text(numbers(reader), " 152", "  that goes on where the old one was");
	api.next_failure = RPC_S_SERVER_UNAVAILABLE;
	ok(record_reader_next(reader, &(struct event){0}, &error) < 0, "the log is lost: %s",
		error.text);
	api.next_failure = ERROR_TIMEOUT;
	is_text(numbers(reader), "", "an answer that takes long is waited for");
	api.next_failure = 0;
	record_reader_close(reader);

	record_reader_open(&reader, NULL, &error);
	record_reader_seek(reader, INT64_C(4102444800000000), &error);
	is_text(numbers(reader), "", "nothing yet");
	is_number(record_reader_waitable(reader, &what, &error), 0, "following from nothing");
	is_number(api.flags, EvtSubscribeStartAtOldestRecord, "  begins with the first that fits");
	record_reader_close(reader);
	is_number(api.open, 0, "every handle was closed");
	sink.ops->close(sink.context);
	clear_log();
}

static void reader_saved(void)
{
	struct record_reader *reader;
	struct error error = {0};
	waitable what = 0;

	add_original(9003, "2021-05-01T10:00:00.000000000Z", "17");
	add_original(0, "2021-05-01T10:00:00.000000000Z", "started");
	buffer_text(&event_log.xml[event_log.count++], "SystemTime='2021");
	add_original(9003, "2021-05-01T10:00:01.000000000Z", "18");
	is_number(record_reader_open(&reader, "C:\\s\u00e4ved.evtx", &error), 0, "a saved log");
	is_text(api.path, "C:\\s\u00e4ved.evtx", "  by its path");
	is_number(api.flags, EvtQueryFilePath | EvtQueryForwardDirection, "  as a file");
	is_text(numbers(reader), " -1 -1", "  with its events; what is none is passed over");
	is_number(record_reader_waitable(reader, &what, &error), 0, "followed");
	is_number(what, WAITABLE_NONE, "  nothing comes");
	is_text(numbers(reader), "", "  ever");
	record_reader_close(reader);
	is_number(api.open, 0, "every handle was closed");
	clear_log();
}

static void reader_fails(void)
{
	struct record_reader *reader;
	struct error error = {0};

	api.failure = MAXDWORD;
	ok(record_reader_open(&reader, NULL, &error) < 0, "without a reason: %s", error.text);
	ok(strstr(error.text, "the Application log cannot be read on this system") != NULL,
		"  told in words");
	ok(record_reader_open(&reader, "C:\\x.evtx", &error) < 0, "the same of a file: %s",
		error.text);
	ok(!record_reader_hidden(), "  which hides nothing");
	api.failure = ERROR_ACCESS_DENIED;
	ok(record_reader_open(&reader, NULL, &error) < 0, "denied: %s", error.text);
	ok(record_reader_hidden() != NULL, "  %s", record_reader_hidden());
	api.failure = 0;
	ok(!record_reader_hidden(), "a log that can be read hides nothing");
	is_number(api.open, 0, "every handle was closed");
}

static void no_growth(void)
{
	struct record_reader *reader;
	struct error error = {0};
	struct sink sink;
	DWORD before = 0, after = 0;
	waitable what;

	for (int i = 0; i < 200; i++) {
		if (i == 20)
			GetProcessHandleCount(GetCurrentProcess(), &before);
		system_log_sink_open(&sink, NULL, &error);
		write_number(&sink, i, &error);
		record_reader_open(&reader, NULL, &error);
		numbers(reader);
		record_reader_waitable(reader, &what, &error);
		record_reader_close(reader);
		sink.ops->close(sink.context);
		clear_log();
	}
	GetProcessHandleCount(GetCurrentProcess(), &after);
	is_number(after, before, "no handle of the system stays behind");
	is_number(api.open + event_log.open, 0, "nor one of the log");
}

int main(void)
{
	sink_writes();
	sink_recovers();
	reader_reads();
	reader_follows();
	reader_saved();
	reader_fails();
	no_growth();
	return tap_done();
}
