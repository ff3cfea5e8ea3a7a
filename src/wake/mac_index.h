/* SPDX-License-Identifier: MIT */
/*
 * mac_index.h - which machines have this address
 *
 * A hash table from MAC address to machines, each a number of the caller's (its slot).
 * A look-up costs the same for ten addresses and for a hundred thousand. Adding
 * may allocate and grow the table; looking up never does.
 */
#ifndef HYPERVIVE_WAKE_MAC_INDEX_H
#define HYPERVIVE_WAKE_MAC_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mac.h"

struct mac_index;

/* seed: any number that strangers do not know. NULL when memory is out. */
struct mac_index *mac_index_new(uint64_t seed);
void mac_index_free(struct mac_index *index);

/* One more machine with this address. The same pair twice is kept twice. False: memory is out. */
bool mac_index_add(struct mac_index *index, const struct mac *mac, uint32_t machine);

/* Forgets one such pair; one that is not there is no error. */
void mac_index_remove(struct mac_index *index, const struct mac *mac, uint32_t machine);

/*
 * Walks the machines with an address, in no certain order:
 *   uint32_t at = mac_index_find(index, &mac), machine;
 *   while (mac_index_next(index, &at, &machine)) …
 * The index must not change during a walk.
 */
uint32_t mac_index_find(const struct mac_index *index, const struct mac *mac);
bool mac_index_next(const struct mac_index *index, uint32_t *at, uint32_t *machine);

/* How many different addresses. */
size_t mac_index_count(const struct mac_index *index);

#endif
