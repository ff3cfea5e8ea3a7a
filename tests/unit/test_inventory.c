/* SPDX-License-Identifier: MIT */
/* The MAC index and the inventory, also against a plain model over many random changes. */
#include <stdlib.h>

#include "tap.h"
#include "wake/exclusion.h"
#include "wake/inventory.h"

static struct mac mac_number(uint32_t n)
{
	return (struct mac){{0x52, 0x54, 0, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
}

static size_t holders(const struct mac_index *index, const struct mac *mac)
{
	uint32_t at = mac_index_find(index, mac), machine;
	size_t count = 0;

	while (mac_index_next(index, &at, &machine))
		count++;
	return count;
}

static bool holds(const struct mac_index *index, const struct mac *mac, uint32_t wanted)
{
	uint32_t at = mac_index_find(index, mac), machine;

	while (mac_index_next(index, &at, &machine)) {
		if (machine == wanted)
			return true;
	}
	return false;
}

/* 20,000 random steps over 64 addresses and 32 machines, checked against a table. */
static void index_against_model(void)
{
	static uint8_t model[64][32];
	struct mac_index *index = mac_index_new(42);
	unsigned wrong = 0;

	srand(1);
	for (int step = 0; step < 20000; step++) {
		unsigned m = (unsigned)rand() % 64, v = (unsigned)rand() % 32;
		struct mac mac = mac_number(m);

		if (rand() % 2 && model[m][v] < 3) {
			mac_index_add(index, &mac, v);
			model[m][v]++;
		} else {
			mac_index_remove(index, &mac, v);
			if (model[m][v])
				model[m][v]--;
		}
		size_t want = 0;
		for (unsigned i = 0; i < 32; i++)
			want += model[m][i];
		wrong += holders(index, &mac) != want || holds(index, &mac, v) != (model[m][v] > 0);
	}
	is_number(wrong, 0, "20,000 random changes agree with a table");
	size_t addresses = 0;
	for (int m = 0; m < 64; m++) {
		int any = 0;
		for (int v = 0; v < 32; v++)
			any |= model[m][v];
		addresses += any ? 1 : 0;
	}
	is_number(mac_index_count(index), addresses, "and so does the number of addresses");
	mac_index_free(index);
}

static void index_grows(void)
{
	struct mac_index *index = mac_index_new(7);
	unsigned missing = 0;

	for (uint32_t i = 0; i < 100000; i++) {
		struct mac mac = mac_number(i);
		mac_index_add(index, &mac, i);
	}
	for (uint32_t i = 0; i < 100000; i++) {
		struct mac mac = mac_number(i);
		missing += !holds(index, &mac, i);
	}
	is_number(missing, 0, "100,000 addresses are found");
	struct mac stranger = mac_number(100001);
	is_number(mac_index_find(index, &stranger), 0, "another is not");
	mac_index_free(index);
}

static struct machine machine_with(
	uint8_t id, const char *name, unsigned count, const uint32_t *macs)
{
	struct machine machine = {.id = {{id}}};

	snprintf(machine.name, sizeof(machine.name), "%s", name);
	for (unsigned i = 0; i < count; i++)
		machine_add_adapter(&machine)->mac = mac_number(macs[i]);
	return machine;
}

static char told[512];

static void tell(void *context, enum inventory_change change,
	const struct inventory_machine *machine, const struct inventory_adapter *adapter)
{
	static const char SIGNS[] = "+~-";
	size_t used = strlen(told);

	(void)context;
	snprintf(told + used, sizeof(told) - used, "%c%s:%d ", SIGNS[change], machine->name,
		adapter->mac.bytes[5]);
}

static void put(struct inventory *inventory, uint8_t id, const char *name, unsigned count,
	const uint32_t *macs)
{
	struct machine machine = machine_with(id, name, count, macs);

	told[0] = '\0';
	ok(inventory_put(inventory, &machine, tell, NULL) != 0, "put %s", name);
	machine_clear(&machine);
}

static size_t known(const struct inventory *inventory, uint32_t mac)
{
	struct mac wanted = mac_number(mac);

	return holders(inventory_macs(inventory), &wanted);
}

static void inventory_changes(void)
{
	struct inventory *inventory = inventory_new(3);
	struct uuid b = {{2}};

	put(inventory, 1, "a", 2, (uint32_t[]){1, 2});
	is_text(told, "+a:1 +a:2 ", "two adapters are new");
	put(inventory, 2, "b", 1, (uint32_t[]){2});
	is_number(known(inventory, 2), 2, "two machines share an address");
	put(inventory, 1, "a", 2, (uint32_t[]){1, 3});
	is_text(told, "~a:3 ", "an address has changed");
	is_number(known(inventory, 2), 1, "the old one is forgotten for that machine only");
	put(inventory, 1, "a", 1, (uint32_t[]){3});
	is_text(told, "-a:1 ", "an adapter is gone");
	put(inventory, 1, "a", 3, (uint32_t[]){3, 3, 3});
	is_number(known(inventory, 3), 1, "the same address thrice in one machine counts once");
	is_number(inventory_adapter_count(inventory), 4, "adapters are counted");
	put(inventory, 1, "renamed", 0, NULL);
	is_number(known(inventory, 3), 0, "no adapter, no address");
	uint32_t slot = inventory_find(inventory, &(struct uuid){{1}});
	is_text(inventory_get(inventory, slot)->name, "renamed", "the name follows");

	told[0] = '\0';
	inventory_remove(inventory, &b, tell, NULL);
	is_text(told, "-b:2 ", "a machine is gone");
	is_number(inventory_find(inventory, &b), 0, "and not found");
	inventory_remove(inventory, &b, tell, NULL);
	ok(1, "removing it again is no error");
	inventory_free(inventory);
}

static void inventory_listing(void)
{
	struct inventory *inventory = inventory_new(3);

	for (uint32_t i = 0; i < 200; i++)
		put(inventory, (uint8_t)i, "m", 1, &i);
	inventory_begin(inventory);
	for (uint32_t i = 0; i < 200; i += 2)
		put(inventory, (uint8_t)i, "m", 1, &i);
	inventory_complete(inventory, NULL, NULL);
	is_number(inventory_machine_count(inventory), 100,
		"what the listing did not tell of is gone");
	unsigned wrong = 0;
	for (uint32_t i = 0; i < 200; i++)
		wrong += known(inventory, i) != (i % 2 ? 0 : 1);
	is_number(wrong, 0, "from the index too");
	for (uint32_t i = 1; i < 200; i += 2)
		put(inventory, (uint8_t)i, "m", 1, &i);
	is_number(inventory_machine_count(inventory), 200, "freed places are used again");
	inventory_free(inventory);
}

static void windows(void)
{
	struct exclusion *exclusion = exclusion_new(4, 9);
	struct mac a = mac_number(1);

	ok(!exclusion_contains(exclusion, &a), "nothing is excluded at first");
	exclusion_add(exclusion, &a, 100);
	ok(exclusion_contains(exclusion, &a), "then it is");
	is_number(exclusion_next_end(exclusion), 100 + EXCLUSION_WINDOW_NS, "for the window");
	for (uint32_t i = 2; i < 5; i++) {
		struct mac mac = mac_number(i);
		exclusion_add(exclusion, &mac, 100 + i);
	}
	ok(exclusion_is_full(exclusion), "four places are full");
	struct mac ended = exclusion_end_oldest(exclusion);
	ok(mac_equal(&ended, &a), "the oldest ends first");
	ok(!exclusion_contains(exclusion, &a), "and is listened to again");
	for (uint32_t i = 0; i < 10000; i++) {
		struct mac mac = mac_number(1000 + i);
		if (exclusion_is_full(exclusion))
			exclusion_end_oldest(exclusion);
		exclusion_add(exclusion, &mac, 200 + i);
	}
	struct mac last = mac_number(1000 + 9999), gone = mac_number(1000 + 9000);
	ok(exclusion_contains(exclusion, &last) && !exclusion_contains(exclusion, &gone),
		"ten thousand go through four places");
	exclusion_free(exclusion);
}

int main(void)
{
	index_against_model();
	index_grows();
	inventory_changes();
	inventory_listing();
	windows();
	return tap_done();
}
