/* SPDX-License-Identifier: MIT */
/* settings_load.h - the settings for a command that reads them once */
#ifndef HYPERVIVE_SERVICE_SETTINGS_LOAD_H
#define HYPERVIVE_SERVICE_SETTINGS_LOAD_H

#include "service/settings.h"

/* Where the settings are when nobody says otherwise. */
extern const char SETTINGS_DEFAULT_PATH[];

/*
 * path NULL: the default place, where nothing need be. Lines that cannot be used are told on
 * stderr, one sentence each. Fails when a file that was named cannot be read.
 */
int settings_load(const char *path, struct settings *settings, struct error *error);

#endif
