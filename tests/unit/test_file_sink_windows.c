/* SPDX-License-Identifier: MIT */
/* The sinks that write to files and pipes, against real ones. */
#include "event/sink.h" /* before winerror.h, which has a SEVERITY_ERROR too */

#include <fcntl.h>
#include <io.h>
#include <pthread.h>
#include <stdlib.h>
#include <windows.h>

#include "base/clock.h"
#include "base/windows/wide.h"
#include "event/line_reader.h"
#include "event/windows/file_id.h"
#include "tap.h"

static char folder[MAX_PATH * 4];

static const char *in_folder(const char *name)
{
	static char paths[4][MAX_PATH * 5];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s\\%s", folder, name);
	return path;
}

static const wchar_t *wide(const char *path)
{
	static wchar_t texts[4][MAX_PATH * 5];
	static unsigned turn;
	wchar_t *text = texts[turn++ % 4];

	wide_copy(text, MAX_PATH * 5, path);
	return text;
}

static int put(struct sink *sink, int number, struct error *error)
{
	struct event event;

	event_start(&event, 9003, 0);
	event_put_number(&event, FIELD_COUNT, number);
	return sink->ops->write(sink->context, &event, error);
}

static HANDLE open_raw(const char *path, DWORD access, DWORD share)
{
	return CreateFileW(wide(path), access, share, NULL, OPEN_ALWAYS, 0, NULL);
}

static void append(const char *path, const char *text)
{
	HANDLE file = open_raw(path, FILE_APPEND_DATA, FILE_SHARE_ALL);
	DWORD written = 0;

	WriteFile(file, text, (DWORD)strlen(text), &written, NULL);
	CloseHandle(file);
}

static bool on_wine(void)
{
	return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != NULL;
}

/*
 * Wine keeps the name of a deleted file until all have closed it, and does not show it as
 * deleted. There, Linux deletes it.
 */
static void delete_open_file(const char *path)
{
	char *(__cdecl * unix_name)(const wchar_t *) = NULL;
	FARPROC function =
		GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "wine_get_unix_file_name");
	char command[MAX_PATH * 5];
	wchar_t line[MAX_PATH * 5];
	STARTUPINFOW start = {.cb = sizeof(start)};
	PROCESS_INFORMATION process = {0};
	struct file_id id;
	int64_t size;

	if (!on_wine()) {
		DeleteFileW(wide(path));
		return;
	}
	memcpy(&unix_name, &function, sizeof(function));
	snprintf(command, sizeof(command), "rm -f \"%s\"", unix_name(wide(path)));
	wide_copy(line, MAX_PATH * 5, command);
	CreateProcessW(L"Z:\\bin\\rm", line, NULL, NULL, FALSE, 0, NULL, NULL, &start, &process);
	for (int i = 0; i < 300 && file_id_of_path(wide(path), &id, &size); i++)
		Sleep(10);
	CloseHandle(process.hProcess);
	CloseHandle(process.hThread);
}

/* The counts of the events in a file, "1 2 3"; a line that is none shows as "?". */
static const char *counts(const char *path)
{
	static char shown[512], text[65536];
	HANDLE file =
		CreateFileW(wide(path), GENERIC_READ, FILE_SHARE_ALL, NULL, OPEN_EXISTING, 0, NULL);
	const char *at = text;
	struct event event;
	int64_t number;
	DWORD got = 0;

	if (file == INVALID_HANDLE_VALUE)
		return "no file";
	ReadFile(file, text, sizeof(text) - 1, &got, NULL);
	CloseHandle(file);
	text[got] = '\0';
	shown[0] = '\0';
	while (*at) {
		size_t length = strcspn(at, "\n");
		char one[32] = "?";

		if (event_from_json(&event, at, length, NULL) == 0 &&
			event_number(&event, FIELD_COUNT, &number))
			snprintf(one, sizeof(one), "%" PRId64, number);
		if (shown[0])
			strcat(shown, " ");
		strcat(shown, one);
		if (at[length] != '\n')
			strcat(shown, " cut");
		at += length + (at[length] == '\n');
	}
	return shown;
}

static void plain_file(void)
{
	const char *path = in_folder("pl\u00e4in \u4e2d");
	struct sink sink;
	struct error error = {0};

	is_number(file_sink_open(&sink, path, &error), 0, "a new file is made%s", error.text);
	put(&sink, 1, &error);
	put(&sink, 2, &error);
	is_text(counts(path), "1 2", "a line an event");
	sink.ops->close(sink.context);
	file_sink_open(&sink, path, &error);
	put(&sink, 3, &error);
	is_text(counts(path), "1 2 3", "what was there stays");
	append(path, "half");
	is_text(counts(path), "1 2 3 ? cut", "somebody else leaves half a line");
	sink.ops->close(sink.context);
	file_sink_open(&sink, path, &error);
	put(&sink, 4, &error);
	put(&sink, 5, &error);
	is_text(counts(path), "1 2 3 ? 4 5", "only that one is spoilt");
	sink.ops->close(sink.context);

	ok(file_sink_open(&sink, in_folder("no\\such\\folder"), &error) < 0, "no folder: %s",
		error.text);
	ok(strstr(error.text, "no\\such\\folder cannot be opened: ") != NULL,
		"  the sentence names file and cause");
	is_number(error.host_code, ERROR_PATH_NOT_FOUND, "  and has Windows' number");
	ok(file_sink_open(&sink, folder, &error) < 0, "a folder: %s", error.text);
	ok(strstr(error.text, "it is a folder") != NULL, "  is called one");
	ok(file_sink_open(&sink, folder, NULL) < 0, "without asking why");
	ok(file_sink_open(&sink, "", &error) < 0, "no path: %s", error.text);
	ok(file_sink_open(&sink, in_folder("a:b|c?"), &error) < 0, "no name: %s", error.text);
}

static void read_only(void)
{
	const char *path = in_folder("read-only");
	struct sink sink;
	struct error error = {0};

	append(path, "x\n");
	SetFileAttributesW(wide(path), FILE_ATTRIBUTE_READONLY);
	HANDLE root = CreateFileW(wide(path), GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
	if (root != INVALID_HANDLE_VALUE) { /* Wine asks Linux, which lets root do anything */
		CloseHandle(root);
		ok(on_wine(), "a file that is read-only # SKIP Wine runs as root");
	} else {
		ok(file_sink_open(&sink, path, &error) < 0, "a file that is read-only: %s",
			error.text);
		is_number(error.host_code, ERROR_ACCESS_DENIED, "  is denied");
	}
	SetFileAttributesW(wide(path), FILE_ATTRIBUTE_NORMAL);

	HANDLE other = open_raw(path, GENERIC_WRITE, FILE_SHARE_READ);
	ok(file_sink_open(&sink, path, &error) < 0,
		"a file that another program has for itself: %s", error.text);
	is_number(error.host_code, ERROR_SHARING_VIOLATION, "  is told so");
	CloseHandle(other);
	is_number(file_sink_open(&sink, path, &error), 0, "later it works");
	sink.ops->close(sink.context);
}

static void moved(void)
{
	const char *path = in_folder("log"), *old = in_folder("log.1");
	struct sink sink;
	struct error error = {0};

	file_sink_open(&sink, path, &error);
	put(&sink, 1, &error);
	ok(MoveFileExW(wide(path), wide(old), 0), "it can be renamed while it is written to");
	sink.ops->reopen(sink.context);
	is_text(counts(path), "", "asked to, the sink makes the new file at once");
	put(&sink, 2, &error);
	is_text(counts(old), "1", "the rotated file keeps what it had");
	is_text(counts(path), "2", "the new one goes on");

	delete_open_file(path);
	is_text(counts(path), "no file", "it can be deleted");
	clock_sleep_ms(1100);
	is_number(put(&sink, 3, &error), 0, "  which is noticed without being told%s", error.text);
	is_text(counts(path), "3", "  and the file is made anew");
	MoveFileExW(wide(path), wide(old), MOVEFILE_REPLACE_EXISTING);
	clock_sleep_ms(1100);
	put(&sink, 4, &error);
	is_text(counts(path), "4", "so is a renamed one");
	is_text(counts(old), "3", "  which keeps what it had");

	/* The new file is not to be had: the old one still has a name. */
	MoveFileExW(wide(path), wide(old), MOVEFILE_REPLACE_EXISTING);
	HANDLE other = open_raw(path, GENERIC_WRITE, 0);
	sink.ops->reopen(sink.context);
	is_number(put(&sink, 5, &error), 0, "a new file that is not shared: the old one serves");
	is_text(counts(old), "4 5", "  and nothing is lost");
	delete_open_file(old);
	sink.ops->reopen(sink.context);
	ok(put(&sink, 6, &error) < 0, "with the old one deleted too it fails: %s", error.text);
	ok(put(&sink, 7, &error) < 0, "  each time, in silence is nothing lost");
	CloseHandle(other);
	is_number(put(&sink, 8, &error), 0, "  until the new one can be had");
	is_text(counts(path), "8", "  and written to");
	sink.ops->close(sink.context);
}

static void devices(void)
{
	struct sink sink;
	struct error error = {0};

	is_number(file_sink_open(&sink, "NUL", &error), 0, "NUL%s", error.text);
	is_number(put(&sink, 1, &error), 0, "  takes everything");
	sink.ops->reopen(sink.context);
	is_number(put(&sink, 1, &error), 0, "  also when opened anew");
	sink.ops->close(sink.context);
}

static void locked(void)
{
	const char *path = in_folder("locked");
	struct sink sink;
	struct error error = {0};
	OVERLAPPED where = {0};

	file_sink_open(&sink, path, &error);
	put(&sink, 1, &error);
	HANDLE other = open_raw(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_ALL);
	LockFileEx(other, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, MAXDWORD,
		MAXDWORD, &where);
	int rc = put(&sink, 2, &error);
	printf("# while others lock the file: %s\n", rc < 0 ? error.text : "it is written");
	UnlockFileEx(other, 0, MAXDWORD, MAXDWORD, &where);
	CloseHandle(other);
	is_number(put(&sink, 3, &error), 0, "once the lock is gone it works");
	is_text(counts(path), rc < 0 ? "1 3" : "1 2 3", "  with whole lines");
	sink.ops->close(sink.context);
}

static void *writer_main(void *argument)
{
	struct sink sink;
	int64_t failed = 0;

	if (file_sink_open(&sink, argument, NULL) < 0)
		return (void *)(intptr_t)1;
	for (int i = 0; i < 500; i++)
		failed += put(&sink, i, NULL) != 0;
	sink.ops->close(sink.context);
	return (void *)(intptr_t)failed;
}

static void two_writers(void)
{
	char path[sizeof(folder) + 16];
	pthread_t writers[2];
	struct line_reader *reader;
	enum line_kind kind = LINE_NONE;
	const char *line;
	size_t length;
	int good = 0, bad = 0;
	void *failed;

	if (on_wine()) {
		ok(true, "two writers of one file # SKIP Wine does not append in one step");
		return;
	}
	snprintf(path, sizeof(path), "%s\\two", folder);
	for (int i = 0; i < 2; i++)
		pthread_create(&writers[i], NULL, writer_main, path);
	for (int i = 0; i < 2; i++) {
		pthread_join(writers[i], &failed);
		is_number((intptr_t)failed, 0, "one of two writers");
	}
	line_reader_open(&reader, path, false, NULL);
	while (line_reader_next(reader, &kind, &line, &length, NULL) == 0 && kind == LINE_GOT) {
		struct event event;

		if (event_from_json(&event, line, length, NULL) == 0)
			good++;
		else
			bad++;
	}
	line_reader_close(reader);
	is_number(good, 1000, "every line of both is there");
	is_number(bad, 0, "and whole");
}

/* A log that goes over into one that cannot be opened must not keep the reader busy. */
static void reader_waits(void)
{
	const char *path = in_folder("followed"), *old = in_folder("followed.1");
	struct line_reader *reader;
	enum line_kind kind;
	const char *line;
	size_t length;
	struct error error = {0};
	DWORD written;

	append(path, "one\nha");
	line_reader_open(&reader, path, true, &error);
	line_reader_next(reader, &kind, &line, &length, &error);
	MoveFileExW(wide(path), wide(old), 0);
	HANDLE other = open_raw(path, GENERIC_WRITE, 0);
	WriteFile(other, "two\n", 4, &written, NULL);
	is_number(line_reader_next(reader, &kind, &line, &length, &error), 0,
		"a new file that is not shared");
	is_number(kind, LINE_NONE, "  is waited for");
	CloseHandle(other);
	line_reader_next(reader, &kind, &line, &length, &error);
	ok(kind == LINE_GOT && length == 2, "then the rest of the old one is given");
	line_reader_next(reader, &kind, &line, &length, &error);
	ok(kind == LINE_GOT && length == 3 && memcmp(line, "two", 3) == 0, "and the new one");
	line_reader_close(reader);
}

static void *reader_main(void *argument)
{
	HANDLE pipe = argument;
	char bytes[512];
	int64_t lines = 0;

	for (DWORD got = 0; ReadFile(pipe, bytes, sizeof(bytes), &got, NULL) && got > 0;) {
		for (DWORD i = 0; i < got; i++)
			lines += bytes[i] == '\n';
	}
	return (void *)(intptr_t)lines;
}

static void console(void)
{
	HANDLE ends[2];
	struct sink sink;
	struct error error = {0};
	pthread_t reader;
	void *lines;

	ok(CreatePipe(&ends[0], &ends[1], NULL, 4096), "a pipe");
	int fd = _open_osfhandle((intptr_t)ends[1], _O_BINARY);
	console_sink_open(&sink, fd, CONSOLE_TEXT, &error);
	pthread_create(&reader, NULL, reader_main, ends[0]);
	int failed = 0;
	for (int i = 0; i < 5000; i++)
		failed += put(&sink, i, &error) != 0;
	is_number(failed, 0, "a pipe with a slow reader");
	_close(fd);
	pthread_join(reader, &lines);
	is_number((intptr_t)lines, 5000, "  gets every line");
	CloseHandle(ends[0]);
	sink.ops->close(sink.context);

	CreatePipe(&ends[0], &ends[1], NULL, 4096);
	CloseHandle(ends[0]);
	fd = _open_osfhandle((intptr_t)ends[1], _O_BINARY);
	console_sink_open(&sink, fd, CONSOLE_JSON, &error);
	is_number(put(&sink, 1, &error), 0, "a closed pipe is no error");
	is_number(put(&sink, 2, &error), 0, "  nor later");
	_close(fd);
	sink.ops->close(sink.context);

	is_number(console_sink_open(&sink, -1, CONSOLE_TEXT, &error), 0, "no stdout at all");
	is_number(put(&sink, 1, &error), 0, "  is no error");
	sink.ops->close(sink.context);

	const char *path = in_folder("stdout");
	fd = _open_osfhandle((intptr_t)open_raw(path, GENERIC_WRITE, FILE_SHARE_ALL), _O_BINARY);
	console_sink_open(&sink, fd, CONSOLE_JSON, &error);
	put(&sink, 1, &error);
	put(&sink, 2, &error);
	is_text(counts(path), "1 2", "a file");
	_close(fd);
	sink.ops->close(sink.context);
}

static DWORD handle_count(void)
{
	DWORD count = 0;

	GetProcessHandleCount(GetCurrentProcess(), &count);
	return count;
}

static void no_leaks(void)
{
	const char *path = in_folder("leaks"), *old = in_folder("leaks.1");
	struct sink sink;
	struct error error;
	DWORD before = 0;

	for (int i = 0; i < 200; i++) {
		if (i == 20)
			before = handle_count();
		file_sink_open(&sink, path, &error);
		put(&sink, 1, &error);
		MoveFileExW(wide(path), wide(old), MOVEFILE_REPLACE_EXISTING);
		sink.ops->reopen(sink.context);
		put(&sink, 2, &error);
		sink.ops->close(sink.context);
		file_sink_open(&sink, folder, &error);
	}
	is_number(handle_count(), before, "no handle stays behind");
}

int main(void)
{
	const char *names[] = {"pl\u00e4in \u4e2d", "read-only", "log", "log.1", "locked", "two",
		"followed", "followed.1", "stdout", "leaks", "leaks.1"};
	wchar_t place[MAX_PATH];

	GetTempPathW(MAX_PATH, place);
	swprintf(place + wcslen(place), 64, L"test_file_sink-\u00fc-%lu", GetCurrentProcessId());
	wide_to_utf8(folder, sizeof(folder), place);
	if (!CreateDirectoryW(place, NULL)) {
		printf("Bail out! no folder for temporary files\n");
		return 1;
	}
	plain_file();
	read_only();
	moved();
	devices();
	locked();
	two_writers();
	reader_waits();
	console();
	no_leaks();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		DeleteFileW(wide(in_folder(names[i])));
	ok(RemoveDirectoryW(place), "the folder is removed");
	return tap_done();
}
