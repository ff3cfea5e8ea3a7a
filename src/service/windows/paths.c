/* SPDX-License-Identifier: MIT */
/* paths.c - where the service is spoken to, and the debug mode that survives a restart */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/windows/wide.h"
#include "service/control.h"
#include "service/settings_load.h"
#include "service/windows/names.h"
#include "service/windows/registry.h"

/* Behind our own: it makes `interface` a macro. */
#include <windows.h>

/* An environment variable in UTF-8; empty where it is not set. */
static int read_variable(const wchar_t *name, char *value, size_t size, struct error *error)
{
	wchar_t wide[512];
	const DWORD room = sizeof(wide) / sizeof(wide[0]);
	DWORD length = GetEnvironmentVariableW(name, wide, room);
	char *narrow = wide_to_new_utf8(length > 0 && length < room ? wide : L"");
	bool fits = narrow && length < room && strlen(narrow) < size;
	char shown[64];

	snprintf(value, size, "%s", fits ? narrow : "");
	free(narrow);
	if (fits)
		return 0;
	wide_to_utf8(shown, sizeof(shown), name);
	return error_set(error, ERR_FAILED, "what %s names is too long", shown);
}

static int find_pipe(struct service_paths *paths, struct error *error)
{
	char name[sizeof(paths->control)];
	const size_t prefix = sizeof(CONTROL_PIPE_PREFIX) - 1;

	if (read_variable(WIDE(PIPE_VARIABLE), name, sizeof(name), error) < 0)
		return -ERR_FAILED;
	if (!*name)
		snprintf(name, sizeof(name), "%s", CONTROL_PIPE);
	/* A pipe of another computer would answer with that one's debug mode. */
	if (strncmp(name, CONTROL_PIPE_PREFIX, prefix) != 0 || strlen(name) == prefix)
		return error_set(error, ERR_FAILED,
			PIPE_VARIABLE " does not name a pipe of this computer, as " CONTROL_PIPE
				      " is");
	memcpy(paths->control, name, sizeof(name));
	return 0;
}

static int find_key(struct service_paths *paths, struct error *error)
{
	char path[sizeof(paths->state) - 8];

	if (read_variable(WIDE(REGISTRY_KEY_VARIABLE), path, sizeof(path), error) < 0)
		return -ERR_FAILED;
	if (!*path) {
		snprintf(paths->state, sizeof(paths->state), "%s", SETTINGS_DEFAULT_PATH);
		return 0;
	}
	const char *below = registry_path_below(path);
	size_t length = strlen(below);

	if (length == 0 || below[0] == '\\' || below[length - 1] == '\\' ||
		strncmp(below, "HKEY_", 5) == 0 || strncmp(below, "HKCU\\", 5) == 0)
		return error_set(error, ERR_FAILED,
			REGISTRY_KEY_VARIABLE " does not name a key under HKEY_LOCAL_MACHINE");
	snprintf(paths->state, sizeof(paths->state), "HKLM\\%s", below);
	return 0;
}

int service_paths_find(struct service_paths *paths, struct error *error)
{
	return find_pipe(paths, error) < 0 || find_key(paths, error) < 0 ? -ERR_FAILED : 0;
}

/* The service's own key is made by its installation only: half a service would confuse. */
static LONG open_or_create(const char *path, HKEY *key)
{
	LONG failed = registry_open(path, KEY_SET_VALUE, key);

	if (failed != ERROR_FILE_NOT_FOUND || text_equal_ignoring_case(path, SETTINGS_DEFAULT_PATH))
		return failed;
	wchar_t *wide = wide_from_utf8(registry_path_below(path));
	if (!wide)
		return ERROR_NOT_ENOUGH_MEMORY;
	failed = RegCreateKeyExW(
		HKEY_LOCAL_MACHINE, wide, 0, NULL, 0, KEY_SET_VALUE, NULL, key, NULL);
	free(wide);
	return failed;
}

int debug_state_save(const char *state, bool on, struct error *error)
{
	DWORD value = on;
	HKEY key = NULL;
	LONG failed = open_or_create(state, &key);

	if (failed == ERROR_FILE_NOT_FOUND)
		return error_set(error, ERR_NOT_FOUND,
			"there is no key %s; the service is not installed", state);
	if (failed == ERROR_SUCCESS) {
		failed = RegSetValueExW(key, WIDE(DEBUG_VALUE_NAME), 0, REG_DWORD,
			(const BYTE *)&value, sizeof(value));
		RegCloseKey(key);
	}
	if (failed != ERROR_SUCCESS)
		return error_set_windows(error, ERR_FAILED, (uint32_t)failed,
			"cannot write " DEBUG_VALUE_NAME " in %s", state);
	return 0;
}
