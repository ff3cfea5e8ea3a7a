/* SPDX-License-Identifier: MIT */
/*
 * commands_inventory.c - commands that make, change and delete instances
 */
#include <stdio.h>
#include <string.h>

#include "scenario.h"
#include "world.h"

static bool read_state(struct command *command, int *state)
{
	static const struct {
		const char *name;
		int state;
	} names[] = {{"off", STATE_OFF}, {"saved", STATE_SAVED}, {"paused", STATE_PAUSED},
		{"running", STATE_RUNNING}, {"starting", STATE_STARTING}, {"saving", 32773},
		{"stopping", 4}};
	const char *text = command_option(command, "state");
	int64_t number;

	if (!text)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (fold_equal(text, names[i].name)) {
			*state = names[i].state;
			return true;
		}
	}
	if (!parse_number(text, &number))
		return command_fail(command, "state=%s is no state", text);
	*state = (int)number;
	return true;
}

static bool run_host(struct command *command)
{
	machines_rename_host(command_bare(command, 1));
	return true;
}

static bool run_remote(struct command *command)
{
	struct remote *remote = &world.remotes[world.remote_count];
	const char *user = command_option(command, "user");
	const char *password = command_option(command, "password");

	if (world.remote_count == REMOTES)
		return command_fail(command, "there are %d remote names already", REMOTES);
	snprintf(remote->name, sizeof(remote->name), "%s", command_bare(command, 1));
	snprintf(remote->user, sizeof(remote->user), "%s", user ? user : "");
	snprintf(remote->password, sizeof(remote->password), "%s", password ? password : "");
	remote->needs_user = user != NULL;
	world.remote_count++;
	return true;
}

static bool run_machine(struct command *command)
{
	struct machine_options options = {
		.name = command_option(command, "name"),
		.notes = command_option(command, "notes"),
		.state = -1,
	};
	char guid[GUID_SIZE];

	if (!command_guid(command, command_bare(command, 1), guid) ||
		!read_state(command, &options.state))
		return false;
	machine_put(guid, &options);
	return true;
}

static bool read_adapter(struct command *command, struct adapter_options *options, char address[13],
	char switch_id[GUID_SIZE])
{
	const char *kind = command_option(command, "kind"), *mac = command_option(command, "mac");
	const char *connected = command_option(command, "switch");

	*options = (struct adapter_options){
		.name = command_option(command, "name"), .emulated = -1, .fixed = -1};
	if (kind && !fold_equal(kind, "synthetic") && !fold_equal(kind, "emulated"))
		return command_fail(command, "kind=%s is neither synthetic nor emulated", kind);
	if (kind)
		options->emulated = fold_equal(kind, "emulated");
	if (mac) { /* as given: Hyper-V's own is 12 digits, and a test may want to give rubbish */
		snprintf(address, 13, "%s", mac);
		options->address = address;
	}
	if (connected) {
		if (!command_guid(command, connected, switch_id))
			return false;
		options->switch_id = switch_id;
	}
	return command_yes_no(command, "static", &options->fixed);
}

static bool run_adapter(struct command *command)
{
	char owner[GUID_SIZE], device[GUID_SIZE], switch_id[GUID_SIZE], address[13];
	struct adapter_options options;

	if (!command_guid(command, command_bare(command, 1), owner) ||
		!command_guid(command, command_bare(command, 2), device) ||
		!read_adapter(command, &options, address, switch_id))
		return false;
	adapter_put(owner, device, &options);
	return true;
}

static bool run_template(struct command *command)
{
	const char *pool = command_bare(command, 1);
	char guid[GUID_SIZE] = "6A45335D-4C3A-44B7-B61F-C9808BBDF8ED", switch_id[GUID_SIZE],
	     address[13];
	struct adapter_options options;

	if (pool && !command_guid(command, pool, guid))
		return false;
	if (!read_adapter(command, &options, address, switch_id))
		return false;
	template_put(guid, &options);
	return true;
}

static bool run_switch(struct command *command)
{
	char guid[GUID_SIZE];

	if (!command_guid(command, command_bare(command, 1), guid))
		return false;
	switch_put(guid, command_option(command, "name"));
	return true;
}

static const char *checkpoint_type(const char *name)
{
	static const char *const types[][2] = {{"user", "Realized"}, {"recovery", "Recovery"},
		{"planned", "Planned"}, {"missing", "Missing"}, {"replica", "Replica:Standard"}};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (fold_equal(name, types[i][0]))
			return types[i][1];
	}
	return NULL;
}

static bool run_checkpoint(struct command *command)
{
	const char *of = command_option(command, "of"), *name = command_option(command, "type");
	const char *type = checkpoint_type(name ? name : "user");
	char guid[GUID_SIZE], machine[GUID_SIZE];
	int adapters = 1;

	if (!of || !type)
		return command_fail(
			command, "a checkpoint needs of=VMGUID and a type that there is");
	if (!command_guid(command, command_bare(command, 1), guid) ||
		!command_guid(command, of, machine) ||
		!command_yes_no(command, "adapters", &adapters))
		return false;
	if (!machine_find(machine))
		return command_fail(command, "there is no machine %s", machine);
	checkpoint_put(guid, machine, command_option(command, "name"), type, adapters);
	return true;
}

static void add_kvp_item(struct buffer *items, const char *name, const char *data)
{
	buffer_add_text(items, "<INSTANCE CLASSNAME=\"Msvm_KvpExchangeDataItem\">"
			       "<PROPERTY NAME=\"Caption\" PROPAGATED=\"true\" TYPE=\"string\">"
			       "</PROPERTY><PROPERTY NAME=\"Data\" TYPE=\"string\"><VALUE>");
	buffer_add_xml(items, data);
	buffer_add_text(
		items, "</VALUE></PROPERTY><PROPERTY NAME=\"Name\" TYPE=\"string\"><VALUE>");
	buffer_add_xml(items, name);
	buffer_add_text(items, "</VALUE></PROPERTY><PROPERTY NAME=\"Source\" TYPE=\"uint16\">"
			       "<VALUE>2</VALUE></PROPERTY></INSTANCE>");
	buffer_add_char(items, '\0');
}

static bool run_kvp(struct command *command)
{
	struct buffer items = {0};
	char guid[GUID_SIZE];
	unsigned count = 0;

	if (!command_guid(command, command_bare(command, 1), guid))
		return false;
	if (!machine_find(guid))
		return command_fail(command, "there is no machine %s", guid);
	for (unsigned i = 0; i < command->count; i++) {
		if (!command->words[i].key)
			continue;
		add_kvp_item(&items, command->words[i].key, command->words[i].value);
		count++;
	}
	kvp_put(guid, items.text, count);
	buffer_free(&items);
	return true;
}

static bool run_fill(struct command *command)
{
	char guid[GUID_SIZE], device[GUID_SIZE], name[32], address[13], unused[13],
		switch_id[GUID_SIZE];
	struct machine_options machine = {.name = name, .state = -1};
	struct adapter_options adapter;
	int64_t machines, adapters;
	int full = 0;
	unsigned long long number = 0;

	if (!parse_number(command_bare(command, 1), &machines) ||
		!parse_number(command_bare(command, 2), &adapters))
		return command_fail(command, "fill needs two numbers");
	if (machines < 0 || machines > 100000 || adapters < 0 || adapters > 64)
		return command_fail(command, "at most 100000 machines with 64 adapters each");
	if (!read_state(command, &machine.state) || !command_yes_no(command, "full", &full) ||
		!read_adapter(command, &adapter, unused, switch_id))
		return false;
	machine.bare = !full;
	adapter.address = address;
	for (int64_t i = 1; i <= machines; i++) {
		snprintf(guid, sizeof(guid), "00000000-0000-4000-8000-%012llX",
			(unsigned long long)i & 0xffffffffffffULL);
		snprintf(name, sizeof(name), "vm-%05lld", (long long)i);
		machine_put(guid, &machine);
		for (int64_t j = 0; j < adapters; j++) {
			number++;
			snprintf(device, sizeof(device), "00000000-0000-4000-9000-%012llX",
				number & 0xffffffffffffULL);
			snprintf(address, sizeof(address), "02%010llX", number & 0xffffffffffULL);
			adapter_put(guid, device, &adapter);
		}
	}
	return true;
}

/* CLASS or namespace:CLASS */
static const struct class *find_class(const char *text)
{
	const char *colon = strchr(text, ':');
	const struct class *class = NULL;
	char space[NAME_SIZE];

	if (colon) {
		snprintf(space, sizeof(space), "%.*s", (int)(colon - text), text);
		return name_space_find(space) == ANYWHERE
			       ? NULL
			       : class_find(name_space_find(space), colon + 1);
	}
	for (unsigned each = HYPERV; !class && each < NAME_SPACES; each++)
		class = class_find(each, text);
	return class;
}

static bool run_instance(struct command *command)
{
	const struct class *class = find_class(command_bare(command, 1));
	struct buffer texts = {0};
	struct image *image;
	struct values values;
	bool good;

	if (!class)
		return command_fail(command, "there is no class %s", command_bare(command, 1));
	values_begin(&values, class);
	if (class_property(class, "CreationClassName") != NO_PROPERTY)
		values_text(&values, "CreationClassName", class->name);
	good = command_values(command, &values, &texts);
	if (good) {
		image = image_new(&values);
		good = path_exists(image) ||
		       command_fail(command, "a key of %s is missing", class->name);
		if (good)
			store_put(image);
		else
			image_release(image);
	}
	command_values_free(&values);
	buffer_free(&texts);
	return good;
}

static bool changes_key(struct command *command, const struct values *values)
{
	for (unsigned i = 0; i < values->count; i++) {
		const struct property *property =
			&values->class->properties[values->list[i].property];

		if (property->flags & KEYED) {
			command_fail(command, "%s is a key", property->name);
			return true;
		}
	}
	return false;
}

static bool run_set(struct command *command)
{
	struct buffer texts = {0};
	struct entity *entity;
	struct values values;
	unsigned used;
	bool good;

	entity = command_entity(command, &used);
	if (!entity)
		return false;
	values_begin(&values, entity->image->class);
	good = command_values(command, &values, &texts) && !changes_key(command, &values);
	if (good && values.count > 0)
		store_change(entity, &values);
	command_values_free(&values);
	buffer_free(&texts);
	return good;
}

static bool run_delete(struct command *command)
{
	struct entity *entity;
	const char *class;
	unsigned used;

	entity = command_entity(command, &used);
	if (!entity)
		return false;
	class = entity->image->class->name;
	if (fold_equal(class, "Msvm_ComputerSystem"))
		machine_delete(entity);
	else if (fold_equal(class, "Msvm_SyntheticEthernetPortSettingData") ||
		 fold_equal(class, "Msvm_EmulatedEthernetPortSettingData"))
		adapter_delete(entity);
	else if (fold_equal(class, "Msvm_VirtualSystemSettingData"))
		checkpoint_delete(entity);
	else
		store_delete(entity);
	return true;
}

static bool run_reset(struct command *command)
{
	(void)command;
	world_reset();
	return true;
}

#define ADAPTER_OPTIONS " kind mac static name switch "

const struct command_row inventory_commands[] = {
	{"host", "NAME", "", run_host},
	{"remote", "NAME", " user password ", run_remote},
	{"machine", "GUID", " name state notes ", run_machine},
	{"adapter", "VMGUID DEVGUID", ADAPTER_OPTIONS, run_adapter},
	{"template", "", ADAPTER_OPTIONS, run_template},
	{"switch", "GUID", " name ", run_switch},
	{"checkpoint", "GUID", " of name type adapters ", run_checkpoint},
	{"kvp", "VMGUID", "*", run_kvp},
	{"fill", "N M", ADAPTER_OPTIONS "state full ", run_fill},
	{"instance", "CLASS", "*", run_instance},
	{"set", "WHAT", "*", run_set},
	{"delete", "WHAT", "", run_delete},
	{"reset", "", "", run_reset},
	{0},
};
