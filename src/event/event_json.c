/* SPDX-License-Identifier: MIT */
#include "event/event.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/json_read.h"

static void write_fields(const struct event *event, struct json *json)
{
	json_object(json, "fields");
	for (int i = 0; i < event->count; i++) {
		const char *name = event_field_name((enum event_field)event->fields[i].field);

		if (event->fields[i].is_text)
			json_text(json, name, event->text + event->fields[i].offset);
		else
			json_number(json, name, event->fields[i].number);
	}
	json_object_end(json);
}

void event_to_json(const struct event *event, struct buffer *buffer)
{
	const struct event_info *info = event_info(event->id);
	char time[CLOCK_TEXT_SIZE];
	struct buffer message = {0};
	struct json json;

	event_message(event, &message);
	json_start(&json, buffer);
	json_object(&json, NULL);
	json_text(&json, "time", clock_format_utc(event->time_us, time));
	json_number(&json, "id", event->id);
	json_text(&json, "severity",
		event_severity_name(info ? info->severity : SEVERITY_INFORMATION));
	json_text(&json, "category", info ? event_category_label(info->category) : "Unknown");
	json_text(&json, "message", message.data ? message.data : "");
	write_fields(event, &json);
	json_object_end(&json);
	if (message.failed)
		buffer->failed = true;
	buffer_free(&message);
}

/* One value of the object "fields"; the reader stands behind its key. */
static enum json_token read_field(struct event *event, int field, struct json_reader *reader)
{
	enum json_token token = json_reader_next(reader);
	char text[EVENT_TEXT_MAX];
	int64_t number;

	if (field >= 0 && token == JSON_TEXT) {
		json_reader_text(reader, text, sizeof(text));
		event_put_text_again(event, (enum event_field)field, text);
	} else if (field >= 0 && token == JSON_NUMBER) {
		if (json_reader_number(reader, &number))
			event_put_number(event, (enum event_field)field, number);
	} else if (token == JSON_OBJECT || token == JSON_ARRAY) {
		token = json_reader_skip(reader);
	}
	return token;
}

static enum json_token read_fields(struct event *event, struct json_reader *reader)
{
	enum json_token token = json_reader_next(reader);

	if (token != JSON_OBJECT)
		return token == JSON_ARRAY ? json_reader_skip(reader) : token;
	while ((token = json_reader_next(reader)) == JSON_KEY) {
		char name[64];

		json_reader_text(reader, name, sizeof(name));
		if (read_field(event, event_field_by_name(name), reader) == JSON_BAD)
			return JSON_BAD;
	}
	return token;
}

struct found {
	bool time, id;
};

/* One value of the outermost object; the reader stands behind its key. */
static enum json_token read_member(
	struct event *event, struct found *found, struct json_reader *reader)
{
	char text[64];
	int64_t number;

	if (json_reader_is(reader, "time")) {
		if (json_reader_next(reader) == JSON_TEXT) {
			json_reader_text(reader, text, sizeof(text));
			found->time = clock_parse_rfc3339(text, &event->time_us);
		}
	} else if (json_reader_is(reader, "id")) {
		if (json_reader_next(reader) == JSON_NUMBER &&
			json_reader_number(reader, &number) && number > 0 && number <= INT32_MAX) {
			event->id = (int)number;
			found->id = true;
		}
	} else if (json_reader_is(reader, "fields")) {
		return read_fields(event, reader);
	} else {
		return json_reader_skip(reader);
	}
	/* A time or an id that is a list or an object. */
	if (reader->token == JSON_OBJECT || reader->token == JSON_ARRAY)
		return json_reader_skip(reader);
	return reader->token;
}

int event_from_json(struct event *event, const char *line, size_t length, struct error *error)
{
	struct found found = {false, false};
	struct json_reader reader;

	event_start(event, 0, 0);
	json_reader_start(&reader, line, length);
	if (json_reader_next(&reader) == JSON_OBJECT) {
		while (json_reader_next(&reader) == JSON_KEY)
			read_member(event, &found, &reader);
		if (reader.token == JSON_OBJECT_END)
			json_reader_next(&reader);
	}
	if (reader.token == JSON_BAD)
		return error_set(error, ERR_FAILED, "the line is no event: it %s", reader.problem);
	if (reader.token != JSON_END)
		return error_set(error, ERR_FAILED, "the line is no event: it is no JSON object");
	if (!found.time || !found.id)
		return error_set(error, ERR_FAILED, "the line is no event: its %s is missing",
			found.time ? "id" : "time");
	return 0;
}
