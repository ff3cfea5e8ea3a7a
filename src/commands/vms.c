/* SPDX-License-Identifier: MIT */
/* vms.c - `hypervive vms`: every virtual machine of one or more hosts */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/command.h"
#include "commands/options.h"
#include "host/host.h"
#include "output/writer.h"

/* What a host told, kept until it can be written in order. */
struct machines {
	struct machine *items;
	size_t count, room;
	bool no_memory;
};

struct listing {
	struct writer *writer;
	struct writer_layout layout;
	bool json;
	unsigned failed, unreachable;
	int code; /* of the last host that failed */
};

static const struct writer_column COLUMNS[] = {
	{"NAME", "hosts.vms.name"},
	{"STATE", "hosts.vms.state"},
	{"ADAPTER", "hosts.vms.adapters.mac"},
	{"KIND", "hosts.vms.adapters.kind"},
	{"SWITCH", "hosts.vms.adapters.switch"},
	{"GUEST TOOLS", "hosts.vms.guest_tools.state"},
	{"ID", "hosts.vms.id"},
};

/* Takes a copy with adapters of its own. */
static bool keep_machine(void *context, const struct machine *machine)
{
	struct machines *machines = context;
	size_t size = machine->adapter_count * sizeof(*machine->adapters);
	struct adapter *adapters = NULL;

	if (machines->count == machines->room) {
		size_t room = machines->room ? machines->room * 2 : 64;
		struct machine *items = realloc(machines->items, room * sizeof(*items));

		machines->no_memory = !items;
		if (!items)
			return false;
		machines->items = items;
		machines->room = room;
	}
	if (size) {
		adapters = malloc(size);
		machines->no_memory = !adapters;
		if (!adapters)
			return false;
		memcpy(adapters, machine->adapters, size);
	}
	struct machine *copy = &machines->items[machines->count++];
	*copy = *machine;
	copy->adapters = adapters;
	return true;
}

static void free_machines(struct machines *machines)
{
	for (size_t i = 0; i < machines->count; i++)
		machine_clear(&machines->items[i]);
	free(machines->items);
}

static int by_name(const void *left, const void *right)
{
	const struct machine *a = left, *b = right;
	int order = strcmp(a->name, b->name);

	return order ? order : memcmp(&a->id, &b->id, sizeof(a->id));
}

static void text_or_null(struct writer *w, const char *key, const char *value)
{
	if (value && *value)
		writer_text(w, key, value);
	else
		writer_null(w, key);
}

static void write_machine(struct writer *w, const struct machine *machine)
{
	char id[UUID_TEXT_SIZE], mac[MAC_TEXT_SIZE];

	writer_object(w, NULL);
	writer_text(w, "name", machine->name);
	writer_text(w, "id", uuid_format(&machine->id, id));
	writer_text(w, "state", machine_state_name(machine->status.state));
	writer_list(w, "adapters");
	for (size_t i = 0; i < machine->adapter_count; i++) {
		const struct adapter *adapter = &machine->adapters[i];

		writer_object(w, NULL);
		writer_text(w, "mac", mac_format(&adapter->mac, mac));
		writer_text(w, "kind", adapter_kind_name(adapter->kind));
		text_or_null(w, "switch", adapter->switch_name);
		text_or_null(w, "model", adapter->model);
		writer_close(w);
	}
	writer_close(w);
	writer_object(w, "guest_tools");
	writer_text(w, "state", guest_tools_name(machine->tools));
	text_or_null(w, "version", machine->tools_version);
	writer_close(w);
	writer_close(w);
}

/* Everything one host has to tell, or why it does not. */
static int read_host(
	struct host *host, struct machines *machines, char *name, size_t size, struct error *error)
{
	int failed = host_ops.list(host, HOST_LIST_STATUS, keep_machine, machines, error);

	if (!failed && machines->no_memory)
		failed = error_set(
			error, ERR_FAILED, "there is not enough memory for the virtual machines");
	if (failed)
		return failed;
	if (host_ops.name(host, name, size, NULL) != 0)
		name[0] = '\0';
	return 0;
}

static void write_host(
	struct writer *w, const char *uri, const char *name, const struct machines *machines)
{
	writer_object(w, NULL);
	writer_text(w, "connect", uri);
	text_or_null(w, "name", name);
	writer_bool(w, "reachable", true);
	writer_list(w, "vms");
	for (size_t i = 0; i < machines->count; i++)
		write_machine(w, &machines->items[i]);
	writer_close(w);
	writer_close(w);
}

/* People are told on stderr; in a table such a host would look like one without machines. */
static void fail_host(struct listing *listing, const char *uri, const struct error *error)
{
	struct writer *w = listing->writer;

	listing->failed++;
	listing->code = command_fail("vms", error);
	if (!listing->json)
		return;
	writer_object(w, NULL);
	text_or_null(w, "connect", uri);
	writer_null(w, "name");
	writer_bool(w, "reachable", false);
	writer_text(w, "reason", error->text);
	writer_close(w);
}

static void list_host(struct listing *listing, const char *uri)
{
	struct machines machines = {0};
	struct error error = {0};
	struct host *host = NULL;
	char name[256];

	if (host_ops.connect(uri, HOST_READ_ONLY, &host, &error) != 0) {
		listing->unreachable++;
		fail_host(listing, uri, &error);
		return;
	}
	if (read_host(host, &machines, name, sizeof(name), &error) != 0) {
		fail_host(listing, uri, &error);
	} else {
		if (machines.count > 1)
			qsort(machines.items, machines.count, sizeof(*machines.items), by_name);
		write_host(listing->writer, uri ? uri : host_ops.uri(host), name, &machines);
	}
	free_machines(&machines);
	host_ops.close(host);
}

static int list_hosts(struct listing *listing, const struct option_list *connect)
{
	struct error error = {0};
	size_t hosts = connect->count ? connect->count : 1;

	writer_list(listing->writer, "hosts");
	for (size_t i = 0; i < hosts; i++)
		list_host(listing, connect->count ? connect->items[i] : NULL);
	writer_close(listing->writer);
	if (listing->failed == hosts)
		listing->layout.empty = NULL; /* nobody knows whether there are machines */
	if (writer_finish(listing->writer, &error) != 0)
		return command_fail("vms", &error);
	if (listing->failed == hosts)
		return listing->unreachable ? 3 : listing->code;
	return listing->failed ? 1 : 0;
}

static int check_hosts(const struct option_list *connect)
{
	struct error error = {0};

	for (size_t i = 0; i < connect->count; i++) {
		if (host_ops.check(connect->items[i], &error) != 0)
			return command_fail("vms", &error);
	}
	return 0;
}

int command_vms(int argc, char **argv)
{
	struct option_list connect = {0};
	bool json = false, no_color = false;
	const struct option_spec options[] = {
		OPTION_CONNECT(&connect), OPTION_JSON(&json), OPTION_NO_COLOR(&no_color)};
	const struct option_usage usage = {
		.command = "vms",
		.arguments = "",
		.about = "Lists every virtual machine with its state, its adapters and whether its "
			 "guest tools answer. Exit code 3 when no host could be reached, 1 when "
			 "some "
			 "could not.",
		.options = options,
		.option_count = sizeof(options) / sizeof(options[0]),
	};
	struct option_result result;
	struct listing listing = {
		.layout = {COLUMNS, sizeof(COLUMNS) / sizeof(COLUMNS[0]), "hosts", "hosts.connect",
			"No virtual machines."},
	};
	int parsed = options_parse(&usage, argc, argv, &result);

	if (parsed)
		return parsed > 0 ? 0 : 2;
	if (check_hosts(&connect))
		return 2;
	listing.json = json;
	listing.writer = json ? json_writer_new(stdout, "hypervive.vms/1")
			      : text_writer_new(stdout, &listing.layout,
					options_color(no_color, STDOUT_FILENO));
	if (!listing.writer) {
		struct error error = {0};

		error_set(&error, ERR_FAILED, "there is not enough memory for the result");
		return command_fail("vms", &error);
	}
	return list_hosts(&listing, &connect);
}
