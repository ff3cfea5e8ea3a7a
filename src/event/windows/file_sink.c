/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation: one event is one line is one WriteFile() to the offset that stands for the
 * file's end, where Windows looks up the end and writes in one step, so that several writers (and
 * a reader that follows) see whole lines. The file is shared for everything: a log is rotated by
 * renaming it.
 *
 * The path may come to mean another file at any time: it was rotated, deleted, or its disk was
 * replaced. Once a second, after every failure, and when asked to, the path is compared with what
 * is open, and opened anew where they differ. Where the path cannot be opened, a file that still
 * has a name (it was only renamed) is written on to. One that was deleted would swallow events
 * for nobody, and its name is not free before it is closed: it is closed at once.
 *
 * A disk that runs full in the middle of a line leaves half of it. While we were the last to
 * write, the file is set back to its former end; otherwise the next line begins with a line's
 * end, so that one line is spoilt and not two. The same mends a line that a crash cut short.
 *
 * What is no file on a disk (NUL, a named pipe) is written to as it is, and may hold us: the
 * recorder gives this sink a thread of its own.
 */
#include "event/sink.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "base/clock.h"
#include "base/windows/wide.h"
#include "event/windows/file_id.h"

/* ERROR_DISK_QUOTA_EXCEEDED, which older headers lack. */
#define DISK_QUOTA_EXCEEDED 1295

struct file_sink {
	char *path;
	wchar_t *wide_path;
	HANDLE handle; /* INVALID_HANDLE_VALUE while nothing is open */
	bool regular;
	bool torn;             /* what we wrote last, or found, does not end with a line's end */
	bool suspect;          /* look at the path before the next line */
	bool reopen;           /* open the path before the next line, whatever it is */
	uint64_t looked_at_ns; /* when the path was last compared */
	struct buffer line;
};

static bool is_open(const struct file_sink *sink)
{
	return sink->handle != INVALID_HANDLE_VALUE;
}

static void close_handle(struct file_sink *sink)
{
	if (is_open(sink))
		CloseHandle(sink->handle);
	sink->handle = INVALID_HANDLE_VALUE;
}

/* Whether a file ends in the middle of a line. One that we may not read is taken as whole. */
static bool ends_torn(HANDLE handle)
{
	OVERLAPPED at = {0};
	LARGE_INTEGER size;
	char last = '\n';
	DWORD got = 0;

	if (!GetFileSizeEx(handle, &size) || size.QuadPart == 0)
		return false;
	HANDLE reader = ReOpenFile(handle, FILE_READ_DATA, FILE_SHARE_ALL, 0);
	if (reader == INVALID_HANDLE_VALUE)
		return false;
	size.QuadPart--;
	at.Offset = size.LowPart;
	at.OffsetHigh = (DWORD)size.HighPart;
	if (!ReadFile(reader, &last, 1, &got, &at) || got != 1)
		last = '\n';
	CloseHandle(reader);
	return last != '\n';
}

static bool is_folder(const wchar_t *path)
{
	DWORD attributes = GetFileAttributesW(path);

	return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY);
}

/* "Access is denied" explains nothing. */
static int open_failed(const struct file_sink *sink, DWORD number, struct error *error)
{
	if (number != ERROR_ACCESS_DENIED || !is_folder(sink->wide_path))
		return error_set_windows(
			error, ERR_FAILED, number, "%s cannot be opened", sink->path);
	error_set(error, ERR_FAILED, "%s cannot be opened: it is a folder", sink->path);
	if (error)
		error->host_code = number;
	return -ERR_FAILED;
}

/* Opens the path; on success it takes the place of what was open. */
static int open_path(struct file_sink *sink, struct error *error)
{
	HANDLE handle;

	if (is_open(sink) && sink->regular && !file_has_a_name(sink->handle))
		close_handle(sink);
	handle = CreateFileW(sink->wide_path, GENERIC_WRITE, FILE_SHARE_ALL, NULL, OPEN_ALWAYS,
		FILE_ATTRIBUTE_NORMAL, NULL);
	if (handle == INVALID_HANDLE_VALUE)
		return open_failed(sink, GetLastError(), error);
	close_handle(sink);
	sink->handle = handle;
	sink->regular = GetFileType(handle) == FILE_TYPE_DISK;
	sink->torn = sink->regular && ends_torn(handle);
	return 0;
}

/* Whether the path is (still) what is open. Unsure is yes: then writing decides. */
static bool path_is_open(const struct file_sink *sink)
{
	struct file_id opened, named;
	int64_t size;

	if (!sink->regular)
		return true;
	if (!file_has_a_name(sink->handle) || !file_id_of_handle(sink->handle, &opened))
		return false;
	if (!file_id_of_path(sink->wide_path, &named, &size)) {
		DWORD number = GetLastError();

		return number != ERROR_FILE_NOT_FOUND && number != ERROR_PATH_NOT_FOUND;
	}
	return file_id_equal(&opened, &named);
}

/* Makes sure that something sensible is open. */
static int prepare(struct file_sink *sink, struct error *error)
{
	uint64_t now = clock_monotonic_ns();
	bool look = sink->suspect || now - sink->looked_at_ns >= NS_PER_S;

	if (is_open(sink) && !sink->reopen && !look)
		return 0;
	sink->looked_at_ns = now;
	sink->suspect = false;
	if (is_open(sink) && !sink->reopen && path_is_open(sink))
		return 0;
	int rc = open_path(sink, error);
	if (rc < 0 && is_open(sink) && file_has_a_name(sink->handle)) {
		sink->reopen = false; /* the file of before still serves */
		return 0;
	}
	if (rc == 0)
		sink->reopen = false;
	return rc;
}

/* After `written` bytes of a line, from `start` on, could not be followed by the rest. */
static void mend(struct file_sink *sink, int64_t start, size_t written)
{
	LARGE_INTEGER size;

	sink->torn = true;
	if (!sink->regular || start < 0)
		return;
	/* Unless somebody else has written before or since. */
	if (!GetFileSizeEx(sink->handle, &size) || size.QuadPart != start + (int64_t)written)
		return;
	size.QuadPart = start;
	if (SetFilePointerEx(sink->handle, size, NULL, FILE_BEGIN) && SetEndOfFile(sink->handle))
		sink->torn = false;
}

/* At the file's end, wherever that is by then (WriteFile(): both halves 0xFFFFFFFF). */
static bool append(struct file_sink *sink, const char *bytes, size_t length, DWORD *written)
{
	OVERLAPPED end = {.Offset = MAXDWORD, .OffsetHigh = MAXDWORD};

	SetLastError(0);
	return WriteFile(
		       sink->handle, bytes, (DWORD)length, written, sink->regular ? &end : NULL) &&
	       *written > 0;
}

/* 0 or the number of an error. */
static DWORD write_line(struct file_sink *sink, const char *line, size_t length)
{
	LARGE_INTEGER size = {.QuadPart = -1};
	size_t done = 0;

	if (sink->regular && !GetFileSizeEx(sink->handle, &size))
		size.QuadPart = -1;
	while (done < length) {
		DWORD written = 0;

		if (!append(sink, line + done, length - done, &written)) {
			DWORD number = GetLastError();
			if (done)
				mend(sink, size.QuadPart, done);
			return number ? number : ERROR_DISK_FULL;
		}
		done += written;
	}
	return 0;
}

/* All but a lack of room and the locks of others mean that the handle will not work again. */
static bool is_passing(DWORD number)
{
	return number == ERROR_DISK_FULL || number == ERROR_HANDLE_DISK_FULL ||
	       number == DISK_QUOTA_EXCEEDED || number == ERROR_LOCK_VIOLATION;
}

static int file_write(void *context, const struct event *event, struct error *error)
{
	struct file_sink *sink = context;
	int rc = prepare(sink, error);

	if (rc < 0)
		return rc;
	buffer_clear(&sink->line);
	if (sink->torn)
		buffer_text(&sink->line, "\n");
	event_to_json(event, &sink->line);
	buffer_text(&sink->line, "\n");
	if (sink->line.failed)
		return error_set(
			error, ERR_FAILED, "%s cannot be written, memory is used up", sink->path);

	bool was_torn = sink->torn;
	sink->torn = false;
	DWORD number = write_line(sink, sink->line.data, sink->line.length);
	if (number == 0)
		return 0;
	sink->torn = sink->torn || was_torn;
	sink->suspect = true;
	sink->reopen = !is_passing(number);
	return error_set_windows(error, ERR_FAILED, number, "%s cannot be written", sink->path);
}

static void file_reopen(void *context)
{
	struct file_sink *sink = context;

	sink->reopen = true;
	/* Now, for the one who waits for the new file; told at the next event. */
	prepare(sink, NULL);
}

static void file_close(void *context)
{
	struct file_sink *sink = context;

	close_handle(sink);
	buffer_free(&sink->line);
	free(sink->path);
	free(sink->wide_path);
	free(sink);
}

static const struct sink_ops FILE_SINK = {"log file", file_write, file_reopen, file_close};

int file_sink_open(struct sink *sink, const char *path, struct error *error)
{
	struct file_sink *file = calloc(1, sizeof(*file));

	if (!file)
		return error_set(error, ERR_FAILED, "%s cannot be opened, memory is used up", path);
	file->handle = INVALID_HANDLE_VALUE;
	file->path = _strdup(path);
	file->wide_path = wide_from_utf8(path);
	if (!file->path || !file->wide_path) {
		file_close(file);
		return error_set(error, ERR_FAILED, "%s cannot be opened, memory is used up", path);
	}
	int rc = open_path(file, error);
	if (rc < 0) {
		file_close(file);
		return rc;
	}
	file->looked_at_ns = clock_monotonic_ns();
	*sink = (struct sink){&FILE_SINK, file};
	return 0;
}
