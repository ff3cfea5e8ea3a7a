/* SPDX-License-Identifier: MIT */
/*
 * debug_value.h - what the registry value DebugMode means
 *
 * Pure. As HyperVive 3 had it: a number other than 0 is on, 0 is off; so are the texts True and
 * False in any case, and numbers as text. Where 3.0 took anything else for "on", it is unusable.
 */
#ifndef HYPERVIVE_SERVICE_DEBUG_VALUE_H
#define HYPERVIVE_SERVICE_DEBUG_VALUE_H

#include <stddef.h>
#include <stdint.h>

enum debug_value {
	DEBUG_VALUE_OFF,
	DEBUG_VALUE_ON,
	DEBUG_VALUE_UNUSABLE, /* *why says why; the mode is to stay as it is */
};

/*
 * type and bytes as the registry holds them (registry_values.h). Numbers in a text may have a
 * sign, a fraction, or be hexadecimal (0x1f, &H1F), and blanks may stand around it.
 */
enum debug_value debug_value_read(
	uint32_t type, const void *bytes, size_t length, const char **why);

#endif
