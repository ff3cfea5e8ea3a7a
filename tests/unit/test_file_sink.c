/* SPDX-License-Identifier: MIT */
/* The sinks that write to descriptors, against real files, FIFOs and pipes. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "event/sink.h"
#include "tap.h"

static char folder[64];

static const char *in_folder(const char *name)
{
	static char paths[4][128];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static int put(struct sink *sink, int number, struct error *error)
{
	struct event event;

	event_start(&event, 9003, 0);
	event_put_number(&event, FIELD_COUNT, number);
	return sink->ops->write(sink->context, &event, error);
}

/* The file's content; the caller is done with it before the next call. */
static const char *content(const char *path)
{
	static char text[65536];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* The counts of the events in a file, "1 2 3"; a line that is none shows as "?". */
static const char *counts(const char *path)
{
	static char shown[512];
	const char *at = content(path);
	struct event event;
	int64_t number;

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
	const char *path = in_folder("plain");
	struct stat status;
	struct sink sink;
	struct error error = {0};

	umask(0);
	is_number(file_sink_open(&sink, path, &error), 0, "a new file is made");
	stat(path, &status);
	is_number(status.st_mode & 07777, 0640, "with mode 0640");
	put(&sink, 1, &error);
	put(&sink, 2, &error);
	is_text(counts(path), "1 2", "a line an event");
	sink.ops->close(sink.context);
	file_sink_open(&sink, path, &error);
	put(&sink, 3, &error);
	is_text(counts(path), "1 2 3", "what was there stays");
	sink.ops->close(sink.context);

	ok(file_sink_open(&sink, in_folder("no/such/folder"), &error) < 0, "no folder: %s",
		error.text);
	ok(strstr(error.text, "no/such/folder cannot be opened: No such file") != NULL,
		"  the sentence names file and cause");
	ok(file_sink_open(&sink, folder, &error) < 0, "a folder: %s", error.text);
	ok(file_sink_open(&sink, folder, NULL) < 0, "without asking why");
}

static void moved(void)
{
	const char *path = in_folder("log"), *old = in_folder("log.1");
	struct sink sink;
	struct error error;

	file_sink_open(&sink, path, &error);
	put(&sink, 1, &error);
	rename(path, old);
	sink.ops->reopen(sink.context);
	ok(access(path, F_OK) == 0, "asked to, it makes the new file at once");
	put(&sink, 2, &error);
	is_text(counts(old), "1", "the rotated file keeps what it had");
	is_text(counts(path), "2", "the new one goes on");

	unlink(path);
	clock_sleep_ms(1100);
	is_number(put(&sink, 3, &error), 0, "a deleted file");
	is_text(counts(path), "3", "  is noticed without being told");
	rename(path, old);
	clock_sleep_ms(1100);
	put(&sink, 4, &error);
	is_text(counts(path), "4", "so is a renamed one");
	sink.ops->close(sink.context);
}

static void folder_gone(void)
{
	char path[128], old[128];
	struct sink sink;
	struct error error = {0};

	snprintf(path, sizeof(path), "%s/sub/log", folder);
	snprintf(old, sizeof(old), "%s/sub2", folder);
	mkdir(in_folder("sub"), 0700);
	file_sink_open(&sink, path, &error);
	put(&sink, 1, &error);
	rename(in_folder("sub"), old);
	sink.ops->reopen(sink.context);
	is_number(put(&sink, 2, &error), 0, "its folder moved away: it writes where it still can");
	snprintf(old, sizeof(old), "%s/sub2/log", folder);
	is_text(counts(old), "1 2", "  and nothing is lost");
	unlink(old);
	sink.ops->reopen(sink.context);
	ok(put(&sink, 3, &error) < 0, "with the file deleted too it fails: %s", error.text);
	ok(put(&sink, 4, &error) < 0, "  each time, in silence is nothing lost");
	mkdir(in_folder("sub"), 0700);
	is_number(put(&sink, 5, &error), 0, "  until the folder is back");
	is_text(counts(path), "5", "  and the file is made anew");
	sink.ops->close(sink.context);
}

/* A limit on the file's size cuts a line as a full disk does. */
static void cut_lines(void)
{
	const char *path = in_folder("cut");
	struct rlimit before, limit;
	struct sink sink;
	struct error error = {0};
	struct stat one;

	getrlimit(RLIMIT_FSIZE, &before);
	file_sink_open(&sink, path, &error);
	put(&sink, 1, &error);
	stat(path, &one);
	limit = before;
	limit.rlim_cur = (rlim_t)one.st_size * 5 / 2;
	setrlimit(RLIMIT_FSIZE, &limit);
	is_number(put(&sink, 2, &error), 0, "there is room for a second line");
	ok(put(&sink, 3, &error) < 0, "and none for a third: %s", error.text);
	is_text(counts(path), "1 2", "half a line does not stay");
	ok(put(&sink, 3, &error) < 0, "the next attempt");
	is_text(counts(path), "1 2", "  changes nothing");
	setrlimit(RLIMIT_FSIZE, &before);
	is_number(put(&sink, 4, &error), 0, "with room again it goes on");
	is_text(counts(path), "1 2 4", "  with whole lines");

	int other = open(path, O_WRONLY | O_APPEND);
	ok(write(other, "half", 4) == 4, "somebody else leaves half a line");
	close(other);
	sink.ops->close(sink.context);
	file_sink_open(&sink, path, &error);
	put(&sink, 5, &error);
	put(&sink, 6, &error);
	is_text(counts(path), "1 2 4 ? 5 6", "only that one is spoilt");
	sink.ops->close(sink.context);
}

static void full_device(void)
{
	struct sink sink;
	struct error error = {0};

	is_number(file_sink_open(&sink, "/dev/full", &error), 0, "a character device is opened");
	ok(put(&sink, 1, &error) < 0, "one that is full fails: %s", error.text);
	is_number(error.host_code, ENOSPC, "  with its number");
	sink.ops->close(sink.context);
	is_number(file_sink_open(&sink, "/dev/null", &error), 0, "/dev/null");
	is_number(put(&sink, 1, &error), 0, "  takes everything");
	sink.ops->reopen(sink.context);
	is_number(put(&sink, 1, &error), 0, "  also when opened anew");
	sink.ops->close(sink.context);
}

static void fifo(void)
{
	const char *path = in_folder("fifo");
	struct sink sink;
	struct error error = {0};
	char line[1024];

	mkfifo(path, 0600);
	is_number(file_sink_open(&sink, path, &error), 0, "a FIFO without a reader does not hang");
	ok(put(&sink, 1, &error) < 0, "until there is one it fails: %s", error.text);
	int reader = open(path, O_RDONLY | O_NONBLOCK);
	is_number(put(&sink, 2, &error), 0, "then it works");
	ssize_t n = read(reader, line, sizeof(line));
	ok(n > 0 && line[n - 1] == '\n', "the reader gets a whole line");
	close(reader);
	ok(put(&sink, 3, &error) < 0, "without it, it fails and nobody dies: %s", error.text);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	is_number(put(&sink, 4, &error), 0, "the next reader is found");
	close(reader);
	sink.ops->close(sink.context);
}

static void *reader_main(void *argument)
{
	int fd = *(int *)argument;
	char bytes[512];
	int64_t lines = 0;

	for (ssize_t n; (n = read(fd, bytes, sizeof(bytes))) > 0;) {
		for (ssize_t i = 0; i < n; i++)
			lines += bytes[i] == '\n';
	}
	return (void *)(intptr_t)lines;
}

static void console(void)
{
	int ends[2];
	struct sink sink;
	struct error error = {0};
	pthread_t reader;
	void *lines;

	ok(pipe(ends) == 0, "a pipe");
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	console_sink_open(&sink, ends[1], CONSOLE_TEXT, &error);
	pthread_create(&reader, NULL, reader_main, &ends[0]);
	int failed = 0;
	for (int i = 0; i < 5000; i++)
		failed += put(&sink, i, &error) != 0;
	is_number(failed, 0, "a pipe that does not wait, with a slow reader");
	close(ends[1]);
	pthread_join(reader, &lines);
	is_number((intptr_t)lines, 5000, "  gets every line");
	close(ends[0]);
	sink.ops->close(sink.context);

	ok(pipe(ends) == 0, "another");
	close(ends[0]);
	console_sink_open(&sink, ends[1], CONSOLE_JSON, &error);
	is_number(put(&sink, 1, &error), 0, "a closed pipe is no error");
	is_number(put(&sink, 2, &error), 0, "  nor later");
	close(ends[1]);
	sink.ops->close(sink.context);

	int full = open("/dev/full", O_WRONLY);
	console_sink_open(&sink, full, CONSOLE_TEXT, &error);
	ok(put(&sink, 1, &error) < 0, "a full disk is one: %s", error.text);
	close(full);
	sink.ops->close(sink.context);
}

static void console_lines(void)
{
	struct buffer buffer = {0};
	struct event event;

	setenv("TZ", "UTC", 1);
	event_start(&event, 2001, INT64_C(1795292130123456));
	event_put_text(&event, FIELD_MAC, "52:54:00:aa:bb:01");
	event_put_text(&event, FIELD_SOURCE, "\x1b[31m\n\xe2\x80\xae");
	event_put_text(&event, FIELD_REASON, "rate");
	console_format(&event, CONSOLE_TEXT, &buffer);
	ok(buffer.data &&
			strncmp(buffer.data,
				"2026-11-21 20:15:30  warning      2001  Magic Packet             "
				"Magic packet",
				76) == 0,
		"columns");
	ok(strstr(buffer.data, "\\x1b[31m\\x0a\\u202e refused: rate\n") != NULL,
		"nothing in it acts on a terminal");
	ok(strchr(buffer.data, '\x1b') == NULL, "no colour unless asked for");
	buffer_clear(&buffer);
	console_format(&event, CONSOLE_COLOR, &buffer);
	ok(strstr(buffer.data, "\x1b[33mwarning    \x1b[0m  2001") != NULL,
		"colour when asked for");
	buffer_clear(&buffer);
	console_format(&event, CONSOLE_JSON, &buffer);
	ok(buffer.data[0] == '{' && buffer.data[buffer.length - 1] == '\n', "JSON when asked for");
	buffer_free(&buffer);
}

int main(void)
{
	snprintf(folder, sizeof(folder), "/tmp/test_file_sink.XXXXXX");
	if (!mkdtemp(folder)) {
		printf("Bail out! no folder for temporary files\n");
		return 1;
	}
	plain_file();
	moved();
	folder_gone();
	cut_lines();
	full_device();
	fifo();
	console();
	console_lines();

	char command[128];
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	ok(system(command) == 0, "the folder is removed");
	return tap_done();
}
