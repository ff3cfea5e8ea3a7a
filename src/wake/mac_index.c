/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation: one node an address, in chains that hang from a power of two of buckets
 * (at most one node a bucket on average); one holder a machine, in a list that hangs from the
 * node. So thousands of machines that share an address (the unassigned one) make no chain
 * longer. Nodes and holders live in two arrays and are named by number, 0 being none.
 */
#include "wake/mac_index.h"

#include <stdlib.h>
#include <string.h>

struct node {
	struct mac mac;
	uint32_t next;    /* in the bucket's chain, or in the list of free nodes */
	uint32_t holders; /* first holder */
};

struct holder {
	uint32_t machine;
	uint32_t next;
};

struct pool {
	void *items;
	size_t item_size;
	uint32_t used; /* items ever taken; item 0 is never used */
	uint32_t capacity;
	uint32_t free; /* first free item */
};

struct mac_index {
	uint64_t seed;
	uint32_t *buckets;
	uint32_t mask;
	uint32_t count;
	struct pool nodes, holders;
};

static struct node *node_at(const struct mac_index *index, uint32_t number)
{
	return (struct node *)index->nodes.items + number;
}

static struct holder *holder_at(const struct mac_index *index, uint32_t number)
{
	return (struct holder *)index->holders.items + number;
}

/* The finaliser of MurmurHash3 (public domain) over the 48 bits and the seed. */
static uint32_t bucket_of(const struct mac_index *index, const struct mac *mac)
{
	uint64_t x = index->seed;

	for (int i = 0; i < 6; i++)
		x ^= (uint64_t)mac->bytes[i] << (8 * i);
	x ^= x >> 33;
	x *= UINT64_C(0xff51afd7ed558ccd);
	x ^= x >> 33;
	x *= UINT64_C(0xc4ceb9fe1a85ec53);
	x ^= x >> 33;
	return (uint32_t)x & index->mask;
}

/* Makes sure that one more item can be taken. */
static bool pool_reserve(struct pool *pool)
{
	if (pool->free || pool->used + 1 < pool->capacity)
		return true;
	uint32_t capacity = pool->capacity ? pool->capacity * 2 : 16;
	void *items = capacity > pool->capacity
			      ? realloc(pool->items, (size_t)capacity * pool->item_size)
			      : NULL;

	if (!items)
		return false;
	pool->items = items;
	pool->capacity = capacity;
	return true;
}

struct mac_index *mac_index_new(uint64_t seed)
{
	struct mac_index *index = calloc(1, sizeof(*index));

	if (!index)
		return NULL;
	index->seed = seed;
	index->mask = 15;
	index->nodes.item_size = sizeof(struct node);
	index->holders.item_size = sizeof(struct holder);
	index->buckets = calloc((size_t)index->mask + 1, sizeof(*index->buckets));
	if (!index->buckets) {
		free(index);
		return NULL;
	}
	return index;
}

void mac_index_free(struct mac_index *index)
{
	if (!index)
		return;
	free(index->nodes.items);
	free(index->holders.items);
	free(index->buckets);
	free(index);
}

static uint32_t find_node(const struct mac_index *index, const struct mac *mac)
{
	uint32_t number = index->buckets[bucket_of(index, mac)];

	while (number && !mac_equal(&node_at(index, number)->mac, mac))
		number = node_at(index, number)->next;
	return number;
}

static bool grow(struct mac_index *index)
{
	uint32_t old_mask = index->mask;
	uint32_t *old = index->buckets;
	uint32_t *buckets = calloc(((size_t)old_mask + 1) * 2, sizeof(*buckets));

	if (!buckets)
		return false;
	index->buckets = buckets;
	index->mask = old_mask * 2 + 1;
	for (uint32_t i = 0; i <= old_mask; i++) {
		for (uint32_t number = old[i], next; number; number = next) {
			struct node *node = node_at(index, number);
			uint32_t *head = &buckets[bucket_of(index, &node->mac)];

			next = node->next;
			node->next = *head;
			*head = number;
		}
	}
	free(old);
	return true;
}

static uint32_t add_node(struct mac_index *index, const struct mac *mac)
{
	if (index->count > index->mask && !grow(index))
		return 0;
	if (!pool_reserve(&index->nodes))
		return 0;

	uint32_t number = index->nodes.free;
	if (number)
		index->nodes.free = node_at(index, number)->next;
	else
		number = ++index->nodes.used;

	uint32_t *head = &index->buckets[bucket_of(index, mac)];
	*node_at(index, number) = (struct node){.mac = *mac, .next = *head};
	*head = number;
	index->count++;
	return number;
}

bool mac_index_add(struct mac_index *index, const struct mac *mac, uint32_t machine)
{
	if (!pool_reserve(&index->holders))
		return false;
	uint32_t number = find_node(index, mac);
	if (!number)
		number = add_node(index, mac);
	if (!number)
		return false;

	uint32_t holder = index->holders.free;
	if (holder)
		index->holders.free = holder_at(index, holder)->next;
	else
		holder = ++index->holders.used;

	struct node *node = node_at(index, number);
	*holder_at(index, holder) = (struct holder){.machine = machine, .next = node->holders};
	node->holders = holder;
	return true;
}

static void remove_node(struct mac_index *index, uint32_t number)
{
	struct node *node = node_at(index, number);
	uint32_t *link = &index->buckets[bucket_of(index, &node->mac)];

	while (*link != number)
		link = &node_at(index, *link)->next;
	*link = node->next;
	node->next = index->nodes.free;
	index->nodes.free = number;
	index->count--;
}

void mac_index_remove(struct mac_index *index, const struct mac *mac, uint32_t machine)
{
	uint32_t number = find_node(index, mac);

	if (!number)
		return;
	uint32_t *link = &node_at(index, number)->holders;
	while (*link && holder_at(index, *link)->machine != machine)
		link = &holder_at(index, *link)->next;
	if (!*link)
		return;

	uint32_t holder = *link;
	*link = holder_at(index, holder)->next;
	holder_at(index, holder)->next = index->holders.free;
	index->holders.free = holder;
	if (!node_at(index, number)->holders)
		remove_node(index, number);
}

uint32_t mac_index_find(const struct mac_index *index, const struct mac *mac)
{
	uint32_t number = find_node(index, mac);

	return number ? node_at(index, number)->holders : 0;
}

bool mac_index_next(const struct mac_index *index, uint32_t *at, uint32_t *machine)
{
	if (!*at)
		return false;
	const struct holder *holder = holder_at(index, *at);

	*machine = holder->machine;
	*at = holder->next;
	return true;
}

size_t mac_index_count(const struct mac_index *index)
{
	return index->count;
}
