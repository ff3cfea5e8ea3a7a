/* SPDX-License-Identifier: MIT */
/*
 * roster.h - which machines were told of
 *
 * A sorted list of ids. WMI does not promise when a notification query begins to look, and may
 * have refused one: what the host lists later is compared with this. Pure; for one thread at a
 * time.
 */
#ifndef HYPERVIVE_HOST_HYPERV_ROSTER_H
#define HYPERVIVE_HOST_HYPERV_ROSTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/uuid.h"

struct roster {
	struct uuid *ids; /* sorted, without repeats, unless roster_append() was called last */
	size_t count, room;
};

void roster_clear(struct roster *roster); /* frees the memory; may be used again */

/* Adds an id at the end; call roster_sort() after the last. False: out of memory. */
bool roster_append(struct roster *roster, const struct uuid *id);
void roster_sort(struct roster *roster);

/* These keep the order. Without memory an id is missing, and so looks new again. */
void roster_add(struct roster *roster, const struct uuid *id);
void roster_remove(struct roster *roster, const struct uuid *id);

/* Calls each for every id that only one of the two has. */
typedef void roster_fn(void *context, const struct uuid *id);
void roster_compare(const struct roster *a, const struct roster *b, roster_fn *each, void *context);

#endif
