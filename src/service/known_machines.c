/* SPDX-License-Identifier: MIT */
#include "service/known_machines.h"

#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"

/* Goes on with a hash by one more fact. Equal facts are to be found, not enemies kept out. */
static uint64_t mix(uint64_t hash, const void *bytes, size_t length)
{
	struct siphash_key key = {hash, length};

	return siphash13(&key, bytes, length);
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
	return mix(hash, text, strlen(text));
}

static uint64_t mix_number(uint64_t hash, uint64_t number)
{
	return mix(hash, &number, sizeof(number));
}

/* Field by field: what is between the fields of a struct is anything. */
static uint64_t fingerprint(const struct machine *machine)
{
	const struct machine_wake *wake = &machine->wake;
	uint64_t hash = mix_text(0, machine->name);

	hash = mix_number(hash, machine->status.state);
	hash = mix_number(hash, wake->denied);
	hash = mix_number(hash, wake->secureon_unusable);
	hash = mix(hash, wake->secureon, wake->secureon_length);
	hash = mix_text(hash, wake->trouble);
	hash = mix_text(hash, wake->trouble_key);
	hash = mix_number(hash, machine->unusable_adapters);
	for (size_t i = 0; i < machine->adapter_count; i++) {
		const struct adapter *adapter = &machine->adapters[i];

		hash = mix(hash, adapter->mac.bytes, sizeof(adapter->mac.bytes));
		hash = mix_number(hash, adapter->kind);
		hash = mix_text(hash, adapter->model);
		hash = mix_text(hash, adapter->switch_name);
	}
	return hash;
}

static struct known_machine *find(const struct known_machines *known, const struct uuid *id)
{
	for (size_t i = 0; i < known->count; i++) {
		if (uuid_equal(&known->all[i].id, id))
			return &known->all[i];
	}
	return NULL;
}

void known_machines_add(struct known_machines *known, const struct machine *machine)
{
	if (known->count == known->room) {
		size_t room = known->room ? known->room + known->room / 2 : 16;
		struct known_machine *all = realloc(known->all, room * sizeof(*all));

		if (!all)
			return;
		known->all = all;
		known->room = room;
	}
	known->all[known->count++] =
		(struct known_machine){.id = machine->id, .fingerprint = fingerprint(machine)};
}

bool known_machines_set(struct known_machines *known, const struct machine *machine)
{
	struct known_machine *old = find(known, &machine->id);

	if (!old) {
		known_machines_add(known, machine);
		return true;
	}
	uint64_t before = old->fingerprint;
	old->fingerprint = fingerprint(machine);
	return old->fingerprint != before;
}

bool known_machines_remove(struct known_machines *known, const struct uuid *id)
{
	struct known_machine *old = find(known, id);

	if (old)
		*old = known->all[--known->count];
	return old != NULL;
}

const struct uuid *known_machines_next(struct known_machines *known)
{
	if (known->count == 0)
		return NULL;
	if (known->next >= known->count)
		known->next = 0;
	return &known->all[known->next++].id;
}

void known_machines_clear(struct known_machines *known)
{
	free(known->all);
	*known = (struct known_machines){0};
}
