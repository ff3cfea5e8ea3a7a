/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation: all windows are equally long, so they end in the order in which they
 * began: a ring. For the look-up each place of the ring also hangs in a chain of a hash table.
 */
#include "wake/exclusion.h"

#include <stdlib.h>

struct place {
	uint64_t end_ns;
	struct mac mac;
	uint32_t next; /* in the chain: place number + 1, 0 is the end */
};

struct exclusion {
	uint64_t seed;
	uint32_t mask;         /* capacity - 1 */
	uint32_t first, count; /* the ring: oldest place, places in use */
	uint32_t *heads;
	struct place places[];
};

struct exclusion *exclusion_new(uint32_t capacity, uint64_t seed)
{
	struct exclusion *exclusion =
		calloc(1, sizeof(*exclusion) + capacity * sizeof(struct place));

	if (!exclusion)
		return NULL;
	exclusion->heads = calloc(capacity, sizeof(*exclusion->heads));
	if (!exclusion->heads) {
		free(exclusion);
		return NULL;
	}
	exclusion->mask = capacity - 1;
	exclusion->seed = seed;
	return exclusion;
}

void exclusion_free(struct exclusion *exclusion)
{
	if (!exclusion)
		return;
	free(exclusion->heads);
	free(exclusion);
}

static uint32_t *head_of(const struct exclusion *exclusion, const struct mac *mac)
{
	uint64_t x = exclusion->seed;

	for (int i = 0; i < 6; i++)
		x = (x ^ mac->bytes[i]) * UINT64_C(0x9e3779b97f4a7c15);
	return &exclusion->heads[(uint32_t)(x >> 40) & exclusion->mask];
}

bool exclusion_contains(const struct exclusion *exclusion, const struct mac *mac)
{
	for (uint32_t at = *head_of(exclusion, mac); at; at = exclusion->places[at - 1].next) {
		if (mac_equal(&exclusion->places[at - 1].mac, mac))
			return true;
	}
	return false;
}

void exclusion_add(struct exclusion *exclusion, const struct mac *mac, uint64_t now_ns)
{
	uint32_t number = (exclusion->first + exclusion->count) & exclusion->mask;
	uint32_t *head = head_of(exclusion, mac);

	exclusion->places[number] = (struct place){
		.end_ns = now_ns + EXCLUSION_WINDOW_NS,
		.mac = *mac,
		.next = *head,
	};
	*head = number + 1;
	exclusion->count++;
}

bool exclusion_is_full(const struct exclusion *exclusion)
{
	return exclusion->count > exclusion->mask;
}

uint64_t exclusion_next_end(const struct exclusion *exclusion)
{
	return exclusion->count ? exclusion->places[exclusion->first].end_ns : UINT64_MAX;
}

struct mac exclusion_end_oldest(struct exclusion *exclusion)
{
	uint32_t number = exclusion->first;
	const struct place *place = &exclusion->places[number];
	uint32_t *link = head_of(exclusion, &place->mac);

	while (*link != number + 1)
		link = &exclusion->places[*link - 1].next;
	*link = place->next;
	exclusion->first = (exclusion->first + 1) & exclusion->mask;
	exclusion->count--;
	return place->mac;
}
