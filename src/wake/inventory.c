/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation: machines live in an array of slots (slot 0 is never used, freed slots
 * are used again) and are found by identity through a chained hash table, by address through
 * the MAC index, which holds each address of a machine once. A listing marks what it tells of
 * with its generation; at its end the unmarked ones go.
 */
#include "wake/inventory.h"

#include <stdlib.h>
#include <string.h>

struct inventory {
	struct mac_index *macs;
	struct inventory_machine *slots;
	uint32_t used, capacity; /* slots; slot 0 counts as used */
	uint32_t free;           /* first free slot */
	uint32_t *buckets;
	uint32_t mask;
	uint32_t generation;
	uint64_t seed;
	size_t machines, adapters;
};

struct inventory *inventory_new(uint64_t seed)
{
	struct inventory *inventory = calloc(1, sizeof(*inventory));

	if (!inventory)
		return NULL;
	inventory->seed = seed;
	inventory->mask = 15;
	inventory->used = 1;
	inventory->macs = mac_index_new(seed);
	inventory->buckets = calloc((size_t)inventory->mask + 1, sizeof(*inventory->buckets));
	if (!inventory->macs || !inventory->buckets) {
		inventory_free(inventory);
		return NULL;
	}
	return inventory;
}

static void free_facts(struct inventory_machine *machine)
{
	free(machine->name);
	free(machine->wake);
	free(machine->adapters);
}

void inventory_free(struct inventory *inventory)
{
	if (!inventory)
		return;
	for (uint32_t slot = 1; slot < inventory->used; slot++)
		free_facts(&inventory->slots[slot]);
	free(inventory->slots);
	free(inventory->buckets);
	mac_index_free(inventory->macs);
	free(inventory);
}

static uint32_t *bucket_of(const struct inventory *inventory, const struct uuid *id)
{
	uint64_t halves[2];

	memcpy(halves, id->bytes, sizeof(halves));
	/* Folded before each multiplication: identities may differ in their last bytes only. */
	uint64_t x = halves[0] ^ inventory->seed;
	x = (x ^ x >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	x ^= halves[1];
	x = (x ^ x >> 32) * UINT64_C(0xff51afd7ed558ccd);
	return &inventory->buckets[(uint32_t)(x >> 32) & inventory->mask];
}

uint32_t inventory_find(const struct inventory *inventory, const struct uuid *id)
{
	uint32_t slot = *bucket_of(inventory, id);

	while (slot && !uuid_equal(&inventory->slots[slot].id, id))
		slot = inventory->slots[slot].next;
	return slot;
}

struct inventory_machine *inventory_get(const struct inventory *inventory, uint32_t slot)
{
	return &inventory->slots[slot];
}

const struct mac_index *inventory_macs(const struct inventory *inventory)
{
	return inventory->macs;
}

size_t inventory_machine_count(const struct inventory *inventory)
{
	return inventory->machines;
}

size_t inventory_adapter_count(const struct inventory *inventory)
{
	return inventory->adapters;
}

static bool grow_buckets(struct inventory *inventory)
{
	uint32_t *buckets = calloc(((size_t)inventory->mask + 1) * 2, sizeof(*buckets));

	if (!buckets)
		return false;
	free(inventory->buckets);
	inventory->buckets = buckets;
	inventory->mask = inventory->mask * 2 + 1;
	for (uint32_t slot = 1; slot < inventory->used; slot++) {
		struct inventory_machine *machine = &inventory->slots[slot];

		if (!machine->known)
			continue;
		uint32_t *head = bucket_of(inventory, &machine->id);
		machine->next = *head;
		*head = slot;
	}
	return true;
}

/* A slot for a new machine, in its bucket's chain; 0 when memory is out. */
static uint32_t take_slot(struct inventory *inventory, const struct uuid *id)
{
	uint32_t slot = inventory->free;

	if (inventory->machines > inventory->mask && !grow_buckets(inventory))
		return 0;
	if (!slot && inventory->used >= inventory->capacity) {
		uint32_t capacity = inventory->capacity ? inventory->capacity * 2 : 16;
		struct inventory_machine *slots =
			realloc(inventory->slots, capacity * sizeof(*slots));

		if (!slots)
			return 0;
		inventory->slots = slots;
		inventory->capacity = capacity;
	}
	if (slot)
		inventory->free = inventory->slots[slot].next;
	else
		slot = inventory->used++;

	uint32_t *head = bucket_of(inventory, id);
	inventory->slots[slot] =
		(struct inventory_machine){.id = *id, .next = *head, .known = true};
	*head = slot;
	inventory->machines++;
	return slot;
}

static void release_slot(struct inventory *inventory, uint32_t slot)
{
	struct inventory_machine *machine = &inventory->slots[slot];
	uint32_t *link = bucket_of(inventory, &machine->id);

	while (*link != slot)
		link = &inventory->slots[*link].next;
	*link = machine->next;
	free_facts(machine);
	*machine = (struct inventory_machine){.next = inventory->free};
	inventory->free = slot;
	inventory->machines--;
}

/* Whether one of the first `count` adapters has this address. */
static bool has_mac(const struct inventory_adapter *adapters, uint32_t count, const struct mac *mac)
{
	for (uint32_t i = 0; i < count; i++) {
		if (mac_equal(&adapters[i].mac, mac))
			return true;
	}
	return false;
}

/* Takes the machine's addresses out of the index, each once. */
static void unindex(struct inventory *inventory, uint32_t slot,
	const struct inventory_adapter *adapters, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!has_mac(adapters, i, &adapters[i].mac))
			mac_index_remove(inventory->macs, &adapters[i].mac, slot);
	}
}

static bool index_all(struct inventory *inventory, uint32_t slot,
	const struct inventory_adapter *adapters, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (has_mac(adapters, i, &adapters[i].mac))
			continue;
		if (!mac_index_add(inventory->macs, &adapters[i].mac, slot)) {
			unindex(inventory, slot, adapters, i);
			return false;
		}
	}
	return true;
}

/*
 * An adapter is known by its place in the machine where the number of adapters stayed the same
 * (it has changed), else by its address (it was added or removed).
 */
static void tell_changes(const struct inventory_machine *machine,
	const struct inventory_adapter *before, uint32_t before_count, inventory_change_fn *changed,
	void *context)
{
	const struct inventory_adapter *now = machine->adapters;
	uint32_t now_count = machine->adapter_count;

	if (!changed)
		return;
	if (before_count == now_count) {
		for (uint32_t i = 0; i < now_count; i++) {
			if (!mac_equal(&before[i].mac, &now[i].mac))
				changed(context, ADAPTER_CHANGED, machine, &now[i]);
		}
		return;
	}
	for (uint32_t i = 0; i < before_count; i++) {
		if (!has_mac(now, now_count, &before[i].mac))
			changed(context, ADAPTER_REMOVED, machine, &before[i]);
	}
	for (uint32_t i = 0; i < now_count; i++) {
		if (!has_mac(before, before_count, &now[i].mac))
			changed(context, ADAPTER_ADDED, machine, &now[i]);
	}
}

/* The new facts, allocated whole or not at all. */
static bool copy_facts(struct inventory_machine *target, const struct machine *machine)
{
	static const struct machine_wake nothing;

	target->name = strdup(machine->name);
	target->adapters = calloc(machine->adapter_count + 1, sizeof(*target->adapters));
	bool settings = memcmp(&machine->wake, &nothing, sizeof(nothing)) != 0;
	target->wake = settings ? malloc(sizeof(*target->wake)) : NULL;
	if (!target->name || !target->adapters || (settings && !target->wake)) {
		free_facts(target);
		return false;
	}
	if (settings)
		*target->wake = machine->wake;
	target->adapter_count = (uint32_t)machine->adapter_count;
	target->unusable_adapters = machine->unusable_adapters;
	target->off = machine->status.state == STATE_OFF;
	for (uint32_t i = 0; i < target->adapter_count; i++) {
		target->adapters[i].mac = machine->adapters[i].mac;
		target->adapters[i].kind = (uint8_t)machine->adapters[i].kind;
	}
	return true;
}

uint32_t inventory_put(struct inventory *inventory, const struct machine *machine,
	inventory_change_fn *changed, void *context)
{
	struct inventory_machine facts = {0};
	uint32_t slot = inventory_find(inventory, &machine->id);
	bool is_new = slot == 0;

	if (!copy_facts(&facts, machine))
		return 0;
	if (is_new)
		slot = take_slot(inventory, &machine->id);
	if (!slot || !index_all(inventory, slot, facts.adapters, facts.adapter_count)) {
		if (slot && is_new)
			release_slot(inventory, slot);
		free_facts(&facts);
		return 0;
	}

	struct inventory_machine *known = &inventory->slots[slot];
	struct inventory_machine before = *known;
	unindex(inventory, slot, before.adapters, before.adapter_count);
	known->name = facts.name;
	known->wake = facts.wake;
	known->adapters = facts.adapters;
	known->adapter_count = facts.adapter_count;
	known->unusable_adapters = facts.unusable_adapters;
	known->off = facts.off;
	known->generation = inventory->generation;
	inventory->adapters += facts.adapter_count;
	inventory->adapters -= before.adapter_count;
	tell_changes(known, before.adapters, before.adapter_count, changed, context);
	free_facts(&before);
	return slot;
}

static void remove_slot(
	struct inventory *inventory, uint32_t slot, inventory_change_fn *changed, void *context)
{
	struct inventory_machine *machine = &inventory->slots[slot];

	for (uint32_t i = 0; changed && i < machine->adapter_count; i++)
		changed(context, ADAPTER_REMOVED, machine, &machine->adapters[i]);
	unindex(inventory, slot, machine->adapters, machine->adapter_count);
	inventory->adapters -= machine->adapter_count;
	release_slot(inventory, slot);
}

void inventory_remove(struct inventory *inventory, const struct uuid *id,
	inventory_change_fn *changed, void *context)
{
	uint32_t slot = inventory_find(inventory, id);

	if (slot)
		remove_slot(inventory, slot, changed, context);
}

void inventory_begin(struct inventory *inventory)
{
	inventory->generation++;
}

void inventory_complete(struct inventory *inventory, inventory_change_fn *changed, void *context)
{
	for (uint32_t slot = 1; slot < inventory->used; slot++) {
		const struct inventory_machine *machine = &inventory->slots[slot];

		if (machine->known && machine->generation != inventory->generation)
			remove_slot(inventory, slot, changed, context);
	}
}
