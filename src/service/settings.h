/* SPDX-License-Identifier: MIT */
/*
 * settings.h - the settings file
 *
 * One table (SETTINGS) is the origin of every key: the reader, hypervive.conf(5), the example
 * file and, on Windows, the names of the registry values. Pure: the reader is given the text.
 */
#ifndef HYPERVIVE_SERVICE_SETTINGS_H
#define HYPERVIVE_SERVICE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "wake/policy.h"

enum { SETTINGS_PATH_SIZE = 1024, SETTINGS_URI_SIZE = 512 };

struct settings {
	char connect[SETTINGS_URI_SIZE];   /* empty: the local host's default */
	char log_file[SETTINGS_PATH_SIZE]; /* empty: none */
	bool journal;                      /* write to the journal */
	struct wake_policy wake;
};

struct setting_info {
	const char *key;
	const char *section;     /* the heading it stands under: "service" or "wake" */
	const char *values;      /* for people: "yes | no", "URI" … */
	const char *initial;     /* the default, as it would be written; "" for none */
	const char *explanation; /* sentences for the man page and the example file */
	/* Fails with the cause and leaves *settings as it was. */
	int (*set)(struct settings *settings, const char *value, struct error *error);
};

/* The table, in the order of the man page. */
const struct setting_info *settings_table(size_t *count);

void settings_defaults(struct settings *settings);

/* Told of each line that cannot be used: its number, its key ("" where there is none), why. */
typedef void settings_trouble_fn(void *context, unsigned line, const char *key, const char *why);

/*
 * Reads a whole file's text. Each key starts from its default, except that a key whose line
 * cannot be used keeps the value it has in *settings. Never fails as a whole: bad lines are
 * told, good ones count.
 *
 * The grammar: `key = value` a line; white space around both is dropped; `#` or `;` at the start
 * of a line begins a comment; `[section]` headings group keys, and may be left out; a key twice:
 * the later line counts and is told. Lists are separated by commas or white space.
 */
void settings_read(struct settings *settings, const char *text, size_t length,
	settings_trouble_fn *trouble, void *context);

#endif
