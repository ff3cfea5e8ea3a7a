/* SPDX-License-Identifier: MIT */
/* installer.h - the service in the service manager's database */
#ifndef HYPERVIVE_SERVICE_WINDOWS_INSTALLER_H
#define HYPERVIVE_SERVICE_WINDOWS_INSTALLER_H

#include <stdbool.h>

#include "base/error.h"

/* Told of what could not be set up, and does not keep the service from its work. */
typedef void installer_warning_fn(const struct error *error);

/*
 * Creates the service for this program, or changes the one of that name in place, whatever it was
 * before (HyperVive 3 has the same name). *existed and *runs: what was there before.
 */
int installer_install(const char *program, bool *existed, bool *runs, installer_warning_fn *warn,
	struct error *error);

/* Starts it and waits until it runs, at most a minute; one that runs is ended first. */
int installer_start(struct error *error);

/*
 * Stops the service and removes it with its key, in which its settings are. 1: it was removed.
 * 0: there was none.
 */
int installer_remove(struct error *error);

/* Whether a path is under one of the folders Program Files, where only administrators write. */
bool installer_path_is_protected(const char *path);

/* The full path of this program in UTF-8, to be freed; NULL when memory is out. */
char *installer_own_path(void);

#endif
