/* SPDX-License-Identifier: MIT */
/* A line that is read as an event must be written, and read again, as the same event. */
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "event/sink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int condition)
{
	if (!condition)
		abort();
}

/* Every token, with what it holds. */
static void walk(const char *bytes, size_t size)
{
	struct json_reader reader;
	enum json_token token;
	char text[16];
	int64_t number;

	json_reader_start(&reader, bytes, size);
	do {
		token = json_reader_next(&reader);
		check(reader.at <= size);
		check(json_reader_text(&reader, text, sizeof(text)) < sizeof(text));
		json_reader_number(&reader, &number);
	} while (token != JSON_END && token != JSON_BAD);

	json_reader_start(&reader, bytes, size);
	if (json_reader_skip(&reader) != JSON_BAD)
		check(token == JSON_END || json_reader_next(&reader) == JSON_BAD);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer first = {0}, second = {0}, text = {0};
	struct event event, back;
	struct error error = {0};

	walk((const char *)data, size);
	if (event_from_json(&event, (const char *)data, size, &error) < 0) {
		check(error.text[0] != '\0');
		return 0;
	}
	event_to_json(&event, &first);
	check(event_from_json(&back, first.data, first.length, &error) == 0);
	event_to_json(&back, &second);
	check(first.length == second.length && memcmp(first.data, second.data, first.length) == 0);
	check(!memchr(first.data, '\n', first.length) && !memchr(first.data, '\x1b', first.length));
	console_format(&event, CONSOLE_TEXT, &text);
	check(!memchr(text.data, '\x1b', text.length));
	check(memchr(text.data, '\n', text.length) == text.data + text.length - 1);
	buffer_free(&first);
	buffer_free(&second);
	buffer_free(&text);
	return 0;
}
