/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation: a template of the catalogue is walked once, from left to right. Outside of
 * brackets everything is written. A part in brackets is written on trial: when a field within it
 * turns out to be absent, the buffer is set back to where the part began.
 */
#include "event/event.h"

#include <inttypes.h>
#include <string.h>

enum { NAME_SIZE = 32 };

/* The name within the braces at `at`; returns what follows them, or NULL when there is none. */
static const char *read_name(const char *at, char name[NAME_SIZE])
{
	const char *end = strchr(at, '}');

	if (!end || end - at - 1 >= NAME_SIZE)
		return NULL;
	memcpy(name, at + 1, (size_t)(end - at - 1));
	name[end - at - 1] = '\0';
	return end + 1;
}

/* Writes the field's value; false when the event does not have it. */
static bool put_field(const struct event *event, const char *name, struct buffer *buffer)
{
	int field = event_field_by_name(name);
	const char *text;
	int64_t number;

	if (field < 0)
		return false;
	if ((text = event_text(event, (enum event_field)field)) != NULL)
		buffer_text(buffer, text);
	else if (event_number(event, (enum event_field)field, &number))
		buffer_printf(buffer, "%" PRId64, number);
	else
		return false;
	return true;
}

static void truncate_to(struct buffer *buffer, size_t length)
{
	if (buffer->data && length < buffer->length) {
		buffer->length = length;
		buffer->data[length] = '\0';
	}
}

static void render(const char *at, const struct event *event, struct buffer *buffer)
{
	size_t part_start = 0;
	bool in_part = false, missing = false;

	while (*at) {
		char name[NAME_SIZE];
		const char *next = *at == '{' ? read_name(at, name) : NULL;

		if (next) {
			if (!put_field(event, name, buffer)) {
				missing = true;
				if (!in_part)
					buffer_text(buffer, "unknown");
			}
			at = next;
			continue;
		}
		if (*at == '[') {
			in_part = true;
			missing = false;
			part_start = buffer->length;
		} else if (*at == ']') {
			if (missing)
				truncate_to(buffer, part_start);
			in_part = false;
		} else {
			buffer_append(buffer, at, 1);
		}
		at++;
	}
}

/* An event of a newer version: its template is not known here. */
static void render_unknown(const struct event *event, struct buffer *buffer)
{
	buffer_printf(buffer, "Event %d of another version of hypervive", event->id);
	for (int i = 0; i < event->count; i++) {
		const char *name = event_field_name((enum event_field)event->fields[i].field);

		buffer_printf(buffer, "%s%s ", i ? ", " : ": ", name);
		put_field(event, name, buffer);
	}
}

void event_message(const struct event *event, struct buffer *buffer)
{
	const struct event_info *info = event_info(event->id);

	if (info)
		render(info->message, event, buffer);
	else
		render_unknown(event, buffer);
}

static bool invalid(struct error *error, const char *message, const char *problem)
{
	error_set(error, ERR_FAILED, "'%s' %s", message, problem);
	return false;
}

bool event_template_valid(const char *message, struct error *error)
{
	bool in_part = false, has_field = false;

	for (const char *at = message; *at;) {
		char name[NAME_SIZE];

		if (*at == '{') {
			at = read_name(at, name);
			if (!at || event_field_by_name(name) < 0)
				return invalid(error, message, "names a field that does not exist");
			has_field = true;
			continue;
		}
		if (*at == '}')
			return invalid(error, message, "has a brace too many");
		if (*at == '[' && in_part)
			return invalid(error, message, "has a part within a part");
		if (*at == ']' && !(in_part && has_field))
			return invalid(error, message, "has a part without a start or a field");
		if (*at == '[' || *at == ']') {
			in_part = *at == '[';
			has_field = false;
		}
		at++;
	}
	return in_part ? invalid(error, message, "has a part that does not end") : true;
}
