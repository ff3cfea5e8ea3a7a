/* SPDX-License-Identifier: MIT */
#include "service/settings_load.h"

#include <stdio.h>

#include "base/text.h"
#include "service/control.h"
#include "service/windows/names.h"
#include "service/windows/registry.h"
#include "service/windows/settings_file.h"

const char SETTINGS_DEFAULT_PATH[] = "HKLM\\" HYPERVIVE_KEY;

static void tell(void *context, unsigned line, const char *key, const char *why)
{
	char shown_key[128], shown_why[512];

	text_printable(shown_key, sizeof(shown_key), key);
	text_printable(shown_why, sizeof(shown_why), why);
	if (line)
		fprintf(stderr, "%s, line %u: %s: %s\n", (const char *)context, line, shown_key,
			shown_why);
	else
		fprintf(stderr, "%s: %s: %s\n", (const char *)context, shown_key, shown_why);
}

static int load_file(const char *path, struct settings *settings, struct error *error)
{
	struct settings_file *file;

	if (settings_file_open(&file, path, error) < 0)
		return -error->code;
	int result = settings_file_load(file, settings, tell, (void *)path, error);
	settings_file_close(file);
	return result;
}

int settings_load(const char *path, struct settings *settings, struct error *error)
{
	struct registry_values values;
	struct service_paths paths;

	settings_defaults(settings);
	if (path)
		return load_file(path, settings, error);
	if (service_paths_find(&paths, error) < 0 ||
		registry_read_settings(paths.state, &values, error) < 0)
		return -error->code;
	int result = registry_values_read(&values, settings, tell, paths.state, error);
	registry_values_free(&values);
	return result;
}
