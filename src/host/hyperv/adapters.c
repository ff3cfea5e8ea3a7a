/* SPDX-License-Identifier: MIT */
/*
 * adapters.c - network adapters, and the switches they are plugged into
 *
 * Theory of operation: an adapter does not know its switch. Between both stands a connection
 * (Msvm_EthernetPortAllocationSettingData): its Parent is the adapter, its HostResource the
 * switch. A listing asks for all connections, all switches and all adapters, one query each, and
 * joins them here by sorting and looking up; for one machine WMI is asked for what is associated
 * with its settings. Templates and the copies that checkpoints keep are in the same classes: the
 * former have no GUID in the machine's place, the latter that of no machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/hyperv/hyperv_host.h"

struct link {
	struct instance_id adapter;
	struct uuid network; /* the switch */
};

struct network {
	struct uuid id;
	char name[ADAPTER_SWITCH_SIZE];
};

struct wiring {
	struct machine_table *table;
	enum adapter_kind kind; /* of the adapters that are being read */
	struct link *links;
	size_t link_count, link_room;
	struct network *networks;
	size_t network_count, network_room;
	bool no_memory;
};

/* Room for one more in a list that doubles. */
static void *grow(void *list, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return list;
	size_t more = *room ? *room * 2 : 32;
	void *grown = realloc(list, more * size);

	if (grown)
		*room = more;
	return grown;
}

static int compare_links(const void *left, const void *right)
{
	const struct link *a = left, *b = right;

	return instance_id_compare(&a->adapter, &b->adapter);
}

static int compare_networks(const void *left, const void *right)
{
	const struct network *a = left, *b = right;

	return memcmp(&a->id, &b->id, sizeof(a->id));
}

struct first_text {
	char text[OBJECT_PATH_SIZE];
};

static bool take_first(void *context, const char *text)
{
	struct first_text *first = context;

	if (strlen(text) < sizeof(first->text))
		memcpy(first->text, text, strlen(text) + 1);
	return false;
}

/* What a connection says; false when it leads from no adapter, or to no switch. */
static bool understand_link(IWbemClassObject *object, struct link *link)
{
	enum { DISABLED = 3 }; /* EnabledState of one that was disconnected */
	char parent[OBJECT_PATH_SIZE], key[160];
	struct first_text resource = {""};
	uint32_t enabled;

	if (wmi_number(object, L"EnabledState", &enabled, NULL) == 1 && enabled == DISABLED)
		return false;
	if (wmi_text(object, L"Parent", parent, sizeof(parent), NULL) != 1 ||
		wmi_texts(object, L"HostResource", take_first, &resource, NULL) != 1)
		return false;
	return object_path_key(parent, "InstanceID", key, sizeof(key)) &&
	       instance_id_parse(key, &link->adapter) &&
	       object_path_is(resource.text, "Msvm_VirtualEthernetSwitch") &&
	       object_path_key(resource.text, "Name", key, sizeof(key)) &&
	       guid_parse(key, &link->network);
}

static bool take_link(void *context, IWbemClassObject *object)
{
	struct wiring *wiring = context;
	struct link link;

	if (!understand_link(object, &link) ||
		!machine_table_find(wiring->table, &link.adapter.machine))
		return true;
	struct link *links =
		grow(wiring->links, wiring->link_count, &wiring->link_room, sizeof(*wiring->links));
	wiring->no_memory = !links;
	if (!links)
		return false;
	wiring->links = links;
	wiring->links[wiring->link_count++] = link;
	return true;
}

static bool take_network(void *context, IWbemClassObject *object)
{
	struct wiring *wiring = context;
	struct network network;
	char name[UUID_TEXT_SIZE + 4];

	if (wmi_text(object, L"Name", name, sizeof(name), NULL) != 1 ||
		!guid_parse(name, &network.id))
		return true;
	wmi_text(object, L"ElementName", network.name, sizeof(network.name), NULL);
	struct network *networks = grow(wiring->networks, wiring->network_count,
		&wiring->network_room, sizeof(*wiring->networks));
	wiring->no_memory = !networks;
	if (!networks)
		return false;
	wiring->networks = networks;
	wiring->networks[wiring->network_count++] = network;
	return true;
}

static void find_switch(
	const struct wiring *wiring, const struct instance_id *adapter, char *name, size_t size)
{
	struct link wanted = {.adapter = *adapter};
	const struct link *link = NULL;
	const struct network *network = NULL;

	if (wiring->link_count)
		link = bsearch(
			&wanted, wiring->links, wiring->link_count, sizeof(*link), compare_links);
	if (link && wiring->network_count) {
		struct network id = {.id = link->network};

		network = bsearch(&id, wiring->networks, wiring->network_count, sizeof(*network),
			compare_networks);
	}
	text_copy(name, size, network ? network->name : "");
}

/* 12 digits; a group's address belongs to no adapter. */
static bool read_mac(IWbemClassObject *object, struct mac *mac)
{
	char address[24];

	return wmi_text(object, L"Address", address, sizeof(address), NULL) == 1 &&
	       mac_parse(address, mac) && !mac_is_group(mac);
}

static bool take_adapter(void *context, IWbemClassObject *object)
{
	struct wiring *wiring = context;
	struct instance_id id;
	struct mac mac;
	char text[160];

	if (wmi_text(object, L"InstanceID", text, sizeof(text), NULL) != 1 ||
		!instance_id_parse(text, &id))
		return true;
	struct machine *machine = machine_table_find(wiring->table, &id.machine);
	if (!machine)
		return true;
	struct adapter *adapter = read_mac(object, &mac) ? machine_add_adapter(machine) : NULL;
	if (!adapter) {
		machine->unusable_adapters++;
		return true;
	}
	adapter->mac = mac;
	adapter->kind = wiring->kind;
	find_switch(wiring, &id, adapter->switch_name, sizeof(adapter->switch_name));
	return true;
}

/* All of a class, or those that belong to one machine's settings. */
static int read_class(struct host *host, struct wiring *wiring, const char *class_name,
	const char *properties, const struct uuid *only, wmi_object_fn *take, struct error *error)
{
	char query[512], guid[UUID_TEXT_SIZE];

	if (only)
		snprintf(query, sizeof(query),
			"ASSOCIATORS OF {Msvm_VirtualSystemSettingData.InstanceID="
			"\"Microsoft:%s\"} WHERE AssocClass = "
			"Msvm_VirtualSystemSettingDataComponent ResultClass = %s",
			guid_format(only, guid), class_name);
	else
		snprintf(query, sizeof(query), "SELECT %s FROM %s", properties, class_name);
	int result = hyperv_query(host, query, take, wiring, error);
	if (result == 0 && wiring->no_memory)
		result = error_set(error, ERR_FAILED, "out of memory");
	return result;
}

/* A switch's name is good to know; without it nothing goes wrong. */
static int read_wiring(
	struct host *host, struct wiring *wiring, const struct uuid *only, struct error *error)
{
	int result = read_class(host, wiring, "Msvm_EthernetPortAllocationSettingData",
		"EnabledState, Parent, HostResource", only, take_link, error);

	if (result == 0 && wiring->link_count)
		result = read_class(host, wiring, "Msvm_VirtualEthernetSwitch", "Name, ElementName",
			NULL, take_network, error);
	if (wiring->link_count)
		qsort(wiring->links, wiring->link_count, sizeof(*wiring->links), compare_links);
	if (wiring->network_count)
		qsort(wiring->networks, wiring->network_count, sizeof(*wiring->networks),
			compare_networks);
	return result == -ERR_UNREACHABLE || wiring->no_memory ? result : 0;
}

static int compare_adapters(const void *left, const void *right)
{
	const struct adapter *a = left, *b = right;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	int order = memcmp(&a->mac, &b->mac, sizeof(a->mac));
	return order ? order : strcmp(a->switch_name, b->switch_name);
}

/* WMI promises no order, and what is only in another order must not look like a change. */
static void sort_adapters(struct machine_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		struct machine *machine = &table->all[i];

		if (machine->adapter_count > 1)
			qsort(machine->adapters, machine->adapter_count, sizeof(*machine->adapters),
				compare_adapters);
	}
}

int adapters_read(struct host *host, struct machine_table *table, const struct uuid *only,
	struct error *error)
{
	static const struct {
		const char *class_name;
		enum adapter_kind kind;
	} CLASSES[] = {
		{"Msvm_SyntheticEthernetPortSettingData", ADAPTER_SYNTHETIC},
		{"Msvm_EmulatedEthernetPortSettingData", ADAPTER_EMULATED},
	};
	struct wiring wiring = {.table = table};
	int result = read_wiring(host, &wiring, only, error);

	for (size_t i = 0; result == 0 && i < sizeof(CLASSES) / sizeof(CLASSES[0]); i++) {
		wiring.kind = CLASSES[i].kind;
		result = read_class(host, &wiring, CLASSES[i].class_name, "InstanceID, Address",
			only, take_adapter, error);
	}
	sort_adapters(table);
	free(wiring.links);
	free(wiring.networks);
	return result < 0 ? (error_wrap(error, "cannot read the network adapters"), result) : 0;
}
