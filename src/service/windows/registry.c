/* SPDX-License-Identifier: MIT */
#include "service/windows/registry.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/windows/wide.h"

/* Behind our own: it makes `interface` a macro. */
#include <windows.h>

enum {
	NAME_SIZE = 16384, /* characters: the longest name of a value, and its NUL */
	DATA_SIZE = 16384, /* bytes: more than any setting's text has */
	VALUES_MAX = 4096,
};

const char *registry_path_below(const char *path)
{
	static const char *const ROOTS[] = {"HKLM\\", "HKEY_LOCAL_MACHINE\\"};
	char start[32];

	for (size_t i = 0; i < sizeof(ROOTS) / sizeof(ROOTS[0]); i++) {
		size_t length = strlen(ROOTS[i]);

		if (strlen(path) < length)
			continue;
		memcpy(start, path, length);
		start[length] = '\0';
		if (text_equal_ignoring_case(start, ROOTS[i]))
			return path + length;
	}
	return path;
}

LONG registry_open(const char *path, ACCESS_MASK rights, HKEY *key)
{
	wchar_t *wide = wide_from_utf8(registry_path_below(path));
	LONG failed = ERROR_NOT_ENOUGH_MEMORY;

	if (wide)
		failed = RegOpenKeyExW(HKEY_LOCAL_MACHINE, wide, 0, rights, key);
	free(wide);
	return failed;
}

/* Text of %VARIABLES%, as the registry's REG_EXPAND_SZ means them. */
static const char *expand(const char *text, struct buffer *expanded)
{
	const char *why = "there is not enough memory to replace its variables";
	wchar_t *wide = wide_from_utf8(text);
	wchar_t *result = malloc(DATA_SIZE * sizeof(*result));
	char *narrow = NULL;

	if (wide && result) {
		DWORD length = ExpandEnvironmentStringsW(wide, result, DATA_SIZE);

		if (length == 0 || length > DATA_SIZE)
			why = "its variables cannot be replaced";
		else
			narrow = wide_to_new_utf8(result);
	}
	if (narrow) {
		buffer_text(expanded, narrow);
		why = NULL;
	}
	free(narrow);
	free(result);
	free(wide);
	return why;
}

struct listing {
	struct registry_values *values;
	wchar_t name[NAME_SIZE];
	uint8_t data[DATA_SIZE];
};

/* The value of this number; false after the last one, or with *failed. */
static bool list_value(HKEY key, DWORD index, struct listing *listing, LONG *failed)
{
	DWORD name_length = NAME_SIZE, length = DATA_SIZE, type = 0;
	LONG result = RegEnumValueW(
		key, index, listing->name, &name_length, NULL, &type, listing->data, &length);

	if (result == ERROR_MORE_DATA) {
		/* No setting's text is as long as that: it is refused by its length alone. */
		name_length = NAME_SIZE;
		length = DATA_SIZE;
		type = REGISTRY_TEXT;
		result = RegEnumValueW(
			key, index, listing->name, &name_length, NULL, NULL, NULL, NULL);
	}
	if (result != ERROR_SUCCESS) {
		*failed = result == ERROR_NO_MORE_ITEMS ? ERROR_SUCCESS : result;
		return false;
	}
	char *name = wide_to_new_utf8(listing->name);
	if (!name) {
		*failed = ERROR_NOT_ENOUGH_MEMORY;
		return false;
	}
	registry_values_add(listing->values, name, type, listing->data, length, expand);
	free(name);
	return true;
}

static bool is_missing(LONG failed)
{
	return failed == ERROR_FILE_NOT_FOUND || failed == ERROR_PATH_NOT_FOUND ||
	       failed == ERROR_KEY_DELETED;
}

int registry_read_settings(const char *path, struct registry_values *values, struct error *error)
{
	struct listing *listing = malloc(sizeof(*listing));
	HKEY key = NULL;
	LONG failed =
		listing ? registry_open(path, KEY_QUERY_VALUE, &key) : ERROR_NOT_ENOUGH_MEMORY;

	*values = (struct registry_values){0};
	if (failed == ERROR_SUCCESS) {
		listing->values = values;
		for (DWORD i = 0; i < VALUES_MAX && list_value(key, i, listing, &failed); i++)
			continue;
		RegCloseKey(key);
	}
	free(listing);
	if (failed == ERROR_SUCCESS)
		return 0;
	registry_values_free(values);
	if (is_missing(failed))
		return 0;
	return error_set_windows(
		error, ERR_FAILED, (uint32_t)failed, "cannot read the settings in %s", path);
}

int registry_read_value(
	const char *path, const char *name, struct registry_value *value, struct error *error)
{
	wchar_t *wide = wide_from_utf8(name);
	DWORD type = 0, length = sizeof(value->bytes);
	HKEY key = NULL;
	LONG failed = wide ? registry_open(path, KEY_QUERY_VALUE, &key) : ERROR_NOT_ENOUGH_MEMORY;

	*value = (struct registry_value){0};
	if (failed == ERROR_SUCCESS) {
		failed = RegQueryValueExW(key, wide, NULL, &type, value->bytes, &length);
		RegCloseKey(key);
	}
	free(wide);
	if (is_missing(failed))
		return 0;
	if (failed != ERROR_SUCCESS && failed != ERROR_MORE_DATA)
		return error_set_windows(
			error, ERR_FAILED, (uint32_t)failed, "cannot read %s\\%s", path, name);
	value->exists = true;
	value->type = type;
	value->length = length;
	/* What lies behind the value's end is nobody's. */
	if (failed == ERROR_MORE_DATA)
		length = 0;
	memset(value->bytes + length, 0, sizeof(value->bytes) - length);
	return 0;
}
