/* SPDX-License-Identifier: MIT */
/* service_state.h - what the files of the service on Windows share; for service*.c only */
#ifndef HYPERVIVE_SERVICE_WINDOWS_SERVICE_STATE_H
#define HYPERVIVE_SERVICE_WINDOWS_SERVICE_STATE_H

#include <windef.h>

#include "service/service_core.h"
#include "service/windows/control_server.h"
#include "service/windows/registry.h"
#include "service/windows/registry_watch.h"
#include "service/windows/settings_file.h"

struct service {
	struct service_core core;
	struct settings_file *file;    /* of --config; NULL: the settings are in the registry */
	struct registry_values values; /* as they were read last */
	struct registry_watch *watch;
	struct registry_value debug; /* DebugMode as it was read last */
	struct control *control;
	HANDLE notify;
	bool told_failure;    /* why it cannot begin stands in an event */
	uint64_t reload_at;   /* UINT64_MAX: no reload is due */
	uint64_t starting_at; /* when the service manager is told next; UINT64_MAX: never again */
	uint64_t running_at;  /* when it is told that we run, settled or not */
};

/* service_settings.c */

/* Opens where the settings are, reads them, and opens the sinks that they name. */
int service_begin_settings(struct service *service, struct error *error);

/* The registry may have changed: counts what is different. */
void service_check_settings(struct service *service);

/* Reads everything anew, and counts it. */
void service_reload_settings(struct service *service);

void service_end_settings(struct service *service);

/* service_debug.c */
void service_begin_debug(struct service *service);

/* The registry may have changed. */
void service_check_debug(struct service *service);

#endif
