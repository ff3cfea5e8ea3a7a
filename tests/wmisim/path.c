/* SPDX-License-Identifier: MIT */
#include "path.h"

#include <string.h>

#include "heap.h"

enum name_space name_space_find(const char *text)
{
	for (unsigned space = HYPERV; space < NAME_SPACES; space++) {
		const char *known = name_space_text(space), *given = text;

		for (; *known && *given; known++, given++) {
			if (fold(*given == '/' ? '\\' : *given) != fold(*known))
				break;
		}
		if (!*known && !*given)
			return space;
	}
	return ANYWHERE;
}

static bool is_name_char(char c, bool first)
{
	return c == '_' || (fold(c) >= 'a' && fold(c) <= 'z') || (!first && c >= '0' && c <= '9') ||
	       (unsigned char)c >= 0x80;
}

/* A name into `name`; the text behind it, or NULL where there is none or it is too long. */
static const char *read_name(const char *text, char *name, size_t size)
{
	size_t length = 0;

	while (is_name_char(text[length], length == 0))
		length++;
	if (length == 0 || length >= size)
		return NULL;
	memcpy(name, text, length);
	name[length] = '\0';
	return text + length;
}

/* Server and name space up to the colon. */
static const char *read_head(struct path *path, const char *text)
{
	const char *quote = strpbrk(text, "\"'"), *colon = strchr(text, ':'), *start = text;
	size_t length;

	if (!colon || (quote && quote < colon))
		return text;
	if ((start[0] == '\\' && start[1] == '\\') || (start[0] == '/' && start[1] == '/')) {
		start += 2;
		length = strcspn(start, "\\/");
		if (length == 0 || length >= sizeof(path->server) || start + length >= colon)
			return NULL;
		memcpy(path->server, start, length);
		start += length + 1;
	}
	length = (size_t)(colon - start);
	if (length == 0 || length >= sizeof(path->space))
		return NULL;
	for (size_t i = 0; i < length; i++)
		path->space[i] = start[i] == '/' ? '\\' : start[i];
	return colon + 1;
}

static const char *read_quoted(const char *text, char **room)
{
	char quote = *text++;

	for (; *text != quote; text++) {
		if (*text == '\\') {
			text++;
			if (*text != '\\' && *text != '"' && *text != '\'')
				return NULL;
		}
		if (!*text)
			return NULL;
		*(*room)++ = *text;
	}
	*(*room)++ = '\0';
	return text + 1;
}

static const char *read_value(const char *text, char **room)
{
	const char *start = text;

	if (*text == '"' || *text == '\'')
		return read_quoted(text, room);
	if (fold_starts(text, "TRUE") || fold_starts(text, "FALSE")) {
		while (is_name_char(*text, false))
			*(*room)++ = *text++;
	} else {
		if (*text == '-')
			*(*room)++ = *text++;
		while ((*text >= '0' && *text <= '9') || fold(*text) == 'x')
			*(*room)++ = *text++;
	}
	*(*room)++ = '\0';
	return text > start ? text : NULL;
}

static bool read_keys(struct path *path, const char *text)
{
	char *room = path->texts = heap_alloc(strlen(text) + PATH_KEYS + 1);
	bool named = *text == '.';

	for (;;) {
		if (path->key_count == PATH_KEYS)
			return false;
		text++; /* the . the , or, without a name, the = */
		if (named) {
			text = read_name(text, path->key_names[path->key_count], 64);
			if (!text || *text++ != '=')
				return false;
		}
		path->key_values[path->key_count++] = room;
		text = read_value(text, &room);
		if (!text)
			return false;
		if (!*text)
			return true;
		if (*text != ',' || !named)
			return false;
	}
}

bool path_parse(struct path *path, const char *text)
{
	*path = (struct path){.is_class = true};
	text = read_head(path, text);
	if (text)
		text = read_name(text, path->class_name, sizeof(path->class_name));
	if (!text)
		return false;
	if (!*text)
		return true;
	path->is_class = false;
	if ((*text == '.' || *text == '=') && read_keys(path, text))
		return true;
	path_free(path);
	return false;
}

void path_free(struct path *path)
{
	heap_free(path->texts);
	path->texts = NULL;
}

/* The next key of the class in alphabetical order behind `after`, or NO_PROPERTY. */
static unsigned next_key(const struct class *class, const char *after)
{
	unsigned best = NO_PROPERTY;

	for (unsigned i = 0; i < class->property_count; i++) {
		const struct property *property = &class->properties[i];

		if (!(property->flags & KEYED) || fold_compare(property->name, after) <= 0)
			continue;
		if (best == NO_PROPERTY ||
			fold_compare(property->name, class->properties[best].name) < 0)
			best = i;
	}
	return best;
}

bool path_exists(const struct image *image)
{
	bool any = false;

	for (unsigned i = 0; i < image->class->property_count; i++) {
		if (!(image->class->properties[i].flags & KEYED))
			continue;
		any = true;
		if (!image_value(image, i))
			return false;
	}
	return any;
}

static void write_key(struct buffer *buffer, const struct value *value, unsigned type)
{
	if (value->kind == VALUE_TEXT)
		buffer_add_quoted(buffer, value->text);
	else
		value_write(buffer, type, value);
}

void path_write_relative(struct buffer *buffer, const struct image *image)
{
	const struct class *class = image->class;
	char separator = '.';
	const char *after = "";

	buffer_add_text(buffer, class->name);
	for (unsigned key; (key = next_key(class, after)) != NO_PROPERTY; separator = ',') {
		const struct value *value = image_value(image, key);

		after = class->properties[key].name;
		buffer_add_char(buffer, separator);
		buffer_add_text(buffer, after);
		buffer_add_char(buffer, '=');
		if (value)
			write_key(buffer, value, class->properties[key].type);
	}
}

void path_write(struct buffer *buffer, const char *server, const struct image *image)
{
	buffer_printf(buffer, "\\\\%s\\%s:", server, name_space_text(image->class->space));
	path_write_relative(buffer, image);
}
