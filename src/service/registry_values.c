/* SPDX-License-Identifier: MIT */
/*
 * registry_values.c - settings that stand in the registry, as the text of a settings file
 *
 * Theory of operation. settings_read() gives every key that no line names its default, and lets
 * a key whose line is bad keep its value. So all values have to be read as one text, and a value
 * that cannot even be made a line has to stand in it all the same: an allow-list with broken
 * bytes must never be read as "no list, all allowed". Such a value becomes the line
 *
 *     name, a blank, the reason
 *
 * which is bad because it has no "=" (reasons have none). settings_read() complains about it, and
 * its complaint is replaced by the reason, which is found by the number of the line.
 */
#include "service/registry_values.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* ---- bytes into text ---- */

static uint32_t unit_at(const uint8_t *bytes, size_t index)
{
	return (uint32_t)bytes[index * 2] | (uint32_t)bytes[index * 2 + 1] << 8;
}

static void append_character(struct buffer *text, uint32_t c)
{
	char bytes[4];
	size_t length = 0;

	if (c < 0x80) {
		bytes[length++] = (char)c;
	} else if (c < 0x800) {
		bytes[length++] = (char)(0xc0 | c >> 6);
		bytes[length++] = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		bytes[length++] = (char)(0xe0 | c >> 12);
		bytes[length++] = (char)(0x80 | (c >> 6 & 0x3f));
		bytes[length++] = (char)(0x80 | (c & 0x3f));
	} else {
		bytes[length++] = (char)(0xf0 | c >> 18);
		bytes[length++] = (char)(0x80 | (c >> 12 & 0x3f));
		bytes[length++] = (char)(0x80 | (c >> 6 & 0x3f));
		bytes[length++] = (char)(0x80 | (c & 0x3f));
	}
	buffer_append(text, bytes, length);
}

/* UTF-16 without a NUL (RFC 2781). */
static const char *append_units(
	const uint8_t *bytes, size_t first, size_t count, struct buffer *text)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t c = unit_at(bytes, first + i);

		if (c >= 0xd800 && c <= 0xdfff) {
			uint32_t low = i + 1 < count ? unit_at(bytes, first + i + 1) : 0;

			if (c > 0xdbff || low < 0xdc00 || low > 0xdfff)
				return "the value is not valid UTF-16";
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			i++;
		}
		if (c != '\t' && text_is_control(c))
			return "the value holds a control character";
		append_character(text, c);
	}
	return NULL;
}

/* Characters before the NUL at or after `first`; `count` where there is none. */
static size_t find_nul(const uint8_t *bytes, size_t first, size_t count)
{
	while (first < count && unit_at(bytes, first) != 0)
		first++;
	return first;
}

static bool only_nuls(const uint8_t *bytes, size_t first, size_t count)
{
	while (first < count && unit_at(bytes, first) == 0)
		first++;
	return first == count;
}

static const char *text_of_one(const uint8_t *bytes, size_t count, struct buffer *text)
{
	size_t end = find_nul(bytes, 0, count);

	if (end == count)
		return "the value does not end with a NUL character";
	/* Some programs write the whole of a cleared array. */
	if (!only_nuls(bytes, end, count))
		return "the value holds a NUL character";
	return append_units(bytes, 0, end, text);
}

static const char *text_of_several(const uint8_t *bytes, size_t count, struct buffer *text)
{
	for (size_t at = 0; at < count;) {
		size_t end = find_nul(bytes, at, count);

		if (end == count)
			return "the value does not end with a NUL character";
		if (end == at)
			return only_nuls(bytes, at, count)
				       ? NULL
				       : "the value holds an empty text, which ends the list";
		if (at > 0)
			buffer_text(text, ", ");
		const char *why = append_units(bytes, at, end - at, text);
		if (why)
			return why;
		at = end + 1;
	}
	return "the value does not end with an empty text";
}

static const char *text_of_words(
	uint32_t type, const uint8_t *bytes, size_t length, struct buffer *text)
{
	if (length % 2 != 0)
		return "the value has an odd number of bytes, which no text has";
	return type == REGISTRY_TEXTS ? text_of_several(bytes, length / 2, text)
				      : text_of_one(bytes, length / 2, text);
}

static const char *text_of_number(
	uint32_t type, const uint8_t *bytes, size_t length, struct buffer *text)
{
	uint64_t number = 0;

	if (length != (type == REGISTRY_LONG_NUMBER ? 8 : 4))
		return "the value is not as long as a number of its type";
	for (size_t i = 0; i < length; i++)
		number = number << 8 |
			 bytes[type == REGISTRY_NUMBER_BIG_ENDIAN ? i : length - 1 - i];
	buffer_printf(text, "%" PRIu64, number);
	return NULL;
}

const char *registry_value_text(
	uint32_t type, const void *bytes, size_t length, struct buffer *text)
{
	struct buffer read = {0};
	const char *why;

	switch (type) {
	case REGISTRY_TEXT:
	case REGISTRY_EXPANDED_TEXT:
	case REGISTRY_TEXTS:
		/* No character is shorter in UTF-8 than half of its bytes in UTF-16. */
		why = length > 2 * ((size_t)REGISTRY_TEXT_MAX + 16)
			      ? "the value is too long"
			      : text_of_words(type, bytes, length, &read);
		break;
	case REGISTRY_NUMBER:
	case REGISTRY_NUMBER_BIG_ENDIAN:
	case REGISTRY_LONG_NUMBER:
		why = text_of_number(type, bytes, length, &read);
		break;
	default:
		why = "the value is neither a text nor a number";
		break;
	}
	if (!why && read.length > REGISTRY_TEXT_MAX)
		why = "the value is too long";
	if (!why && read.failed)
		why = "there is not enough memory for the value";
	if (!why)
		buffer_append(text, read.data, read.length);
	buffer_free(&read);
	return why;
}

/* ---- values into lines ---- */

static bool is_setting(const char *name)
{
	size_t count;
	const struct setting_info *table = settings_table(&count);

	for (size_t i = 0; i < count; i++) {
		if (text_equal_ignoring_case(name, table[i].key))
			return true;
	}
	return false;
}

/* A name that was meant to be a setting's, and that can stand in a line. */
static bool is_like_setting(const char *name)
{
	return *name != '\0' && name[strspn(name, "abcdefghijklmnopqrstuvwxyz-")] == '\0';
}

static const char *expand_text(struct buffer *text, registry_expand_fn *expand)
{
	struct buffer expanded = {0};
	const char *why = expand(text->data, &expanded);

	/* What is in a variable was not looked at before. */
	for (size_t at = 0; !why && at < expanded.length;) {
		uint32_t c;
		size_t take = text_decode(expanded.data + at, expanded.length - at, &c);

		if (take == 0 || (c != '\t' && text_is_control(c)))
			why = "a variable in the value holds a control character";
		at += take;
	}
	if (!why && expanded.length > REGISTRY_TEXT_MAX)
		why = "the value is too long with its variables replaced";
	if (!why && expanded.failed)
		why = "there is not enough memory for the value";
	if (!why) {
		buffer_clear(text);
		buffer_append(text, expanded.data, expanded.length);
	}
	buffer_free(&expanded);
	return why;
}

/* The value's text, or why there is none. */
static const char *value_text(uint32_t type, const void *bytes, size_t length,
	registry_expand_fn *expand, struct buffer *text)
{
	const char *why = registry_value_text(type, bytes, length, text);

	if (!why && type == REGISTRY_EXPANDED_TEXT && expand)
		why = expand_text(text, expand);
	if (!why && text->failed)
		why = "there is not enough memory for the value";
	return why;
}

void registry_values_add(struct registry_values *values, const char *name, uint32_t type,
	const void *bytes, size_t length, registry_expand_fn *expand)
{
	bool known = is_setting(name);
	struct buffer text = {0};

	if (!known && !is_like_setting(name))
		return;
	buffer_text(&values->lines, name);
	const char *why = known ? value_text(type, bytes, length, expand, &text) : NULL;
	if (why) {
		buffer_text(&values->lines, " ");
		buffer_text(&values->lines, why);
	} else {
		buffer_text(&values->lines, " = ");
		buffer_append(&values->lines, text.data, text.length);
	}
	buffer_text(&values->lines, "\n");
	buffer_free(&text);
}

struct reading {
	const struct registry_values *values;
	settings_trouble_fn *trouble;
	void *context;
};

/* The reason of a line that stands for a value that could be made none; NULL for others. */
static const char *find_reason(
	const struct registry_values *values, unsigned line, char reason[128])
{
	const char *at = values->lines.data, *end, *blank;

	while (line > 1 && at) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
		line--;
	}
	end = at ? strchr(at, '\n') : NULL;
	if (!end || memchr(at, '=', (size_t)(end - at)))
		return NULL;
	blank = memchr(at, ' ', (size_t)(end - at));
	if (!blank)
		return NULL;
	snprintf(reason, 128, "%.*s", (int)(end - blank - 1), blank + 1);
	return reason;
}

static void tell(void *context, unsigned line, const char *key, const char *why)
{
	const struct reading *reading = context;
	char reason[128];
	const char *better = *key ? find_reason(reading->values, line, reason) : NULL;

	reading->trouble(reading->context, 0, key, better ? better : why);
}

int registry_values_read(const struct registry_values *values, struct settings *settings,
	settings_trouble_fn *trouble, void *context, struct error *error)
{
	struct reading reading = {values, trouble, context};

	if (values->lines.failed)
		return error_set(error, ERR_FAILED, "there is not enough memory for the settings");
	settings_read(settings, values->lines.data ? values->lines.data : "", values->lines.length,
		trouble ? tell : NULL, &reading);
	return 0;
}

bool registry_values_equal(const struct registry_values *a, const struct registry_values *b)
{
	return a->lines.length == b->lines.length && a->lines.failed == b->lines.failed &&
	       (a->lines.length == 0 || memcmp(a->lines.data, b->lines.data, a->lines.length) == 0);
}

void registry_values_free(struct registry_values *values)
{
	buffer_free(&values->lines);
}
