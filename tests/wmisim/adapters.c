/* SPDX-License-Identifier: MIT */
/*
 * adapters.c - adapters' settings, their connections to switches, templates and copies
 *
 * InstanceID is `Microsoft:<owner>\<device>`: the owner is a machine, or the checkpoint that the
 * copy belongs to, or `Definition\<pool>` with a template's word for a device. A connection has
 * its adapter's InstanceID with `\C` behind it.
 */
#include "adapters.h"

#include <stdio.h>
#include <string.h>

#include "world.h"

enum { ID_SIZE = 160 };

static const char *const kinds[] = {
	"Msvm_SyntheticEthernetPortSettingData", "Msvm_EmulatedEthernetPortSettingData"};

static struct entity *find_by_id(const char *id)
{
	struct entity *found = store_find(hyperv_class(kinds[0]), id);

	return found ? found : store_find(hyperv_class(kinds[1]), id);
}

struct entity *adapter_find(const char *owner, const char *device)
{
	char id[ID_SIZE];

	snprintf(id, sizeof(id), "Microsoft:%s\\%s", owner, device);
	return find_by_id(id);
}

/* The owner's GUID; false for a template. */
static bool owner_of(const struct entity *adapter, char guid[GUID_SIZE])
{
	const char *id = image_text(adapter->image, "InstanceID");
	char start[GUID_SIZE];

	if (!fold_starts(id, "Microsoft:") || strlen(id) < 10 + GUID_SIZE)
		return false;
	snprintf(start, sizeof(start), "%.36s", id + 10);
	return guid_read(guid, start);
}

struct device_search {
	const char *device;
	struct entity *found;
};

static bool visit_device(void *context, struct entity *entity)
{
	struct device_search *search = context;
	char owner[GUID_SIZE];
	const char *id = image_text(entity->image, "InstanceID");

	if (!owner_of(entity, owner) || !machine_find(owner) ||
		!fold_equal(id + 10 + GUID_SIZE, search->device))
		return true;
	search->found = entity;
	return false;
}

struct entity *adapter_find_device(const char *device)
{
	struct device_search search = {device, NULL};

	for (size_t i = 0; i < 2 && !search.found; i++)
		store_each(hyperv_class(kinds[i]), visit_device, &search);
	return search.found;
}

struct entity *connection_find(const struct entity *adapter)
{
	char id[ID_SIZE];

	snprintf(id, sizeof(id), "%s\\C", image_text(adapter->image, "InstanceID"));
	return store_find(hyperv_class("Msvm_EthernetPortAllocationSettingData"), id);
}

static void fill_new(struct values *values, const char *id, const struct adapter_options *options)
{
	bool emulated = options->emulated > 0;

	values_text(values, "InstanceID", id);
	values_text(values, "Caption",
		emulated ? "Ethernet Port" : "Virtual Ethernet Port Default Settings");
	values_text(values, "ElementName", emulated ? "Legacy Network Adapter" : "Network Adapter");
	values_number(values, "ResourceType", 10);
	values_text(values, "ResourceSubType",
		emulated ? "Microsoft:Hyper-V:Emulated Ethernet Port"
			 : "Microsoft:Hyper-V:Synthetic Ethernet Port");
	values_number(values, "VirtualQuantity", 1);
	values_number(values, "ClusterMonitored", 1);
	values_number(values, "StaticMacAddress", 1);
	values_text(values, "Address", "000000000000");
}

static struct entity *put(const char *id, const struct adapter_options *options)
{
	struct entity *old = find_by_id(id);
	struct values values;

	if (old && options->emulated >= 0 &&
		(options->emulated > 0) != fold_equal(old->image->class->name, kinds[1])) {
		adapter_delete(old); /* another kind is another class, so another instance */
		old = NULL;
	}
	values_begin(&values, old ? old->image->class : hyperv_class(kinds[options->emulated > 0]));
	if (!old)
		fill_new(&values, id, options);
	if (options->name)
		values_text(&values, "ElementName", options->name);
	if (options->address)
		values_text(&values, "Address", options->address);
	if (options->fixed >= 0)
		values_number(&values, "StaticMacAddress", options->fixed);
	if (!old)
		return store_put(image_new(&values));
	if (values.count > 0)
		store_change(old, &values);
	return old;
}

static void connect(struct entity *adapter, const char *switch_id)
{
	struct buffer parent = {0}, host_resource = {0};
	char id[ID_SIZE];
	struct values values;

	snprintf(id, sizeof(id), "%s\\C", image_text(adapter->image, "InstanceID"));
	path_write(&parent, world.host, adapter->image);
	buffer_printf(&host_resource,
		"\\\\%s\\root\\virtualization\\v2:Msvm_VirtualEthernetSwitch.CreationClassName="
		"\"Msvm_VirtualEthernetSwitch\",Name=\"%s\"",
		world.host, switch_id);
	values_begin(&values, hyperv_class("Msvm_EthernetPortAllocationSettingData"));
	values_text(&values, "InstanceID", id);
	values_text(&values, "Caption", "Ethernet Switch Port Settings");
	values_text(&values, "ElementName", "Dynamic Ethernet Switch Port");
	values_number(&values, "ResourceType", 33);
	values_text(&values, "ResourceSubType", "Microsoft:Hyper-V:Ethernet Connection");
	values_number(&values, "EnabledState", 2);
	values_text(&values, "Parent", parent.text);
	values_texts(&values, "HostResource", host_resource.text, 1);
	store_put(image_new(&values));
	buffer_free(&parent);
	buffer_free(&host_resource);
}

void adapter_put(const char *owner, const char *device, const struct adapter_options *options)
{
	char id[ID_SIZE];
	struct entity *adapter;

	snprintf(id, sizeof(id), "Microsoft:%s\\%s", owner, device);
	adapter = put(id, options);
	if (options->switch_id)
		connect(adapter, options->switch_id);
}

void adapter_delete(struct entity *adapter)
{
	struct entity *connection = connection_find(adapter);

	if (connection)
		store_delete(connection);
	store_delete(adapter);
}

struct owner_search {
	char prefix[64];
	struct entity *found[64];
	size_t count;
};

static bool visit_owner(void *context, struct entity *entity)
{
	struct owner_search *search = context;

	if (fold_starts(image_text(entity->image, "InstanceID"), search->prefix))
		search->found[search->count++] = entity;
	return search->count < 64;
}

static void find_of(struct owner_search *search, const char *owner)
{
	search->count = 0;
	snprintf(search->prefix, sizeof(search->prefix), "Microsoft:%s\\", owner);
	for (size_t i = 0; i < 2; i++)
		store_each(hyperv_class(kinds[i]), visit_owner, search);
}

void adapters_delete_of(const char *owner)
{
	struct owner_search search;

	do {
		find_of(&search, owner);
		for (size_t i = 0; i < search.count; i++)
			adapter_delete(search.found[i]);
	} while (search.count > 0);
}

void adapters_copy(const char *machine, const char *checkpoint)
{
	struct owner_search search;

	find_of(&search, machine);
	for (size_t i = 0; i < search.count; i++) {
		const struct image *original = search.found[i]->image;
		struct adapter_options options = {
			.name = image_text(original, "ElementName"),
			.address = image_text(original, "Address"),
			.emulated = fold_equal(original->class->name, kinds[1]),
			.fixed = (int)image_number(original, "StaticMacAddress", 1),
		};

		adapter_put(checkpoint, image_text(original, "InstanceID") + strlen(search.prefix),
			&options);
	}
}

void machine_assign_addresses(const char *guid)
{
	static unsigned next = 0x100;
	struct owner_search search;

	find_of(&search, guid);
	for (size_t i = 0; i < search.count; i++) {
		const struct image *image = search.found[i]->image;
		struct values values;
		char address[13];

		if (image_number(image, "StaticMacAddress", 1) ||
			!fold_equal(image_text(image, "Address"), "000000000000"))
			continue;
		snprintf(address, sizeof(address), "00155D%06X", next++ & 0xffffff);
		values_begin(&values, image->class);
		values_text(&values, "Address", address);
		store_change(search.found[i], &values);
	}
}

void template_put(const char *pool, const struct adapter_options *options)
{
	static const char *const words[] = {"Default", "Minimum", "Maximum", "Increment"};
	char id[ID_SIZE];

	for (size_t i = 0; i < 4; i++) {
		snprintf(id, sizeof(id), "Microsoft:Definition\\%s\\%s", pool, words[i]);
		put(id, options);
	}
}

void switch_put(const char *guid, const char *name)
{
	struct class *class = hyperv_class("Msvm_VirtualEthernetSwitch");
	struct entity *old = store_find(class, guid);
	struct values values;

	values_begin(&values, class);
	if (name || !old)
		values_text(&values, "ElementName", name ? name : guid);
	if (old) {
		store_change(old, &values);
		return;
	}
	values_text(&values, "CreationClassName", "Msvm_VirtualEthernetSwitch");
	values_text(&values, "Name", guid);
	values_text(&values, "Caption", "Virtual Switch");
	values_text(&values, "Description", "Microsoft Virtual Switch");
	values_number(&values, "EnabledState", 5);
	values_number(&values, "HealthState", 5);
	values_number(&values, "MaxVMQOffloads", 0);
	values_number(&values, "MaxIOVOffloads", 0);
	store_put(image_new(&values));
}
