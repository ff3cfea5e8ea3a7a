/* SPDX-License-Identifier: MIT */
/* registry_watch.h - notices when the values of a key may have changed */
#ifndef HYPERVIVE_SERVICE_WINDOWS_REGISTRY_WATCH_H
#define HYPERVIVE_SERVICE_WINDOWS_REGISTRY_WATCH_H

#include <windef.h>

#include "base/error.h"

struct registry_watch;

/* The key need not exist. path as in registry.h. */
int registry_watch_open(struct registry_watch **opened, const char *path, struct error *error);

/* Signalled when the values are to be read anew, after registry_watch_rearm(). */
HANDLE registry_watch_event(const struct registry_watch *watch);

/* Watches again: what changes from now on signals the event once more. So call it, then read. */
void registry_watch_rearm(struct registry_watch *watch);

void registry_watch_close(struct registry_watch *watch); /* NULL is allowed */

#endif
