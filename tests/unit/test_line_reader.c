/* SPDX-License-Identifier: MIT */
/* With C17's own files only, so that it runs on every system. */
#include <stdlib.h>

#include "base/clock.h"
#include "event/line_reader.h"
#include "tap.h"

static char folder[256], path[320], old[340];

static void append(const char *name, const char *text, size_t length)
{
	FILE *file = fopen(name, "ab");

	if (!file || fwrite(text, 1, length, file) != length)
		ok(0, "writing %s", name);
	if (file)
		fclose(file);
}

static int empty(const char *name)
{
	FILE *file = fopen(name, "wb");

	return file ? fclose(file) : -1;
}

static void append_text(const char *name, const char *text)
{
	append(name, text, strlen(text));
}

/* All that can be read now, each line behind a '|'; '!' for one that is too long. */
static const char *all(struct line_reader *reader)
{
	static char shown[512];
	size_t used = 0;

	for (;;) {
		enum line_kind kind;
		const char *line;
		size_t length;

		if (line_reader_next(reader, &kind, &line, &length, NULL) < 0)
			return "failed";
		if (kind == LINE_NONE)
			break;
		used += (size_t)snprintf(shown + used, sizeof(shown) - used, "|%.*s",
			kind == LINE_GOT ? (int)length : 1, kind == LINE_GOT ? line : "!");
	}
	shown[used] = '\0';
	return shown;
}

static struct line_reader *start(bool follow)
{
	struct line_reader *reader = NULL;
	struct error error = {0};

	is_number(line_reader_open(&reader, path, follow, &error), 0, "opened%s", error.text);
	return reader;
}

static void plain(void)
{
	struct line_reader *reader;
	struct error error = {0};

	is_number(line_reader_open(&reader, path, false, &error), -ERR_NOT_FOUND, "no file: %s",
		error.text);
	append_text(path, "");
	reader = start(false);
	is_text(all(reader), "", "an empty file");
	line_reader_close(reader);
	append_text(path, "one\n\ntwo\nthree");
	reader = start(false);
	is_text(all(reader), "|one||two|three", "the last line may lack its end");
	is_text(all(reader), "", "and is given once");
	line_reader_close(reader);
	remove(path);

	enum line_kind kind;
	const char *line;
	size_t length;
	int rc = line_reader_open(&reader, folder, false, &error);
	if (rc == 0) {
		rc = line_reader_next(reader, &kind, &line, &length, &error);
		line_reader_close(reader);
	}
	ok(rc < 0, "a folder is not read: %s", error.text);
	line_reader_close(NULL);
}

static void long_lines(void)
{
	static char line[3 * LINE_MOST];
	struct line_reader *reader;

	memset(line, 'x', sizeof(line));
	append_text(path, "a\n");
	append(path, line, sizeof(line));
	append_text(path, "\nb\n");
	append(path, line, LINE_MOST + 1);
	append_text(path, "\nc\n");
	append(path, line, sizeof(line));
	reader = start(false);
	is_text(all(reader), "|a|!|b|!|c|!", "lines that are too long are passed over, each once");
	line_reader_close(reader);
	remove(path);

	append(path, line, LINE_MOST);
	append_text(path, "\n");
	reader = start(false);
	enum line_kind kind;
	const char *got;
	size_t length = 0;
	line_reader_next(reader, &kind, &got, &length, NULL);
	ok(kind == LINE_GOT && length == LINE_MOST, "the longest that is not");
	line_reader_close(reader);
	remove(path);
}

static void growing(void)
{
	struct line_reader *reader;

	append_text(path, "one\nha");
	reader = start(true);
	is_text(all(reader), "|one", "half a line is waited for");
	append_text(path, "lf");
	is_text(all(reader), "", "still");
	append_text(path, "\ntwo\n");
	is_text(all(reader), "|half|two", "until it is whole");

	rename(path, old);
	is_text(all(reader), "", "rotated, the new file is not there yet");
	append_text(old, "late\n");
	is_text(all(reader), "|late", "what still comes into the old one is read");
	append_text(path, "");
	is_text(all(reader), "", "the new file is empty");
	append_text(old, "later\n");
	append_text(path, "new\n");
	is_text(all(reader), "|later|new", "first the rest of the old, then the new");

	append_text(path, "torn");
	is_text(all(reader), "", "half a line");
	remove(old); /* not every system renames over what is there */
	rename(path, old);
	append_text(path, "next\n");
	is_text(all(reader), "|torn|next", "that never becomes whole is given as it is");

	ok(empty(path) == 0, "emptied");
	is_text(all(reader), "", "nothing");
	append_text(path, "x\n");
	is_text(all(reader), "|x", "read from its start again");
	append_text(path, "hal");
	is_text(all(reader), "", "half a line");
	ok(empty(path) == 0, "emptied in the middle of it");
	append_text(path, "y\n");
	is_text(all(reader), "|y", "does not mix the two");
	remove(path);
	is_text(all(reader), "", "deleted: waits");
	append_text(path, "z\n");
	is_text(all(reader), "|z", "and goes on with the next");
	line_reader_close(reader);
}

int main(void)
{
	const char *place = getenv("TMPDIR");

	if (!place)
		place = getenv("TEMP");
	snprintf(folder, sizeof(folder), "%s", place ? place : "/tmp");
	snprintf(path, sizeof(path), "%s/test_line_reader-%" PRIu64, folder, clock_monotonic_ns());
	snprintf(old, sizeof(old), "%s.1", path);
	plain();
	long_lines();
	growing();
	remove(path);
	remove(old);
	return tap_done();
}
