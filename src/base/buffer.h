/* SPDX-License-Identifier: MIT */
/*
 * buffer.h - bytes that grow
 *
 * Append without looking, and look once at the end: after an allocation has
 * failed, or the limit was reached, `failed` is set and everything more is
 * ignored. data always ends with a NUL that is not counted in length.
 */
#ifndef HYPERVIVE_BASE_BUFFER_H
#define HYPERVIVE_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct buffer {
	char *data; /* NULL while nothing was appended */
	size_t length;
	size_t capacity;
	bool failed;
};

void buffer_append(struct buffer *buffer, const void *bytes, size_t length);
void buffer_text(struct buffer *buffer, const char *text);
void buffer_printf(struct buffer *buffer, const char *format, ...) ERROR_PRINTF(2, 3);

/* Forgets the content, keeps the memory. */
void buffer_clear(struct buffer *buffer);

/* Frees the memory; the buffer may be used again. */
void buffer_free(struct buffer *buffer);

#endif
