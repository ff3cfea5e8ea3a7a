/* SPDX-License-Identifier: MIT */
/* line_buffer.h - bytes of a file on their way to becoming lines; for line_reader.c of each system
 */
#ifndef HYPERVIVE_EVENT_LINE_BUFFER_H
#define HYPERVIVE_EVENT_LINE_BUFFER_H

#include "event/line_reader.h"

struct line_buffer {
	bool too_long;     /* within a line that is passed over */
	size_t start, end; /* what of data is not given out yet */
	char data[LINE_MOST + 1];
};

/* Gives out a whole line, if there is one. The line is borrowed until the next call. */
enum line_kind line_buffer_line(struct line_buffer *buffer, const char **line, size_t *length);

/* What stands at the very end, without a line's end. */
enum line_kind line_buffer_rest(struct line_buffer *buffer, const char **line, size_t *length);

/* Where more is to be read to, and how much fits (never 0); then line_buffer_added(). */
char *line_buffer_room(struct line_buffer *buffer, size_t *size);
void line_buffer_added(struct line_buffer *buffer, size_t length);

void line_buffer_clear(struct line_buffer *buffer);

#endif
