/* SPDX-License-Identifier: MIT */
/*
 * registry_values.h - settings that stand in the registry, as the text of a settings file
 *
 * Pure: it is given names, types and bytes as the registry holds them, which may be anything
 * (any administrator's program writes there), and makes lines of them that settings_read() then
 * judges. So a value in the registry and a line of a file mean the same.
 */
#ifndef HYPERVIVE_SERVICE_REGISTRY_VALUES_H
#define HYPERVIVE_SERVICE_REGISTRY_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "service/settings.h"

/* Types of values, as winnt.h numbers them (REG_SZ …). */
enum registry_type {
	REGISTRY_TEXT = 1,
	REGISTRY_EXPANDED_TEXT = 2, /* %VARIABLES% in it are meant to be replaced */
	REGISTRY_BINARY = 3,
	REGISTRY_NUMBER = 4,            /* 32 bits, little-endian */
	REGISTRY_NUMBER_BIG_ENDIAN = 5, /* 32 bits */
	REGISTRY_TEXTS = 7,             /* several texts, each with its NUL, and a NUL at the end */
	REGISTRY_LONG_NUMBER = 11,      /* 64 bits, little-endian */
};

enum { REGISTRY_TEXT_MAX = 4000 }; /* bytes of a value's text in UTF-8; a file's line has 4096 */

/*
 * The value as text in UTF-8, appended to *text: texts as they are, several texts with ", "
 * between them, numbers in decimal. NULL, or why the value cannot be used: then nothing was
 * appended. bytes may be NULL where length is 0.
 */
const char *registry_value_text(
	uint32_t type, const void *bytes, size_t length, struct buffer *text);

/*
 * Replaces %VARIABLES%: appends the result to *expanded. NULL, or why that cannot be done.
 */
typedef const char *registry_expand_fn(const char *text, struct buffer *expanded);

/* Zero is the empty one. */
struct registry_values {
	struct buffer lines;
};

/*
 * Adds a value of the key in which the settings are. A name that is no setting's is taken when
 * it is made of lower-case letters and hyphens only, so that a name with a typing error is told;
 * all others belong to the service manager, or to DebugMode, and are left alone.
 */
void registry_values_add(struct registry_values *values, const char *name, uint32_t type,
	const void *bytes, size_t length, registry_expand_fn *expand);

/*
 * settings_read() of all values. trouble is told line 0 and the value's name. Fails when memory
 * was out while values were added; *settings is left alone then.
 */
int registry_values_read(const struct registry_values *values, struct settings *settings,
	settings_trouble_fn *trouble, void *context, struct error *error);

/* Whether both hold the same values, in the same order. */
bool registry_values_equal(const struct registry_values *a, const struct registry_values *b);

void registry_values_free(struct registry_values *values);

#endif
