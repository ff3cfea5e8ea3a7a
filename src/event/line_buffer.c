/* SPDX-License-Identifier: MIT */
#include "event/line_buffer.h"

#include <string.h>

enum line_kind line_buffer_line(struct line_buffer *buffer, const char **line, size_t *length)
{
	char *from = buffer->data + buffer->start;
	char *newline = memchr(from, '\n', buffer->end - buffer->start);

	if (!newline)
		return LINE_NONE;
	bool too_long = buffer->too_long;
	buffer->too_long = false;
	buffer->start = (size_t)(newline + 1 - buffer->data);
	*line = from;
	*length = (size_t)(newline - from);
	return too_long ? LINE_TOO_LONG : LINE_GOT;
}

enum line_kind line_buffer_rest(struct line_buffer *buffer, const char **line, size_t *length)
{
	bool too_long = buffer->too_long;

	*line = buffer->data + buffer->start;
	*length = buffer->end - buffer->start;
	line_buffer_clear(buffer);
	if (too_long)
		return LINE_TOO_LONG;
	return *length ? LINE_GOT : LINE_NONE;
}

char *line_buffer_room(struct line_buffer *buffer, size_t *size)
{
	memmove(buffer->data, buffer->data + buffer->start, buffer->end - buffer->start);
	buffer->end -= buffer->start;
	buffer->start = 0;
	if (buffer->end == sizeof(buffer->data)) {
		buffer->too_long = true;
		buffer->end = 0;
	}
	*size = sizeof(buffer->data) - buffer->end;
	return buffer->data + buffer->end;
}

void line_buffer_added(struct line_buffer *buffer, size_t length)
{
	buffer->end += length;
}

void line_buffer_clear(struct line_buffer *buffer)
{
	buffer->start = buffer->end = 0;
	buffer->too_long = false;
}
