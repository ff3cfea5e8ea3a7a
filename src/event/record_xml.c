/* SPDX-License-Identifier: MIT */
/*
 * record_xml.c - a record of the Windows event log out of its XML
 *
 * Theory of operation: the text is walked once from tag to tag. What we want are leaves: the text
 * between a tag and the next one. Entities and hexadecimal digits are undone in place, as what
 * they stand for is never longer; the end of each leaf is written over the "<" that followed it,
 * after the walk has gone past it. Anything unknown is passed over, so a record of a newer system
 * is read for what it has.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "event/record_decode.h"

struct walk {
	char *at, *end;
	bool in_data; /* within EventData */
};

struct tag {
	const char *name; /* with the "/" of an end tag */
	size_t name_length;
	char *attributes, *end; /* up to ">" or "/>" */
	char *content, *content_end;
};

static char *find_char(char *from, const char *end, char wanted)
{
	return from < end ? memchr(from, wanted, (size_t)(end - from)) : NULL;
}

/* The ">" of a tag; one within quotes is none. */
static char *tag_end(char *at, const char *end)
{
	char quote = '\0';

	for (; at < end; at++) {
		if (quote && *at == quote)
			quote = '\0';
		else if (!quote && (*at == '"' || *at == '\''))
			quote = *at;
		else if (!quote && *at == '>')
			return at;
	}
	return NULL;
}

static bool next_tag(struct walk *walk, struct tag *tag)
{
	char *start = find_char(walk->at, walk->end, '<');
	char *close = start ? tag_end(start, walk->end) : NULL;

	if (!close)
		return false;
	char *name_end = start + 1;
	while (name_end < close && !strchr(" \t\r\n", *name_end) &&
		(*name_end != '/' || name_end == start + 1))
		name_end++;
	tag->name = start + 1;
	tag->name_length = (size_t)(name_end - tag->name);
	tag->attributes = name_end;
	tag->end = close;
	tag->content = close + 1;
	tag->content_end = find_char(close + 1, walk->end, '<');
	if (!tag->content_end)
		tag->content_end = walk->end;
	walk->at = tag->content_end;
	if (close[-1] == '/')
		tag->content_end = tag->content; /* <Data/>: an empty one */
	return true;
}

static bool is_tag(const struct tag *tag, const char *name)
{
	return tag->name_length == strlen(name) && memcmp(tag->name, name, tag->name_length) == 0;
}

static size_t put_utf8(char *to, unsigned long c)
{
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		c = 0xfffd;
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 0x3f));
	to[2] = (char)(0x80 | (c >> 6 & 0x3f));
	to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* &#65; and &#x41;. The shortest, &#0;, has room for U+FFFD. */
static size_t put_numbered(char *to, const char *digits, const char *semicolon)
{
	bool hex = *digits == 'x';
	char copy[16], *end;
	size_t length = (size_t)(semicolon - digits) - hex;

	if (length == 0 || length >= sizeof(copy))
		return 0;
	memcpy(copy, digits + hex, length);
	copy[length] = '\0';
	unsigned long c = strtoul(copy, &end, hex ? 16 : 10);
	return *end ? 0 : put_utf8(to, c);
}

/* What the entity at `at` stands for, to *to; 0 for one that is none. */
static size_t put_entity(char *to, const char *at, const char *semicolon)
{
	static const struct {
		const char *name;
		char meaning;
	} NAMED[] = {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
	size_t length = (size_t)(semicolon - at) - 1;

	if (at[1] == '#')
		return put_numbered(to, at + 2, semicolon);
	for (size_t i = 0; i < sizeof(NAMED) / sizeof(NAMED[0]); i++) {
		if (strlen(NAMED[i].name) == length && memcmp(NAMED[i].name, at + 1, length) == 0) {
			*to = NAMED[i].meaning;
			return 1;
		}
	}
	return 0;
}

/* Undoes entities and ends the text with NUL, in the place of what follows it. */
static char *take_text(char *text, char *text_end)
{
	char *to = text;

	for (char *at = text; at < text_end;) {
		char *semicolon = *at == '&' ? find_char(at, text_end, ';') : NULL;
		size_t put = semicolon ? put_entity(to, at, semicolon) : 0;

		if (put) {
			to += put;
			at = semicolon + 1;
		} else {
			*to++ = *at++;
		}
	}
	*to = '\0';
	return text;
}

static void take_binary(struct record *record, char *text, const char *text_end)
{
	size_t length = (size_t)(text_end - text) / 2;

	for (size_t i = 0; i < length; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return;
		text[i] = (char)(high << 4 | low);
	}
	record->data = text;
	record->data_length = length;
}

/* The value of an attribute, ended with NUL in the place of its quote; or NULL. */
static char *attribute(const struct tag *tag, const char *name)
{
	size_t length = strlen(name);

	for (char *at = tag->attributes; at < tag->end;) {
		char *equals = find_char(at, tag->end, '=');
		char *open = equals ? equals + 1 : NULL;
		char *close = open && open < tag->end ? find_char(open + 1, tag->end, *open) : NULL;

		if (!close)
			return NULL;
		if ((size_t)(equals - at) >= length && memcmp(equals - length, name, length) == 0 &&
			(equals - length == at ||
				strchr(" \t\r\n", equals[-(ptrdiff_t)length - 1])))
			return take_text(open + 1, close);
		at = close + 1;
	}
	return NULL;
}

static void take_leaf(struct walk *walk, const struct tag *tag, struct record *record)
{
	const char *time;

	if (is_tag(tag, "EventData") || is_tag(tag, "/EventData")) {
		walk->in_data = tag->name[0] != '/';
	} else if (is_tag(tag, "TimeCreated") && !walk->in_data) {
		time = attribute(tag, "SystemTime");
		if (time)
			clock_parse_rfc3339(time, &record->time_us);
	} else if (is_tag(tag, "EventID") && !walk->in_data) {
		long id = strtol(take_text(tag->content, tag->content_end), NULL, 10);
		record->id = id > 0 && id <= UINT16_MAX ? (int)id : 0;
	} else if (is_tag(tag, "Data") && walk->in_data) {
		if (record->string_count < EVENT_STRINGS_MOST)
			record->strings[record->string_count++] =
				take_text(tag->content, tag->content_end);
	} else if (is_tag(tag, "Binary") && walk->in_data) {
		take_binary(record, tag->content, tag->content_end);
	}
}

/* A leaf is taken when the walk has found the tag behind it: its end is written over that "<". */
bool record_from_xml(struct record *record, char *xml, size_t length)
{
	struct walk walk = {.in_data = false};
	struct tag tag, next;

	walk.at = xml;
	walk.end = xml + length;
	bool more = next_tag(&walk, &tag);
	*record = (struct record){.id = 0};
	while (more) {
		more = next_tag(&walk, &next);
		if (!more && tag.content_end == walk.end)
			break; /* a text without its end tag: the record is cut short */
		take_leaf(&walk, &tag, record);
		tag = next;
	}
	return record->id > 0;
}
