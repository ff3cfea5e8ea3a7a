/* SPDX-License-Identifier: MIT */
/*
 * service.h - the service's life, from its start to its end
 *
 * One implementation a system: linux/service.c.
 */
#ifndef HYPERVIVE_SERVICE_SERVICE_H
#define HYPERVIVE_SERVICE_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* What the command line says; it comes before the settings file. NULL and 0: not said. */
struct service_options {
	const char *connect;
	const char *config;
	const char *log_file;
	const char *const *interfaces;
	size_t interface_count;
	bool debug;
	bool dry_run;
	bool json;
	bool color; /* on stdout */
};

/*
 * Runs until it is told to stop (SIGTERM, SIGINT; the service manager on Windows). 0 after an
 * orderly stop; fails when it could not begin.
 */
int service_run(const struct service_options *options, struct error *error);

#endif
