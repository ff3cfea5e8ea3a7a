/* SPDX-License-Identifier: MIT */
#include "service/settings_load.h"

#include <stdio.h>

#include "base/text.h"
#include "service/linux/settings_file.h"

const char SETTINGS_DEFAULT_PATH[] = "/etc/hypervive/hypervive.conf";

static void tell(void *context, unsigned line, const char *key, const char *why)
{
	char shown_key[128], shown_why[512];

	text_printable(shown_key, sizeof(shown_key), key);
	text_printable(shown_why, sizeof(shown_why), why);
	fprintf(stderr, "%s, line %u: %s: %s\n", (const char *)context, line, shown_key, shown_why);
}

int settings_load(const char *path, struct settings *settings, struct error *error)
{
	const char *where = path ? path : SETTINGS_DEFAULT_PATH;
	struct settings_file *file;
	int result;

	settings_defaults(settings);
	if (settings_file_open(&file, where, !path, error) < 0)
		return -error->code;
	result = settings_file_load(file, settings, tell, (void *)where, error);
	settings_file_close(file);
	return result;
}
