/* SPDX-License-Identifier: MIT */
/*
 * json.h - writing JSON (RFC 8259) into a buffer
 *
 * The writer keeps the commas. Inside an object every call takes the key, inside an
 * array (and at the top) the key is NULL. Text must be valid UTF-8 (text_copy made it so);
 * control characters, in the sense of text_is_control(), leave as \uNNNN, so that a line of
 * JSON never acts on the terminal that shows it.
 */
#ifndef HYPERVIVE_BASE_JSON_H
#define HYPERVIVE_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

struct json {
	struct buffer *buffer;
	bool comma; /* something stands before in this object or array */
};

void json_start(struct json *json, struct buffer *buffer);
void json_object(struct json *json, const char *key);
void json_object_end(struct json *json);
void json_array(struct json *json, const char *key);
void json_array_end(struct json *json);
void json_text(struct json *json, const char *key, const char *value);
void json_number(struct json *json, const char *key, int64_t value);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);

/* The quoted and escaped text alone. */
void json_quote(struct buffer *buffer, const char *text);

#endif
