/* SPDX-License-Identifier: MIT */
/*
 * registry.h - the key in which the settings and DebugMode are
 *
 * A key is named by its path under HKEY_LOCAL_MACHINE in text form, "HKLM\SYSTEM\…", as people
 * write it and as events show it.
 */
#ifndef HYPERVIVE_SERVICE_WINDOWS_REGISTRY_H
#define HYPERVIVE_SERVICE_WINDOWS_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>
#include <windef.h> /* not windows.h, which makes `interface` a macro */

#include "service/registry_values.h"

enum { REGISTRY_PATH_SIZE = 512 };

/* The path behind "HKLM\" (or "HKEY_LOCAL_MACHINE\", in any case), or all of it. Borrowed. */
const char *registry_path_below(const char *path);

/* A Windows error number, 0 when it is open. rights: KEY_QUERY_VALUE … */
LONG registry_open(const char *path, ACCESS_MASK rights, HKEY *key);

/*
 * All values that are settings. A key that does not exist has none. Fails when it cannot be
 * opened or read; *values is empty then.
 */
int registry_read_settings(const char *path, struct registry_values *values, struct error *error);

/* One value as it stands there, to be compared with what stood there before. */
struct registry_value {
	bool exists;
	uint32_t type;
	uint32_t length;    /* of the value, which may be more than is kept */
	uint8_t bytes[256]; /* zeroes where the value is longer */
};

/* A value or a key that does not exist is no failure. */
int registry_read_value(
	const char *path, const char *name, struct registry_value *value, struct error *error);

#endif
