/* SPDX-License-Identifier: MIT */
#include "event/event.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"

#define EVENT(id, severity, category, parameters, message, explanation) \
	{(id), SEVERITY_##severity, CATEGORY_##category, (parameters), (message), (explanation)},
static const struct event_info CATALOGUE[] = {EVENT_CATALOGUE(EVENT)};
#undef EVENT

enum { TEXT, NUMBER };

static const struct {
	const char *name;
	bool is_text;
} FIELDS[] = {
#define FIELD(constant, name, type) {(name), (type) == TEXT},
	EVENT_FIELDS(FIELD)
#undef FIELD
};

static_assert(sizeof(FIELDS) / sizeof(FIELDS[0]) == FIELD_COUNT_OF_KINDS,
	"each field of the enum has its row");
static_assert(FIELD_COUNT_OF_KINDS <= UINT8_MAX, "struct event keeps a field in one byte");
static_assert(EVENT_TEXT_MAX <= UINT16_MAX, "struct event keeps an offset in two bytes");

static const char *const SEVERITIES[] = {"error", "warning", "information", "debug"};

static_assert(sizeof(SEVERITIES) / sizeof(SEVERITIES[0]) == SEVERITY_DEBUG + 1,
	"each severity has its name");

const struct event_info *event_catalogue(size_t *count)
{
	*count = sizeof(CATALOGUE) / sizeof(CATALOGUE[0]);
	return CATALOGUE;
}

const struct event_info *event_info(int id)
{
	size_t low = 0, high = sizeof(CATALOGUE) / sizeof(CATALOGUE[0]);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (CATALOGUE[middle].id == id)
			return &CATALOGUE[middle];
		if (CATALOGUE[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const char *event_severity_name(enum event_severity severity)
{
	return SEVERITIES[severity];
}

const char *event_category_label(enum event_category category)
{
	switch (category) {
#define CATEGORY(constant, number, label) \
	case constant:                    \
		return label;
		EVENT_CATEGORIES(CATEGORY)
#undef CATEGORY
	}
	return "Unknown";
}

const char *event_field_name(enum event_field field)
{
	return FIELDS[field].name;
}

bool event_field_is_text(enum event_field field)
{
	return FIELDS[field].is_text;
}

int event_field_by_name(const char *name)
{
	for (int i = 0; i < FIELD_COUNT_OF_KINDS; i++) {
		if (strcmp(FIELDS[i].name, name) == 0)
			return i;
	}
	return -1;
}

/* text is deliberately not cleared: only its first `used` bytes ever count. */
void event_start(struct event *event, int id, int64_t time_us)
{
	event->id = id;
	event->time_us = time_us;
	event->count = 0;
	event->used = 0;
	event->text[0] = '\0';
}

static int find(const struct event *event, enum event_field field)
{
	for (int i = 0; i < event->count; i++) {
		if (event->fields[i].field == field)
			return i;
	}
	return -1;
}

/* Closes the gap that the text at this offset leaves. */
static void drop_text(struct event *event, uint16_t offset)
{
	uint16_t size = (uint16_t)(strlen(event->text + offset) + 1);

	memmove(event->text + offset, event->text + offset + size, event->used - offset - size);
	event->used = (uint16_t)(event->used - size);
	for (int i = 0; i < event->count; i++) {
		if (event->fields[i].is_text && event->fields[i].offset > offset)
			event->fields[i].offset = (uint16_t)(event->fields[i].offset - size);
	}
}

static void drop_field(struct event *event, int at)
{
	if (event->fields[at].is_text)
		drop_text(event, event->fields[at].offset);
	event->count--;
	memmove(&event->fields[at], &event->fields[at + 1],
		(size_t)(event->count - at) * sizeof(event->fields[0]));
}

/*
 * A free slot for a field, or -1. What the field held before goes; the new value then stands
 * last, so that slots and texts are in one order and an event read back from JSON is the same.
 */
static int new_slot(struct event *event, enum event_field field)
{
	int at = find(event, field);

	if (at >= 0)
		drop_field(event, at);
	if (event->count == EVENT_FIELDS_MAX)
		return -1;
	at = event->count++;
	event->fields[at].field = (uint8_t)field;
	event->fields[at].is_text = false;
	event->fields[at].number = 0;
	return at;
}

static size_t room_left(const struct event *event)
{
	return (size_t)(EVENT_TEXT_MAX - event->used);
}

static void put_text(struct event *event, enum event_field field, const char *text, bool all)
{
	enum { ALWAYS = 128, LEAST = 4 }; /* text_copy() needs room for an ellipsis */

	if (!text || !*text || !event_field_is_text(field))
		return;
	int at = new_slot(event, field);
	if (at < 0)
		return;
	size_t room = room_left(event);
	if (!all && room > ALWAYS)
		room = room / 2 > ALWAYS ? room / 2 : ALWAYS;
	if (room < LEAST) {
		drop_field(event, at);
		return;
	}
	size_t length = text_copy(event->text + event->used, room, text);
	event->fields[at].is_text = true;
	event->fields[at].offset = event->used;
	event->used = (uint16_t)(event->used + length + 1);
}

void event_put_text(struct event *event, enum event_field field, const char *text)
{
	put_text(event, field, text, false);
}

void event_put_text_again(struct event *event, enum event_field field, const char *text)
{
	put_text(event, field, text, true);
}

void event_put_number(struct event *event, enum event_field field, int64_t number)
{
	if (event_field_is_text(field))
		return;
	int at = new_slot(event, field);
	if (at >= 0)
		event->fields[at].number = number;
}

void event_put_mac(struct event *event, enum event_field field, const struct mac *mac)
{
	char text[MAC_TEXT_SIZE];

	event_put_text(event, field, mac_format(mac, text));
}

void event_put_uuid(struct event *event, enum event_field field, const struct uuid *uuid)
{
	char text[UUID_TEXT_SIZE];

	event_put_text(event, field, uuid_format(uuid, text));
}

const char *event_text(const struct event *event, enum event_field field)
{
	int at = find(event, field);

	return at >= 0 && event->fields[at].is_text ? event->text + event->fields[at].offset : NULL;
}

bool event_number(const struct event *event, enum event_field field, int64_t *number)
{
	int at = find(event, field);

	if (at < 0 || event->fields[at].is_text)
		return false;
	*number = event->fields[at].number;
	return true;
}
