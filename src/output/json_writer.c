/* SPDX-License-Identifier: MIT */
/* json_writer.c - the tree as one JSON document, streamed */
#include <errno.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/process.h"
#include "output/writer.h"

enum { FLUSH_SIZE = 64 * 1024, DEPTH_MAX = 64 };

struct json_writer {
	struct writer writer; /* first: the two pointers are one */
	FILE *out;
	struct buffer buffer;
	struct json json;
	uint64_t lists; /* one bit a level: what close() ends is a list */
	unsigned depth;
	bool too_deep;
	bool no_memory;
	int failed; /* errno of the first write that failed; nothing is written after it */
};

static struct json_writer *of(struct writer *writer)
{
	return (struct json_writer *)writer;
}

static void flush(struct json_writer *w)
{
	w->no_memory = w->no_memory || w->buffer.failed;
	errno = 0;
	if (!w->failed && !w->no_memory &&
		fwrite(w->buffer.data, 1, w->buffer.length, w->out) != w->buffer.length)
		w->failed = errno ? errno : EIO;
	buffer_clear(&w->buffer);
}

static void flush_when_full(struct json_writer *w)
{
	if (w->buffer.length > FLUSH_SIZE)
		flush(w);
}

static void json_open(struct writer *writer, const char *key, bool list)
{
	struct json_writer *w = of(writer);

	if (w->depth == DEPTH_MAX) {
		w->too_deep = true;
		return;
	}
	if (list)
		json_array(&w->json, key);
	else
		json_object(&w->json, key);
	w->lists = w->lists << 1 | (list ? 1 : 0);
	w->depth++;
}

static void json_close(struct writer *writer)
{
	struct json_writer *w = of(writer);

	if (w->depth == 0 || w->too_deep)
		return;
	if (w->lists & 1)
		json_array_end(&w->json);
	else
		json_object_end(&w->json);
	w->lists >>= 1;
	w->depth--;
	flush_when_full(w);
}

static void write_text(struct writer *writer, const char *key, const char *value)
{
	json_text(&of(writer)->json, key, value);
	flush_when_full(of(writer));
}

static void write_number(struct writer *writer, const char *key, int64_t value)
{
	json_number(&of(writer)->json, key, value);
	flush_when_full(of(writer));
}

static void write_boolean(struct writer *writer, const char *key, bool value)
{
	json_bool(&of(writer)->json, key, value);
	flush_when_full(of(writer));
}

static void write_null(struct writer *writer, const char *key)
{
	json_null(&of(writer)->json, key);
	flush_when_full(of(writer));
}

static int result(const struct json_writer *w, struct error *error)
{
	if (w->no_memory)
		return error_set(error, ERR_FAILED, "there is not enough memory for the result");
	if (w->too_deep)
		return error_set(error, ERR_FAILED, "the result is nested too deeply");
	/* Whoever reads has seen enough: that is no error. */
	if (w->failed && !process_reader_is_gone(w->failed))
		return error_set_errno(error, ERR_FAILED, w->failed, "cannot write the result");
	return 0;
}

static int json_finish(struct writer *writer, struct error *error)
{
	struct json_writer *w = of(writer);
	int failed;

	while (w->depth > 0 && !w->too_deep)
		json_close(writer);
	buffer_append(&w->buffer, "\n", 1);
	flush(w);
	errno = 0;
	if (!w->failed && (fflush(w->out) != 0 || ferror(w->out)))
		w->failed = errno ? errno : EIO;
	failed = result(w, error);
	buffer_free(&w->buffer);
	free(w);
	return failed;
}

static const struct writer_ops OPS = {
	.open = json_open,
	.close = json_close,
	.text = write_text,
	.number = write_number,
	.boolean = write_boolean,
	.null = write_null,
	.finish = json_finish,
};

struct writer *json_writer_new(FILE *out, const char *format)
{
	struct json_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->writer.ops = &OPS;
	w->out = out;
	json_start(&w->json, &w->buffer);
	json_open(&w->writer, NULL, false);
	json_text(&w->json, "format", format);
	return &w->writer;
}
