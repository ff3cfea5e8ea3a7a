/* SPDX-License-Identifier: MIT */
/* waker_inventory.c - what the waker is told of machines, and what it says of it */
#include <stdio.h>
#include <string.h>

#include "wake/waker_private.h"

static void adapter_changed(void *context, enum inventory_change change,
	const struct inventory_machine *machine, const struct inventory_adapter *adapter)
{
	static const int IDS[] = {
		[ADAPTER_ADDED] = 9004, [ADAPTER_CHANGED] = 9005, [ADAPTER_REMOVED] = 9007};
	const struct waker *waker = context;
	struct event event;

	if (!waker->listed || !waker_debug(waker))
		return;
	waker_start_event(waker, &event, IDS[change]);
	event_put_mac(&event, FIELD_MAC, &adapter->mac);
	event_put_text(&event, FIELD_KIND, adapter_kind_name((enum adapter_kind)adapter->kind));
	event_put_text(&event, FIELD_VM_NAME, machine->name);
	event_put_uuid(&event, FIELD_VM_ID, &machine->id);
	waker_emit(waker, &event);
}

static bool same_trouble(const struct machine_wake *before, const struct machine_wake *now)
{
	return before && strcmp(before->trouble, now->trouble) == 0;
}

/* What the machine's definition says that cannot be used; told once, and again when it changes. */
static void tell_trouble(const struct waker *waker, const struct machine *machine,
	const struct inventory_machine *before)
{
	const struct machine_wake *wake = &machine->wake;
	struct event event;

	if (wake->trouble[0] && !same_trouble(before ? before->wake : NULL, wake)) {
		char where[MACHINE_NAME_SIZE + 16];

		snprintf(where, sizeof(where), "machine %s", machine->name);
		waker_start_event(waker, &event, 1050);
		event_put_text(&event, FIELD_FILE, where);
		event_put_text(&event, FIELD_KEY, wake->trouble_key);
		event_put_text(&event, FIELD_REASON, wake->trouble);
		event_put_text(&event, FIELD_VM_NAME, machine->name);
		event_put_uuid(&event, FIELD_VM_ID, &machine->id);
		waker_emit(waker, &event);
	}
	if (machine->unusable_adapters &&
		(!before || before->unusable_adapters != machine->unusable_adapters)) {
		waker_start_event(waker, &event, 1021);
		event_put_text(&event, FIELD_VM_NAME, machine->name);
		event_put_uuid(&event, FIELD_VM_ID, &machine->id);
		event_put_text(&event, FIELD_REASON, "its MAC address cannot be read");
		event_put_number(&event, FIELD_COUNT, machine->unusable_adapters);
		waker_emit(waker, &event);
	}
}

void waker_inventory_begin(struct waker *waker)
{
	inventory_begin(waker->inventory);
}

bool waker_inventory_machine(struct waker *waker, const struct machine *machine)
{
	uint32_t slot = inventory_find(waker->inventory, &machine->id);

	tell_trouble(waker, machine, slot ? inventory_get(waker->inventory, slot) : NULL);
	return inventory_put(waker->inventory, machine, adapter_changed, waker) != 0;
}

void waker_inventory_gone(struct waker *waker, const struct uuid *id)
{
	inventory_remove(waker->inventory, id, adapter_changed, waker);
}

void waker_inventory_complete(struct waker *waker)
{
	struct event event;

	inventory_complete(waker->inventory, adapter_changed, waker);
	waker->listed = true;
	if (!waker_debug(waker))
		return;
	waker_start_event(waker, &event, 9003);
	event_put_number(&event, FIELD_COUNT, (int64_t)inventory_adapter_count(waker->inventory));
	waker_emit(waker, &event);
}
