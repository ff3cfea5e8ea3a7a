/* SPDX-License-Identifier: MIT */
#include "event/template.h"

#include <string.h>

#include "event/event.h"

static int field_by_name(const char *name, size_t length)
{
	char copy[32];

	if (length >= sizeof(copy))
		return -1;
	memcpy(copy, name, length);
	copy[length] = '\0';
	return event_field_by_name(copy);
}

/* What a bracket or a brace holds; false when it does not end. */
static bool take_enclosed(
	const char **at, const char *end, char closing, struct template_piece *piece)
{
	const char *start = *at + 1;
	const char *close = memchr(start, closing, (size_t)(end - start));

	if (!close)
		return false;
	piece->start = start;
	piece->length = (size_t)(close - start);
	*at = close + 1;
	return true;
}

enum template_kind template_next(const char **at, const char *end, struct template_piece *piece)
{
	*piece = (struct template_piece){.kind = TEMPLATE_END, .start = *at, .field = -1};
	if (*at == end)
		return TEMPLATE_END;
	if (**at == '{' && take_enclosed(at, end, '}', piece)) {
		piece->field = field_by_name(piece->start, piece->length);
		return piece->kind = TEMPLATE_FIELD;
	}
	if (**at == '[' && take_enclosed(at, end, ']', piece))
		return piece->kind = TEMPLATE_PART;
	do {
		(*at)++;
	} while (*at != end && **at != '{' && **at != '[');
	piece->length = (size_t)(*at - piece->start);
	return piece->kind = TEMPLATE_TEXT;
}

bool template_parameter(const char **at, int *field)
{
	const char *name = *at + strspn(*at, " ");
	size_t length = strcspn(name, " ");

	*at = name + length;
	*field = field_by_name(name, length);
	return length > 0;
}
