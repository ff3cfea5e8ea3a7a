/* SPDX-License-Identifier: MIT */
/*
 * line_reader.h - the lines of a file that may still grow, be rotated or be emptied
 */
#ifndef HYPERVIVE_EVENT_LINE_READER_H
#define HYPERVIVE_EVENT_LINE_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { LINE_MOST = 64 * 1024 };

enum line_kind {
	LINE_NONE,     /* no more, for now */
	LINE_GOT,      /* without its end */
	LINE_TOO_LONG, /* longer than LINE_MOST: passed over */
};

struct line_reader;

/*
 * follow: a line without its end is waited for, and when the path comes to mean another file that
 * one is read once this one is at its end. Without, the last line may lack its end.
 */
int line_reader_open(
	struct line_reader **reader, const char *path, bool follow, struct error *error);

/* *kind, and for LINE_GOT the line, borrowed until the next call. Negative: it cannot be read. */
int line_reader_next(struct line_reader *reader, enum line_kind *kind, const char **line,
	size_t *length, struct error *error);

void line_reader_close(struct line_reader *reader); /* NULL is allowed */

#endif
