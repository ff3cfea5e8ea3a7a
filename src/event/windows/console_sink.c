/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation: what stdout is decides how it is written. A console takes UTF-16 by a call
 * of its own, whatever its code page is; consoles before Windows Server 2019 do not get UTF-8
 * right. Files and pipes get the UTF-8 text as it is, one write an event. A pipe may be in a mode
 * that never waits; then the sink does. It has a thread of its own to wait on. Once the reader is
 * gone, or where there never was one (a service has no stdout), nobody is left to tell, and the
 * sink is quiet.
 */
#include "event/sink.h"

#include <io.h>
#include <stdlib.h>
#include <windows.h>

#include "base/windows/wide.h"

enum { PIPE_LOOK_MS = 10 };

struct console_sink {
	HANDLE handle;
	enum console_style style;
	bool is_console;
	bool quiet; /* the reader is gone */
	bool torn;  /* a line was begun and not ended */
	struct buffer line;
};

/* Returns 0, or the number of what went wrong; *begun tells whether something was written. */
static DWORD write_bytes(HANDLE handle, const char *bytes, size_t length, bool *begun)
{
	bool is_pipe = GetFileType(handle) == FILE_TYPE_PIPE;
	size_t done = 0;

	while (done < length) {
		DWORD written = 0;

		if (!WriteFile(handle, bytes + done, (DWORD)(length - done), &written, NULL))
			return GetLastError();
		if (written == 0 && !is_pipe)
			return ERROR_DISK_FULL;
		if (written == 0)
			Sleep(PIPE_LOOK_MS); /* it is full, and does not wait by itself */
		done += written;
		*begun = *begun || written > 0;
	}
	return 0;
}

static DWORD write_text(HANDLE handle, const char *text, bool *begun)
{
	wchar_t *wide = wide_from_utf8(text);
	size_t length = wide ? wcslen(wide) : 0, done = 0;
	DWORD number = wide ? 0 : ERROR_NOT_ENOUGH_MEMORY;

	while (done < length && !number) {
		DWORD written = 0;

		if (!WriteConsoleW(handle, wide + done, (DWORD)(length - done), &written, NULL))
			number = GetLastError();
		else if (written == 0)
			number = ERROR_WRITE_FAULT;
		done += written;
		*begun = *begun || written > 0;
	}
	free(wide);
	return number;
}

static bool is_gone(DWORD number)
{
	return number == ERROR_BROKEN_PIPE || number == ERROR_NO_DATA ||
	       number == ERROR_PIPE_NOT_CONNECTED || number == ERROR_INVALID_HANDLE;
}

static int console_write(void *context, const struct event *event, struct error *error)
{
	struct console_sink *sink = context;
	bool begun = false;
	DWORD number;

	if (sink->quiet)
		return 0;
	buffer_clear(&sink->line);
	if (sink->torn)
		buffer_text(&sink->line, "\n");
	console_format(event, sink->style, &sink->line);
	if (sink->line.failed)
		return error_set(
			error, ERR_FAILED, "the console cannot be written, memory is used up");

	if (sink->is_console)
		number = write_text(sink->handle, sink->line.data, &begun);
	else
		number = write_bytes(sink->handle, sink->line.data, sink->line.length, &begun);
	if (number == 0) {
		sink->torn = false;
		return 0;
	}
	if (is_gone(number)) {
		sink->quiet = true;
		return 0;
	}
	sink->torn = sink->torn || begun;
	return error_set_windows(error, ERR_FAILED, number, "the console cannot be written");
}

static void console_close(void *context)
{
	struct console_sink *sink = context;

	buffer_free(&sink->line);
	free(sink);
}

static const struct sink_ops CONSOLE_SINK = {"console", console_write, NULL, console_close};

int console_sink_open(struct sink *sink, int fd, enum console_style style, struct error *error)
{
	struct console_sink *console = calloc(1, sizeof(*console));
	DWORD mode;

	if (!console)
		return error_set(
			error, ERR_FAILED, "the console cannot be used, memory is used up");
	/* -2 stands for a descriptor that never led anywhere. */
	console->handle = fd >= 0 ? (HANDLE)_get_osfhandle(fd) : INVALID_HANDLE_VALUE;
	console->style = style;
	console->quiet =
		console->handle == INVALID_HANDLE_VALUE || console->handle == (HANDLE)(intptr_t)-2;
	console->is_console = !console->quiet && GetConsoleMode(console->handle, &mode);
	*sink = (struct sink){&CONSOLE_SINK, console};
	return 0;
}
