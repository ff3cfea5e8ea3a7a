/* SPDX-License-Identifier: MIT */
/*
 * json_read.h - reading JSON (RFC 8259) piece by piece
 *
 * A pull reader over bytes in memory: json_reader_next() walks from token to token and checks
 * the grammar on the way; what the token holds is fetched only when it is wanted. It allocates
 * nothing, never looks past the end, and goes JSON_READER_DEPTH levels deep at most.
 *
 * A value that is not wanted is passed over with json_reader_skip(), called in place of what
 * would read it: after the JSON_KEY, or after the JSON_OBJECT or JSON_ARRAY that begins it.
 */
#ifndef HYPERVIVE_BASE_JSON_READ_H
#define HYPERVIVE_BASE_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_READER_DEPTH = 32 };

enum json_token {
	JSON_BAD, /* not JSON, see reader->problem; every further call says so again */
	JSON_END, /* one whole value was read, and only white space follows */
	JSON_OBJECT,
	JSON_OBJECT_END,
	JSON_ARRAY,
	JSON_ARRAY_END,
	JSON_KEY, /* its value is the next token */
	JSON_TEXT,
	JSON_NUMBER,
	JSON_TRUE,
	JSON_FALSE,
	JSON_NULL,
};

struct json_reader {
	const char *text;
	size_t length, at;
	size_t token_at,
		token_length; /* the present token; of texts and keys, without the quotes */
	enum json_token token;
	int expects; /* what the grammar allows next, see json_read.c */
	unsigned depth;
	bool is_object[JSON_READER_DEPTH];
	const char *problem; /* words for people once the token is JSON_BAD: "is cut short" */
};

/* Borrows the bytes for as long as the reader is used. */
void json_reader_start(struct json_reader *reader, const char *text, size_t length);

enum json_token json_reader_next(struct json_reader *reader);

/*
 * The text of the present JSON_TEXT or JSON_KEY with its escapes undone, as valid UTF-8: what is
 * not UTF-8, half a surrogate pair and NUL become U+FFFD. A text too long for the target is cut
 * and ends with "…" (as text_copy() does). size must be at least 4. Returns the length.
 */
size_t json_reader_text(const struct json_reader *reader, char *target, size_t size);

/* True when the present JSON_TEXT or JSON_KEY is this text (of ASCII). */
bool json_reader_is(const struct json_reader *reader, const char *text);

/* The present JSON_NUMBER; false when it is no whole number of 64 bits, or has an exponent. */
bool json_reader_number(const struct json_reader *reader, int64_t *number);

/* Passes over one value, see above. JSON_BAD when it is broken; else its last token. */
enum json_token json_reader_skip(struct json_reader *reader);

#endif
