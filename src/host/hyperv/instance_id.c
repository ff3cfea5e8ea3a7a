/* SPDX-License-Identifier: MIT */
#include "host/hyperv/instance_id.h"

#include <string.h>

static const char PREFIX[] = "Microsoft:";

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool begins_with(const char *text, const char *start, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (upper(text[i]) != upper(start[i]))
			return false; /* also at the end of text */
	}
	return true;
}

/* Reads the 36 characters of a GUID at *text and moves past them. */
static bool take_guid(const char **text, struct uuid *uuid)
{
	char guid[UUID_TEXT_SIZE];
	size_t length = strnlen(*text, sizeof(guid) - 1);

	memcpy(guid, *text, length);
	guid[length] = '\0';
	if (guid[0] == '{' || !uuid_parse(guid, uuid))
		return false;
	*text += length;
	return true;
}

bool guid_parse(const char *text, struct uuid *uuid)
{
	struct uuid parsed;

	if (!take_guid(&text, &parsed) || *text)
		return false;
	*uuid = parsed;
	return true;
}

const char *guid_format(const struct uuid *uuid, char text[UUID_TEXT_SIZE])
{
	uuid_format(uuid, text);
	for (char *at = text; *at; at++)
		*at = upper(*at);
	return text;
}

bool instance_id_parse_system(const char *text, struct uuid *machine)
{
	return begins_with(text, PREFIX, sizeof(PREFIX) - 1) &&
	       guid_parse(text + sizeof(PREFIX) - 1, machine);
}

bool instance_id_parse(const char *text, struct instance_id *id)
{
	struct instance_id parsed = {0};

	if (!begins_with(text, PREFIX, sizeof(PREFIX) - 1))
		return false;
	text += sizeof(PREFIX) - 1;
	if (!take_guid(&text, &parsed.machine) || *text++ != '\\' ||
		!take_guid(&text, &parsed.device))
		return false;
	if (*text && *text++ != '\\')
		return false;
	size_t length = strlen(text);
	if (length >= sizeof(parsed.rest))
		return false;
	for (size_t i = 0; i < length; i++)
		parsed.rest[i] = upper(text[i]);
	*id = parsed;
	return true;
}

int instance_id_compare(const struct instance_id *a, const struct instance_id *b)
{
	int order = memcmp(&a->machine, &b->machine, sizeof(a->machine));

	if (order == 0)
		order = memcmp(&a->device, &b->device, sizeof(a->device));
	return order ? order : strcmp(a->rest, b->rest);
}

/* ---- object paths ---- */

const char *object_path_relative(const char *path)
{
	/* A namespace has no quotes; a colon behind the first one is part of a key's value. */
	size_t length = strcspn(path, ":\"");

	return path[length] == ':' ? path + length + 1 : path;
}

bool object_path_is(const char *path, const char *class_name)
{
	const char *relative = object_path_relative(path);
	size_t length = strlen(class_name);

	return begins_with(relative, class_name, length) &&
	       (relative[length] == '.' || relative[length] == '=' || relative[length] == '\0');
}

/* Reads `"text"` at *at into value and moves past it; with value NULL it is only skipped. */
static bool take_quoted(const char **at, char *value, size_t size)
{
	const char *text = *at;
	size_t used = 0;

	if (*text++ != '"')
		return false;
	while (*text && *text != '"') {
		if (*text == '\\' && *++text == '\0')
			return false;
		if (value && used + 1 >= size)
			return false;
		if (value)
			value[used++] = *text;
		text++;
	}
	if (*text++ != '"')
		return false;
	if (value)
		value[used] = '\0';
	*at = text;
	return true;
}

bool object_path_key(const char *path, const char *key, char *value, size_t size)
{
	const char *at = object_path_relative(path);
	size_t length = strlen(key);

	at += strcspn(at, ".=\"");
	while (*at == '.' || *at == ',') {
		const char *name = ++at;
		at += strcspn(at, "=,\"");
		if (*at != '=')
			return false;
		bool found = (size_t)(at - name) == length && begins_with(name, key, length);
		at++;
		if (*at != '"') { /* a number, or a boolean: never what we look for */
			at += strcspn(at, ",");
			continue;
		}
		if (!take_quoted(&at, found ? value : NULL, size))
			return false;
		if (found)
			return *at == ',' || *at == '\0';
	}
	return false;
}

bool wmi_escape(const char *text, char quote, char *target, size_t size)
{
	size_t used = 0;

	for (; *text; text++) {
		size_t more = *text == quote || *text == '\\' ? 2 : 1;

		if (more >= size - used)
			return false;
		if (more == 2)
			target[used++] = '\\';
		target[used++] = *text;
	}
	target[used] = '\0';
	return true;
}
