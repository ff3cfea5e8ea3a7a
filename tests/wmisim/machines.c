/* SPDX-License-Identifier: MIT */
/*
 * machines.c - a machine is several instances: the computer system, its settings and, unless it
 * is to be bare, a summary, the KVP exchange and the heartbeat
 */
#include "machines.h"

#include <stdio.h>
#include <string.h>

#include "adapters.h"
#include "system.h"
#include "world.h"

struct class *hyperv_class(const char *name)
{
	return class_find(HYPERV, name);
}

bool guid_read(char guid[GUID_SIZE], const char *text)
{
	size_t length = strlen(text);

	if (length == GUID_SIZE + 1 && text[0] == '{' && text[length - 1] == '}')
		text++;
	else if (length != GUID_SIZE - 1)
		return false;
	for (unsigned i = 0; i < GUID_SIZE - 1; i++) {
		char c = text[i];

		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (c != '-')
				return false;
		} else if (c >= 'a' && c <= 'f') {
			c = (char)(c - 'a' + 'A');
		} else if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'))) {
			return false;
		}
		guid[i] = c;
	}
	guid[GUID_SIZE - 1] = '\0';
	return true;
}

/* "Microsoft:GUID" */
static void settings_id(char id[64], const char *guid)
{
	snprintf(id, 64, "Microsoft:%s", guid);
}

static void put_host_system(void)
{
	struct values values;
	int64_t fine = 2;

	values_begin(&values, hyperv_class("Msvm_ComputerSystem"));
	values_text(&values, "CreationClassName", "Msvm_ComputerSystem");
	values_text(&values, "Name", world.host);
	values_text(&values, "ElementName", world.host);
	values_text(&values, "Caption", "Hosting Computer System");
	values_text(&values, "Description", "Microsoft Hosting Computer System");
	values_number(&values, "EnabledState", STATE_RUNNING);
	values_number(&values, "RequestedState", 12);
	values_number(&values, "HealthState", 5);
	values_numbers(&values, "OperationalStatus", &fine, 1);
	store_put(image_new(&values));
}

static void put_service(const char *class, const char *name, const char *title)
{
	struct values values;
	int64_t fine = 2;

	values_begin(&values, hyperv_class(class));
	values_text(&values, "SystemCreationClassName", "Msvm_ComputerSystem");
	values_text(&values, "SystemName", world.host);
	values_text(&values, "CreationClassName", class);
	values_text(&values, "Name", name);
	values_text(&values, "ElementName", title);
	values_text(&values, "Caption", title);
	values_number(&values, "EnabledState", 2);
	values_number(&values, "HealthState", 5);
	values_number(&values, "Started", 1);
	values_numbers(&values, "OperationalStatus", &fine, 1);
	store_put(image_new(&values));
}

static void put_windows_service(const char *name, const char *title)
{
	struct values values;

	values_begin(&values, class_find(CIMV2, "Win32_Service"));
	values_text(&values, "Name", name);
	values_text(&values, "DisplayName", title);
	values_text(&values, "Caption", title);
	values_text(&values, "State", "Running");
	values_text(&values, "Status", "OK");
	values_text(&values, "StartMode", "Auto");
	values_number(&values, "Started", 1);
	values_number(&values, "ProcessId", 1234);
	values_text(&values, "SystemName", world.host);
	store_put(image_new(&values));
}

static void put_operating_system(void)
{
	struct values values;

	values_begin(&values, class_find(CIMV2, "Win32_OperatingSystem"));
	values_text(&values, "Name", "Microsoft Windows Server 2019 Standard|C:\\Windows|");
	values_text(&values, "Caption", "Microsoft Windows Server 2019 Standard");
	values_text(&values, "Version", "10.0.17763");
	values_text(&values, "BuildNumber", "17763");
	values_text(&values, "CSName", world.host);
	values_number(&values, "ProductType", 3);
	store_put(image_new(&values));
}

void machines_make_host(void)
{
	put_host_system();
	put_service("Msvm_VirtualSystemManagementService", "vmms",
		"Hyper-V Virtual System Management Service");
	put_service("Msvm_VirtualSystemSnapshotService", "vssnapsvc",
		"Hyper-V Virtual System Snapshot Service");
	put_windows_service("vmms", "Hyper-V Virtual Machine Management");
	put_windows_service("Winmgmt", "Windows Management Instrumentation");
	put_operating_system();
}

static void delete_all_of(struct class *class)
{
	while (class && class->entity_count > 0)
		store_delete(class->entities[0]);
}

void machines_rename_host(const char *name)
{
	struct entity *host = store_find(hyperv_class("Msvm_ComputerSystem"), world.host);

	if (host)
		store_delete(host);
	delete_all_of(hyperv_class("Msvm_VirtualSystemManagementService"));
	delete_all_of(hyperv_class("Msvm_VirtualSystemSnapshotService"));
	delete_all_of(class_find(CIMV2, "Win32_Service"));
	delete_all_of(class_find(CIMV2, "Win32_OperatingSystem"));
	snprintf(world.host, sizeof(world.host), "%s", name);
	machines_make_host();
}

struct entity *machine_find(const char *guid)
{
	return store_find(hyperv_class("Msvm_ComputerSystem"), guid);
}

struct entity *settings_find(const char *guid)
{
	char id[64];

	settings_id(id, guid);
	return store_find(hyperv_class("Msvm_VirtualSystemSettingData"), id);
}

static void put_system(const char *guid, const struct machine_options *options)
{
	struct entity *old = machine_find(guid);
	char now[DATETIME_SIZE];
	struct values values;
	int64_t fine = 2;

	values_begin(&values, hyperv_class("Msvm_ComputerSystem"));
	if (!old) {
		system_datetime(now);
		values_text(&values, "CreationClassName", "Msvm_ComputerSystem");
		values_text(&values, "Name", guid);
		values_text(&values, "Caption", "Virtual Machine");
		values_text(&values, "Description", "Microsoft Virtual Machine");
		values_text(&values, "ElementName", options->name ? options->name : guid);
		values_number(
			&values, "EnabledState", options->state < 0 ? STATE_OFF : options->state);
		values_number(&values, "RequestedState", 12);
		values_number(&values, "EnabledDefault", 2);
		values_number(&values, "HealthState", 5);
		values_numbers(&values, "OperationalStatus", &fine, 1);
		values_texts(&values, "StatusDescriptions", "Operating normally", 1);
		values_number(&values, "OnTimeInMilliseconds", 0);
		values_text(&values, "InstallDate", now);
		values_text(&values, "TimeOfLastStateChange", now);
		store_put(image_new(&values));
		return;
	}
	if (options->name)
		values_text(&values, "ElementName", options->name);
	if (values.count > 0)
		store_change(old, &values);
	if (options->state >= 0)
		machine_set_state(old, options->state);
}

static void put_settings(const char *guid, const struct machine_options *options)
{
	struct entity *old = settings_find(guid);
	char id[64], now[DATETIME_SIZE];
	struct values values;

	values_begin(&values, hyperv_class("Msvm_VirtualSystemSettingData"));
	if (options->name || !old)
		values_text(&values, "ElementName", options->name ? options->name : guid);
	if (options->notes)
		values_texts(&values, "Notes", options->notes, 1);
	if (old) {
		if (values.count > 0)
			store_change(old, &values);
		return;
	}
	settings_id(id, guid);
	system_datetime(now);
	values_text(&values, "InstanceID", id);
	values_text(&values, "Caption", "Virtual Machine Settings");
	values_text(&values, "VirtualSystemIdentifier", guid);
	values_text(&values, "VirtualSystemType", "Microsoft:Hyper-V:System:Realized");
	values_text(&values, "VirtualSystemSubType", "Microsoft:Hyper-V:SubType:2");
	values_text(&values, "CreationTime", now);
	values_text(&values, "Version", "9.0");
	store_put(image_new(&values));
}

static void put_summary(const char *guid, const struct machine_options *options)
{
	struct class *class = hyperv_class("Msvm_SummaryInformation");
	char id[64];
	struct entity *old;
	struct values values;

	settings_id(id, guid);
	old = store_find(class, id);
	values_begin(&values, class);
	if (options->name || !old)
		values_text(&values, "ElementName", options->name ? options->name : guid);
	if (options->notes)
		values_text(&values, "Notes", options->notes);
	if (options->state >= 0 || !old)
		values_number(
			&values, "EnabledState", options->state < 0 ? STATE_OFF : options->state);
	if (old) {
		store_change(old, &values);
		return;
	}
	values_text(&values, "InstanceID", id);
	values_text(&values, "Name", guid);
	values_number(&values, "HealthState", 5);
	values_number(&values, "NumberOfProcessors", 1);
	values_number(&values, "UpTime", 0);
	values_text(&values, "Version", "9.0");
	store_put(image_new(&values));
}

/* KVP exchange and heartbeat: a device of the machine. */
static void put_component(const char *class_name, const char *guid, const char *device)
{
	struct values values;
	struct image *image;
	char id[128];
	int64_t silent = 12;

	snprintf(id, sizeof(id), "Microsoft:%s\\%s", guid, device);
	values_begin(&values, hyperv_class(class_name));
	values_text(&values, "SystemCreationClassName", "Msvm_ComputerSystem");
	values_text(&values, "SystemName", guid);
	values_text(&values, "CreationClassName", class_name);
	values_text(&values, "DeviceID", id);
	values_number(&values, "EnabledState", 2);
	values_number(&values, "HealthState", 5);
	values_numbers(&values, "OperationalStatus", &silent, 1);
	image = image_new(&values);
	if (store_find_same(image))
		image_release(image);
	else
		store_put(image);
}

void machine_put(const char *guid, const struct machine_options *options)
{
	bool is_new = !machine_find(guid);

	put_system(guid, options);
	put_settings(guid, options);
	if (options->bare)
		return;
	put_summary(guid, options);
	if (!is_new)
		return;
	put_component("Msvm_KvpExchangeComponent", guid, "2A34B1C2-FD73-4043-8A5B-DD2159BC743F");
	put_component("Msvm_HeartbeatComponent", guid, "84EAAE65-2F2E-45F5-9BB5-0E857DC8EB47");
}

struct owner {
	const char *property, *value;
	struct entity *found;
};

static bool visit_owned(void *context, struct entity *entity)
{
	struct owner *owner = context;

	if (!fold_equal(image_text(entity->image, owner->property), owner->value))
		return true;
	owner->found = entity;
	return false;
}

static struct entity *first_with(const char *class, const char *property, const char *value)
{
	struct owner owner = {property, value, NULL};

	store_each(hyperv_class(class), visit_owned, &owner);
	return owner.found;
}

void machine_set_state(struct entity *machine, int state)
{
	const char *guid = image_text(machine->image, "Name");
	char now[DATETIME_SIZE], id[64];
	struct entity *summary;
	struct values values;

	if (image_number(machine->image, "EnabledState", 0) == state)
		return;
	settings_id(id, guid);
	system_datetime(now);
	values_begin(&values, machine->image->class);
	values_number(&values, "EnabledState", state);
	values_text(&values, "TimeOfLastStateChange", now);
	if (state == STATE_OFF || state == STATE_SAVED)
		values_text(&values, "ProcessID", NULL);
	else
		values_number(&values, "ProcessID", 4711);
	store_change(machine, &values);
	summary = store_find(hyperv_class("Msvm_SummaryInformation"), id);
	if (summary) {
		values_begin(&values, summary->image->class);
		values_number(&values, "EnabledState", state);
		store_change(summary, &values);
	}
}

static void delete_with(const char *class, const char *property, const char *value)
{
	struct entity *entity;

	while ((entity = first_with(class, property, value)))
		store_delete(entity);
}

void checkpoint_delete(struct entity *checkpoint)
{
	const char *id = image_text(checkpoint->image, "InstanceID");
	char guid[GUID_SIZE];

	if (fold_starts(id, "Microsoft:") && guid_read(guid, id + strlen("Microsoft:")))
		adapters_delete_of(guid);
	store_delete(checkpoint);
}

void machine_delete(struct entity *machine)
{
	char guid[NAME_SIZE], id[NAME_SIZE + 16];
	struct entity *settings;

	snprintf(guid, sizeof(guid), "%s", image_text(machine->image, "Name"));
	snprintf(id, sizeof(id), "Microsoft:%s", guid);
	adapters_delete_of(guid);
	delete_with("CIM_LogicalDevice", "SystemName", guid);
	delete_with("Msvm_SummaryInformation", "InstanceID", id);
	while ((settings = first_with(
			"Msvm_VirtualSystemSettingData", "VirtualSystemIdentifier", guid)))
		checkpoint_delete(settings);
	store_delete(machine);
}

void kvp_put(const char *machine, const char *items, unsigned count)
{
	struct entity *component = first_with("Msvm_KvpExchangeComponent", "SystemName", machine);
	struct values values;
	int64_t status = count > 0 ? 2 : 12;

	if (!component) {
		put_component("Msvm_KvpExchangeComponent", machine,
			"2A34B1C2-FD73-4043-8A5B-DD2159BC743F");
		component = first_with("Msvm_KvpExchangeComponent", "SystemName", machine);
	}
	values_begin(&values, component->image->class);
	values_numbers(&values, "OperationalStatus", &status, 1);
	values_texts(&values, "GuestIntrinsicExchangeItems", items, count);
	store_change(component, &values);
}

void checkpoint_put(const char *guid, const char *machine, const char *name, const char *type,
	bool with_adapters)
{
	char id[64], now[DATETIME_SIZE], full_type[96];
	struct values values;

	settings_id(id, guid);
	system_datetime(now);
	snprintf(full_type, sizeof(full_type), "Microsoft:Hyper-V:Snapshot:%s", type);
	values_begin(&values, hyperv_class("Msvm_VirtualSystemSettingData"));
	values_text(&values, "InstanceID", id);
	values_text(&values, "Caption", "Virtual Machine Settings");
	values_text(&values, "ElementName", name ? name : guid);
	values_text(&values, "VirtualSystemIdentifier", machine);
	values_text(&values, "ConfigurationID", guid);
	values_text(&values, "VirtualSystemType", full_type);
	values_text(&values, "CreationTime", now);
	store_put(image_new(&values));
	if (with_adapters)
		adapters_copy(machine, guid);
}
