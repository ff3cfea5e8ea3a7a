/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

static void quote_character(struct buffer *buffer, const char *at, size_t length, uint32_t c)
{
	if (c == '"' || c == '\\') {
		buffer_append(buffer, "\\", 1);
		buffer_append(buffer, at, length);
	} else if (c == '\n') {
		buffer_append(buffer, "\\n", 2);
	} else if (c == '\t') {
		buffer_append(buffer, "\\t", 2);
	} else if (text_is_control(c)) {
		buffer_printf(buffer, "\\u%04x", c);
	} else {
		buffer_append(buffer, at, length);
	}
}

void json_quote(struct buffer *buffer, const char *text)
{
	size_t length = strlen(text);

	buffer_append(buffer, "\"", 1);
	for (size_t at = 0; at < length;) {
		uint32_t c;
		size_t take = text_decode(text + at, length - at, &c);

		if (take)
			quote_character(buffer, text + at, take, c);
		else
			buffer_text(buffer, "\xef\xbf\xbd");
		at += take ? take : 1;
	}
	buffer_append(buffer, "\"", 1);
}

static void begin(struct json *json, const char *key)
{
	if (json->comma)
		buffer_append(json->buffer, ",", 1);
	json->comma = true;
	if (key) {
		json_quote(json->buffer, key);
		buffer_append(json->buffer, ":", 1);
	}
}

void json_start(struct json *json, struct buffer *buffer)
{
	json->buffer = buffer;
	json->comma = false;
}

void json_object(struct json *json, const char *key)
{
	begin(json, key);
	buffer_append(json->buffer, "{", 1);
	json->comma = false;
}

void json_object_end(struct json *json)
{
	buffer_append(json->buffer, "}", 1);
	json->comma = true;
}

void json_array(struct json *json, const char *key)
{
	begin(json, key);
	buffer_append(json->buffer, "[", 1);
	json->comma = false;
}

void json_array_end(struct json *json)
{
	buffer_append(json->buffer, "]", 1);
	json->comma = true;
}

void json_text(struct json *json, const char *key, const char *value)
{
	begin(json, key);
	json_quote(json->buffer, value);
}

void json_number(struct json *json, const char *key, int64_t value)
{
	begin(json, key);
	buffer_printf(json->buffer, "%" PRId64, value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin(json, key);
	buffer_text(json->buffer, value ? "true" : "false");
}

void json_null(struct json *json, const char *key)
{
	begin(json, key);
	buffer_text(json->buffer, "null");
}
