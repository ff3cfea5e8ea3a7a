/* SPDX-License-Identifier: MIT */
/*
 * inventory.h - the machines that are known, and whose address is whose
 *
 * Kept small: what the packet path needs of a machine and no more. A machine keeps its slot
 * number for as long as it is known.
 */
#ifndef HYPERVIVE_WAKE_INVENTORY_H
#define HYPERVIVE_WAKE_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/machine.h"
#include "wake/mac_index.h"

struct inventory_adapter {
	struct mac mac;
	uint8_t kind; /* enum adapter_kind */
};

struct inventory_machine {
	struct uuid id;
	char *name;
	struct machine_wake *wake; /* NULL: the machine has no settings of its own */
	struct inventory_adapter *adapters;
	uint32_t adapter_count;
	uint32_t next;       /* in the chain of the identity's bucket, or of free slots */
	uint32_t generation; /* the listing that told of it last */
	unsigned unusable_adapters;
	bool known;
	bool waking; /* a job for it is under way */
	bool off;    /* it was off, without saved state, when it was read last */
};

enum inventory_change { ADAPTER_ADDED, ADAPTER_CHANGED, ADAPTER_REMOVED };

/* Told of every difference; the machine is as it was before a removal, and as it is now else. */
typedef void inventory_change_fn(void *context, enum inventory_change change,
	const struct inventory_machine *machine, const struct inventory_adapter *adapter);

struct inventory;

struct inventory *inventory_new(uint64_t seed); /* NULL when memory is out */
void inventory_free(struct inventory *inventory);

/*
 * A machine as it is now. Returns its slot, or 0 when memory is out (what was known
 * before stays).
 */
uint32_t inventory_put(struct inventory *inventory, const struct machine *machine,
	inventory_change_fn *changed, void *context);

void inventory_remove(struct inventory *inventory, const struct uuid *id,
	inventory_change_fn *changed, void *context);

/* Machines that are not put between begin and complete are gone. */
void inventory_begin(struct inventory *inventory);
void inventory_complete(struct inventory *inventory, inventory_change_fn *changed, void *context);

/* 0 when it is not known. */
uint32_t inventory_find(const struct inventory *inventory, const struct uuid *id);

/* Borrowed until the next change. */
struct inventory_machine *inventory_get(const struct inventory *inventory, uint32_t slot);

const struct mac_index *inventory_macs(const struct inventory *inventory);

size_t inventory_machine_count(const struct inventory *inventory);
size_t inventory_adapter_count(const struct inventory *inventory);

#endif
