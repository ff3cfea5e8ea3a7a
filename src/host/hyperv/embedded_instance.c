/* SPDX-License-Identifier: MIT */
/*
 * embedded_instance.c - reads CIM-XML
 *
 * Theory of operation: one walk over the text, tag by tag. Only the depth is remembered: values
 * count when they stand in <VALUE> in a <PROPERTY> right below the first element, so whatever an
 * array or a nested object holds is passed over. A document type, which WMI never writes, ends
 * the reading: there are no entities but XML's own five and characters by number.
 */
#include "host/hyperv/embedded_instance.h"

#include <stdint.h>
#include <string.h>

#include "base/hex.h"
#include "base/text.h"

enum { DEPTH_MAX = 32, NAME_SIZE = 64, VALUE_MAX = 4096 };

struct reading {
	const char *at, *end;
	const struct embedded_field *fields;
	size_t count;
	unsigned depth;                     /* of open elements */
	const struct embedded_field *field; /* of the PROPERTY that is open; NULL: not wanted */
	bool in_value;
	size_t value_length;
	char value[VALUE_MAX];
};

struct tag {
	const char *name;
	size_t length;
	const char *attributes, *end; /* up to the tag's last bracket or slash */
	bool closing, empty;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *find(const char *at, const char *end, const char *what)
{
	size_t length = strlen(what);

	for (; length <= (size_t)(end - at); at++) {
		if (memcmp(at, what, length) == 0)
			return at;
	}
	return NULL;
}

static bool starts(const struct reading *reading, const char *what)
{
	size_t length = strlen(what);

	return length <= (size_t)(reading->end - reading->at) &&
	       memcmp(reading->at, what, length) == 0;
}

/* ---- text ---- */

static size_t put_character(uint32_t c, char bytes[4])
{
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		c = 0xfffd;
	if (c < 0x80) {
		bytes[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		bytes[0] = (char)(0xc0 | c >> 6);
		bytes[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		bytes[0] = (char)(0xe0 | c >> 12);
		bytes[1] = (char)(0x80 | (c >> 6 & 0x3f));
		bytes[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	bytes[0] = (char)(0xf0 | c >> 18);
	bytes[1] = (char)(0x80 | (c >> 12 & 0x3f));
	bytes[2] = (char)(0x80 | (c >> 6 & 0x3f));
	bytes[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* `#65` or `#x41`; 0, which no text may have, for what is no number. */
static uint32_t character_number(const char *text, size_t length)
{
	unsigned base = length > 1 && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
	uint32_t value = 0;

	for (size_t i = base == 16 ? 2 : 1; i < length; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0 || (unsigned)digit >= base || value > 0x10ffff)
			return 0;
		value = value * base + (unsigned)digit;
	}
	return value;
}

/* The character that stands for `&…;`, whose name is given; U+FFFD for one that is not known. */
static uint32_t entity(const char *name, size_t length)
{
	static const struct {
		const char *name;
		char character;
	} NAMED[] = {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};

	if (length > 1 && name[0] == '#')
		return character_number(name, length);
	for (size_t i = 0; i < sizeof(NAMED) / sizeof(NAMED[0]); i++) {
		if (strlen(NAMED[i].name) == length && memcmp(NAMED[i].name, name, length) == 0)
			return (unsigned char)NAMED[i].character;
	}
	return 0xfffd;
}

/* Writes text[0..length) with its entities resolved behind what is there already. */
static size_t unescape(const char *text, size_t length, char *target, size_t used, size_t size)
{
	enum { ENTITY_MAX = 12 };

	for (size_t i = 0; i < length;) {
		char bytes[4] = {text[i]};
		size_t put = 1, take = 1;

		if (text[i] == '&') {
			size_t left = length - i - 1;
			const char *end =
				memchr(text + i + 1, ';', left < ENTITY_MAX ? left : ENTITY_MAX);

			if (end) {
				take = (size_t)(end - (text + i)) + 1;
				put = put_character(entity(text + i + 1, take - 2), bytes);
			}
		}
		if (put > size - used)
			break;
		memcpy(target + used, bytes, put);
		used += put;
		i += take;
	}
	return used;
}

static void take_text(struct reading *reading, const char *text, size_t length, bool literal)
{
	size_t room = sizeof(reading->value) - reading->value_length;

	if (!reading->in_value)
		return;
	if (literal) {
		size_t put = length < room ? length : room;

		memcpy(reading->value + reading->value_length, text, put);
		reading->value_length += put;
	} else {
		reading->value_length = unescape(text, length, reading->value,
			reading->value_length, sizeof(reading->value));
	}
}

/* ---- tags ---- */

/* Splits the tag whose inside is given. */
static bool split_tag(const char *inside, const char *end, struct tag *tag)
{
	*tag = (struct tag){.end = end};
	if (inside < end && *inside == '/') {
		tag->closing = true;
		inside++;
	} else if (inside < end && end[-1] == '/') {
		tag->empty = true;
		tag->end = end - 1;
	}
	tag->name = inside;
	while (inside < tag->end && !is_space(*inside))
		inside++;
	tag->length = (size_t)(inside - tag->name);
	tag->attributes = inside;
	return tag->length > 0;
}

static bool is_tag(const struct tag *tag, const char *name)
{
	return strlen(name) == tag->length && memcmp(tag->name, name, tag->length) == 0;
}

/* The tag's end, past brackets within quotes; NULL when it has none. */
static const char *find_tag_end(const char *at, const char *end)
{
	char quote = 0;

	for (; at < end; at++) {
		if (quote)
			quote = *at == quote ? 0 : quote;
		else if (*at == '"' || *at == '\'')
			quote = *at;
		else if (*at == '>')
			return at;
		else if (*at == '<')
			return NULL;
	}
	return NULL;
}

/* The attribute NAME of the tag, resolved; false when it has none that can be read. */
static bool name_attribute(const struct tag *tag, char name[NAME_SIZE])
{
	const char *at = tag->attributes;

	while (at < tag->end) {
		while (at < tag->end && is_space(*at))
			at++;
		const char *key = at;
		while (at < tag->end && *at != '=' && !is_space(*at))
			at++;
		size_t length = (size_t)(at - key);
		while (at < tag->end && is_space(*at))
			at++;
		if (at == tag->end || *at++ != '=')
			return false;
		while (at < tag->end && is_space(*at))
			at++;
		if (at == tag->end || (*at != '"' && *at != '\''))
			return false;
		const char *close = memchr(at + 1, *at, (size_t)(tag->end - at - 1));
		if (!close)
			return false;
		if (length == 4 && memcmp(key, "NAME", 4) == 0) {
			size_t used =
				unescape(at + 1, (size_t)(close - at - 1), name, 0, NAME_SIZE - 1);
			name[used] = '\0';
			return true;
		}
		at = close + 1;
	}
	return false;
}

static const struct embedded_field *find_field(const struct reading *reading, const struct tag *tag)
{
	char name[NAME_SIZE];

	if (!name_attribute(tag, name))
		return NULL;
	for (size_t i = 0; i < reading->count; i++) {
		if (text_equal_ignoring_case(reading->fields[i].name, name))
			return &reading->fields[i];
	}
	return NULL;
}

static void open_element(struct reading *reading, const struct tag *tag)
{
	if (reading->depth == 1 && is_tag(tag, "PROPERTY")) {
		reading->field = find_field(reading, tag);
	} else if (reading->depth == 2 && reading->field && is_tag(tag, "VALUE")) {
		reading->in_value = true;
		reading->value_length = 0;
	} else {
		reading->in_value = false;
	}
	reading->depth++;
}

static bool close_element(struct reading *reading, const struct tag *tag)
{
	if (reading->depth == 0)
		return false;
	reading->depth--;
	if (reading->depth == 2 && reading->in_value && is_tag(tag, "VALUE"))
		text_copy_bytes(reading->field->value, reading->field->size, reading->value,
			reading->value_length);
	reading->in_value = false;
	if (reading->depth == 1)
		reading->field = NULL;
	return true;
}

static bool read_tag(struct reading *reading)
{
	const char *end = find_tag_end(reading->at + 1, reading->end);
	struct tag tag;

	if (!end || !split_tag(reading->at + 1, end, &tag))
		return false;
	reading->at = end + 1;
	if (tag.closing)
		return close_element(reading, &tag);
	if (reading->depth == 0 && !is_tag(&tag, "INSTANCE"))
		return false;
	if (reading->depth >= DEPTH_MAX)
		return false;
	open_element(reading, &tag);
	return !tag.empty || close_element(reading, &tag);
}

/* Something between `<!` or `<?` and its end. */
static bool read_special(struct reading *reading)
{
	static const char CDATA[] = "<![CDATA[";
	bool cdata = starts(reading, CDATA);
	const char *ending = cdata ? "]]>" : starts(reading, "<!--") ? "-->" : "?>";

	if (!cdata && !starts(reading, "<!--") && !starts(reading, "<?"))
		return false;
	const char *text = reading->at + (cdata ? sizeof(CDATA) - 1 : 2);
	const char *end = find(text, reading->end, ending);
	if (!end)
		return false;
	if (cdata)
		take_text(reading, text, (size_t)(end - text), true);
	reading->at = end + strlen(ending);
	return true;
}

bool embedded_instance_read(
	const char *xml, size_t length, const struct embedded_field *fields, size_t count)
{
	struct reading reading = {.at = xml, .end = xml + length, .fields = fields, .count = count};
	bool found = false;

	for (size_t i = 0; i < count; i++)
		fields[i].value[0] = '\0';
	if (length > EMBEDDED_INSTANCE_MAX)
		return false;
	while (reading.at < reading.end) {
		const char *tag = memchr(reading.at, '<', (size_t)(reading.end - reading.at));
		const char *text_end = tag ? tag : reading.end;

		take_text(&reading, reading.at, (size_t)(text_end - reading.at), false);
		reading.at = text_end;
		if (!tag)
			break;
		bool special = reading.end - tag > 1 && (tag[1] == '!' || tag[1] == '?');
		if (special ? !read_special(&reading) : !read_tag(&reading))
			return false;
		found = true;
	}
	return found && reading.depth == 0;
}
