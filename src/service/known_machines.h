/* SPDX-License-Identifier: MIT */
/*
 * known_machines.h - what the watch told last of each machine
 *
 * Ids with a fingerprint of the facts, so that a machine can be read again and told only when
 * something differs. Pure; for one thread.
 */
#ifndef HYPERVIVE_SERVICE_KNOWN_MACHINES_H
#define HYPERVIVE_SERVICE_KNOWN_MACHINES_H

#include "host/machine.h"

struct known_machine {
	struct uuid id;
	uint64_t fingerprint;
};

struct known_machines {
	struct known_machine *all;
	size_t count, room;
	size_t next; /* whose turn it is */
};

/*
 * Notes what is known of this machine now. False when that was known before: all but its
 * tools and their version. Without memory for it the machine counts as new each time.
 */
bool known_machines_set(struct known_machines *known, const struct machine *machine);

/* Notes a machine that was not there before, without looking for it. */
void known_machines_add(struct known_machines *known, const struct machine *machine);

/* False when it was not known. */
bool known_machines_remove(struct known_machines *known, const struct uuid *id);

/* The machine whose turn it is, going round; NULL when none is known. Borrowed. */
const struct uuid *known_machines_next(struct known_machines *known);

/* Forgets all and frees the memory; may be used again. */
void known_machines_clear(struct known_machines *known);

#endif
