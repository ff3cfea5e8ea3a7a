/* SPDX-License-Identifier: MIT */
#include "service/known_machines.h"

#include <string.h>

#include "base/text.h"
#include "tap.h"

static struct machine machine_of(unsigned number, const char *name)
{
	struct machine machine = {.id.bytes = {(uint8_t)(number >> 8), (uint8_t)number}};

	text_copy(machine.name, sizeof(machine.name), name);
	return machine;
}

static void test_differences(void)
{
	struct known_machines known = {0};
	struct machine machine = machine_of(1, "web01");

	ok(known_machines_set(&known, &machine), "a new machine");
	ok(!known_machines_set(&known, &machine), "is known then");
	text_copy(machine.name, sizeof(machine.name), "web02");
	ok(known_machines_set(&known, &machine), "another name is new");
	struct adapter *adapter = machine_add_adapter(&machine);
	ok(known_machines_set(&known, &machine), "so is an adapter");
	adapter->mac.bytes[5] = 1;
	ok(known_machines_set(&known, &machine), "its address");
	adapter->kind = ADAPTER_EMULATED;
	ok(known_machines_set(&known, &machine), "its kind");
	text_copy(adapter->model, sizeof(adapter->model), "e1000");
	ok(known_machines_set(&known, &machine), "its model");
	text_copy(adapter->switch_name, sizeof(adapter->switch_name), "br0");
	ok(known_machines_set(&known, &machine), "its switch");
	machine.wake.denied = true;
	ok(known_machines_set(&known, &machine), "a denial");
	machine.wake.secureon_length = 4;
	ok(known_machines_set(&known, &machine), "a password");
	machine.wake.secureon[3] = 9;
	ok(known_machines_set(&known, &machine), "another password");
	machine.wake.secureon[5] = 9;
	ok(!known_machines_set(&known, &machine), "but not what is behind its end");
	machine.unusable_adapters = 1;
	ok(known_machines_set(&known, &machine), "an adapter left out");
	machine.status.state = STATE_OFF;
	ok(known_machines_set(&known, &machine), "a machine that is off now");
	machine.tools = TOOLS_CONNECTED;
	ok(!known_machines_set(&known, &machine), "but not what its guest tools say");
	is_number(known.count, 1, "and was one all the time");
	machine_clear(&machine);
	known_machines_clear(&known);
}

static void test_turns(void)
{
	struct known_machines known = {0};
	struct uuid gone = machine_of(1, "").id;
	unsigned seen[3] = {0};

	ok(!known_machines_next(&known), "nobody's turn");
	ok(!known_machines_remove(&known, &gone), "nobody to forget");
	for (unsigned i = 0; i < 3; i++) {
		struct machine machine = machine_of(i, "m");
		known_machines_add(&known, &machine);
	}
	for (unsigned i = 0; i < 6; i++)
		seen[known_machines_next(&known)->bytes[1]]++;
	ok(seen[0] == 2 && seen[1] == 2 && seen[2] == 2, "everyone has a turn");
	known_machines_next(&known);
	known_machines_next(&known);
	known_machines_next(&known);
	ok(known_machines_remove(&known, &gone), "one is forgotten");
	ok(!known_machines_remove(&known, &gone), "once");
	memset(seen, 0, sizeof(seen));
	for (unsigned i = 0; i < 4; i++)
		seen[known_machines_next(&known)->bytes[1]]++;
	ok(seen[0] == 2 && seen[1] == 0 && seen[2] == 2, "and has no turn any more");
	known_machines_clear(&known);
	ok(!known_machines_next(&known), "all are forgotten");
	known_machines_clear(&known);
}

static void test_many(void)
{
	struct known_machines known = {0};

	for (unsigned i = 0; i < 10000; i++) {
		struct machine machine = machine_of(i, "m");
		known_machines_add(&known, &machine);
	}
	is_number(known.count, 10000, "ten thousand machines");
	ok(known.room * sizeof(*known.all) < 400000, "take less than 400 kB");
	known_machines_clear(&known);
}

int main(void)
{
	test_differences();
	test_turns();
	test_many();
	return tap_done();
}
