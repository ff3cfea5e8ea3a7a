/* SPDX-License-Identifier: MIT */
/* The real Application log: opened where the system has one, and a sentence where it has none. */
#include "event/record_reader.h"

#include <windows.h>

#include "event/sink.h"
#include "tap.h"

int main(void)
{
	bool wine = GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != NULL;
	struct record_reader *reader = NULL;
	struct error error = {0};
	struct event event;
	struct sink sink;

	ok(!GetModuleHandleW(L"wevtapi.dll"), "the library is not loaded before it is needed");
	ok(system_log_is_here(), "the Application log is here");
	is_number(system_log_sink_open(&sink, NULL, &error), 0, "the sink is opened");
	event_start(&event, 1101, 0);
	if (wine) /* nothing is kept there; elsewhere a test leaves no trace */
		is_number(sink.ops->write(sink.context, &event, &error), 0, "  and written to");
	sink.ops->reopen(sink.context);
	sink.ops->close(sink.context);

	int rc = record_reader_open(&reader, NULL, &error);
	if (wine) {
		ok(rc < 0, "Wine cannot read it back: %s", error.text);
		ok(strstr(error.text, "the Application log cannot be read on this system: ") !=
				NULL,
			"  which is told");
	} else {
		ok(rc == 0, "the log is opened%s", error.text);
		while ((rc = record_reader_next(reader, &event, &error)) > 0)
			;
		is_number(rc, 0, "and read to its end%s", error.text);
	}
	ok(!record_reader_hidden(), "nothing is hidden");
	record_reader_close(reader);
	ok(record_reader_open(&reader, "C:\\no such file.evtx", &error) < 0, "no file: %s",
		error.text);
	return tap_done();
}
