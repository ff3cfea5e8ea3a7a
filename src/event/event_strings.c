/* SPDX-License-Identifier: MIT */
#include "event/event_strings.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "event/template.h"

enum {
	NUMBER_LENGTH = 20, /* of INT64_MIN */
	/* A parameter or an optional part before anything in it is escaped: an event's whole text.
	 */
	RAW_SIZE = EVENT_TEXT_MAX + EVENT_TEMPLATE_MOST + EVENT_FIELDS_MAX * NUMBER_LENGTH + 1,
	/* text_printable() makes \x01 of one byte, and we three bytes of a percent sign. */
	ESCAPED = 4,
};

/* Each text of an event can stand in two strings: as a parameter, and within an optional part. */
static_assert(2 * (ESCAPED * EVENT_TEXT_MAX + EVENT_FIELDS_MAX * NUMBER_LENGTH) +
			      EVENT_TEMPLATE_MOST + EVENT_STRINGS_MOST * (int)sizeof("unknown") <
		      EVENT_STRINGS_SIZE,
	"the strings of any event have room");
static_assert(ESCAPED * RAW_SIZE < EVENT_STRING_LENGTH_MOST, "no string is longer than it may be");

static const char WIDE_PERCENT[] = "\xef\xbc\x85"; /* U+FF05 */

static bool is_expanded(const char *percent)
{
	char next = percent[1];

	return (next >= '0' && next <= '9') || next == '%' || next == '{';
}

/* The next string. The static_assert above says that it fits; were it not so, it would be cut. */
static void add(struct event_strings *strings, const char *raw)
{
	char shown[ESCAPED * RAW_SIZE];
	char *start = strings->text + strings->used, *to = start;
	const char *end = strings->text + sizeof(strings->text) - sizeof(WIDE_PERCENT);

	if (strings->count == EVENT_STRINGS_MOST || start >= end)
		return;
	text_printable(shown, sizeof(shown), raw);
	for (const char *at = shown; *at && to < end; at++) {
		if (*at == '%' && is_expanded(at)) {
			memcpy(to, WIDE_PERCENT, sizeof(WIDE_PERCENT) - 1);
			to += sizeof(WIDE_PERCENT) - 1;
		} else {
			*to++ = *at;
		}
	}
	*to++ = '\0';
	strings->items[strings->count++] = start;
	strings->used += (size_t)(to - start);
}

/* The piece of a string that is being put together, which is cut at its size. */
struct raw {
	size_t length;
	char text[RAW_SIZE];
};

static void raw_append(struct raw *raw, const char *text, size_t length)
{
	if (length > sizeof(raw->text) - 1 - raw->length)
		length = sizeof(raw->text) - 1 - raw->length;
	memcpy(raw->text + raw->length, text, length);
	raw->length += length;
	raw->text[raw->length] = '\0';
}

/* False when the event does not have the field. */
static bool raw_value(struct raw *raw, const struct event *event, int field)
{
	char digits[NUMBER_LENGTH + 1];
	const char *text;
	int64_t number;

	if (field < 0)
		return false;
	text = event_text(event, (enum event_field)field);
	if (!text && event_number(event, (enum event_field)field, &number)) {
		snprintf(digits, sizeof(digits), "%" PRId64, number);
		text = digits;
	}
	if (text)
		raw_append(raw, text, strlen(text));
	return text != NULL;
}

/* Whether the sentence has the field outside of its optional parts. */
static bool is_needed(const char *message, int field)
{
	const char *at = message, *end = message + strlen(message);
	struct template_piece piece;

	while (template_next(&at, end, &piece)) {
		if (piece.kind == TEMPLATE_FIELD && piece.field == field)
			return true;
	}
	return false;
}

static void add_parameter(
	struct event_strings *strings, const struct event *event, const char *message, int field)
{
	struct raw raw = {.length = 0};

	if (raw_value(&raw, event, field))
		add(strings, raw.text);
	else
		add(strings, is_needed(message, field) ? "unknown" : "-");
}

/* Empty when the event lacks a field of it. */
static void add_part(
	struct event_strings *strings, const struct event *event, const struct template_piece *part)
{
	const char *at = part->start, *end = part->start + part->length;
	struct raw raw = {.length = 0};
	struct template_piece piece;

	while (template_next(&at, end, &piece)) {
		if (piece.kind != TEMPLATE_FIELD) {
			raw_append(&raw, piece.start, piece.length);
		} else if (!raw_value(&raw, event, piece.field)) {
			add(strings, "");
			return;
		}
	}
	add(strings, raw.text);
}

static void add_unknown(struct event_strings *strings, const struct event *event)
{
	struct raw raw = {.length = 0};
	struct buffer message = {0};

	event_message(event, &message);
	if (message.data)
		text_copy(raw.text, sizeof(raw.text), message.data);
	buffer_free(&message);
	add(strings, raw.text);
}

void event_strings(const struct event *event, struct event_strings *strings)
{
	const struct event_info *info = event_info(event->id);
	struct template_piece piece;
	int field;

	strings->count = 0;
	strings->used = 0;
	if (!info) {
		add_unknown(strings, event);
		return;
	}
	for (const char *at = info->parameters; template_parameter(&at, &field);)
		add_parameter(strings, event, info->message, field);
	for (const char *at = info->message, *end = at + strlen(at);
		template_next(&at, end, &piece);) {
		if (piece.kind == TEMPLATE_PART)
			add_part(strings, event, &piece);
	}
}

uint32_t event_message_id(const struct event_info *info)
{
	static const uint32_t SEVERITY[] = {
		[SEVERITY_ERROR] = 3,
		[SEVERITY_WARNING] = 2,
		[SEVERITY_INFORMATION] = 1,
		[SEVERITY_DEBUG] = 1,
	};

	return SEVERITY[info->severity] << 30 | (uint32_t)info->id;
}
