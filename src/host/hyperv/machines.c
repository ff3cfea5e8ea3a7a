/* SPDX-License-Identifier: MIT */
/*
 * machines.c - what machines there are, and how they are
 *
 * Theory of operation: a listing is a handful of queries over whole classes, whatever the number
 * of machines: the machines, their own settings (for the Notes), their adapters (adapters.c) and
 * the integration services (guest_tools.c). What belongs together is found by the machine's
 * GUID in a sorted table. One machine is read by the same steps, with narrower queries.
 *
 * While vmms does not run, its classes may simply be empty. No machine is believed to be gone,
 * and no inventory to be empty, unless the host's own instance is there to vouch for it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/hyperv/hyperv_host.h"
#include "host/hyperv/notes.h"

#define STATE_PROPERTIES "EnabledState, OtherEnabledState, HealthState, OperationalStatus"

static int compare_ids(const void *left, const void *right)
{
	const struct machine *a = left, *b = right;

	return memcmp(&a->id, &b->id, sizeof(a->id));
}

static int compare_to_id(const void *id, const void *machine)
{
	return memcmp(id, &((const struct machine *)machine)->id, sizeof(struct uuid));
}

struct machine *machine_table_find(const struct machine_table *table, const struct uuid *id)
{
	if (table->count == 0)
		return NULL;
	return bsearch(id, table->all, table->count, sizeof(*table->all), compare_to_id);
}

static void clear_table(struct machine_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		machine_clear(&table->all[i]);
	free(table->all);
	*table = (struct machine_table){0};
}

static struct machine *add_machine(struct machine_table *table)
{
	if (table->count == table->room) {
		size_t room = table->room ? table->room * 2 : 1;
		struct machine *all = realloc(table->all, room * sizeof(*all));

		table->no_memory = !all;
		if (!all)
			return NULL;
		table->all = all;
		table->room = room;
	}
	struct machine *machine = &table->all[table->count++];
	*machine = (struct machine){0};
	return machine;
}

/* A property that cannot be read leaves the state unknown, and the machine in the list. */
static struct machine_status read_state(IWbemClassObject *object)
{
	struct hyperv_state state = {0};

	wmi_number(object, L"EnabledState", &state.enabled, NULL);
	wmi_number(object, L"HealthState", &state.health, NULL);
	wmi_numbers(object, L"OperationalStatus", state.operational, 2, NULL);
	if (state.enabled == 1)
		wmi_text(object, L"OtherEnabledState", state.other, sizeof(state.other), NULL);
	return hyperv_status(&state);
}

static bool take_machine(void *context, IWbemClassObject *object)
{
	struct machine_table *table = context;
	char name[UUID_TEXT_SIZE + 4];
	struct uuid id;

	/* Only a virtual machine has a GUID for a name. */
	if (wmi_text(object, L"Name", name, sizeof(name), NULL) != 1 || !guid_parse(name, &id))
		return true;
	struct machine *machine = add_machine(table);
	if (!machine)
		return false;
	machine->id = id;
	machine->status = read_state(object);
	wmi_text(object, L"ElementName", machine->name, sizeof(machine->name), NULL);
	return true;
}

static int read_machines(struct host *host, struct machine_table *table, const struct uuid *only,
	struct error *error)
{
	char query[256], guid[UUID_TEXT_SIZE];

	if (only)
		snprintf(query, sizeof(query),
			"SELECT Name, ElementName, " STATE_PROPERTIES
			" FROM Msvm_ComputerSystem WHERE Name = '%s'",
			guid_format(only, guid));
	else
		snprintf(query, sizeof(query),
			"SELECT Name, ElementName, " STATE_PROPERTIES
			" FROM Msvm_ComputerSystem WHERE Name != __SERVER");
	int result = hyperv_query(host, query, take_machine, table, error);
	if (result == 0 && table->no_memory)
		result = error_set(error, ERR_FAILED, "out of memory");
	if (result == 0 && table->count == 0)
		result = hyperv_check(host, NULL, 0, error);
	if (table->count > 1)
		qsort(table->all, table->count, sizeof(*table->all), compare_ids);
	return result;
}

static bool take_note(void *context, const char *text)
{
	struct machine *machine = context;

	notes_read(text, &machine->wake);
	return true;
}

struct settings {
	struct machine_table *table;
	struct error error;
	int result;
};

static bool take_settings(void *context, IWbemClassObject *object)
{
	struct settings *settings = context;
	char text[80];
	struct uuid id;

	if (wmi_text(object, L"InstanceID", text, sizeof(text), NULL) != 1 ||
		!instance_id_parse_system(text, &id))
		return true;
	struct machine *machine = machine_table_find(settings->table, &id);
	if (!machine)
		return true;
	/* Who may not be woken stands there: what cannot be read must not be passed over. */
	int found = wmi_texts(object, L"Notes", take_note, machine, &settings->error);
	if (found < 0)
		settings->result = found;
	return found >= 0;
}

static int read_settings(struct host *host, struct machine_table *table, const struct uuid *only,
	struct error *error)
{
	struct settings settings = {.table = table};
	char query[256], guid[UUID_TEXT_SIZE];

	if (only)
		snprintf(query, sizeof(query),
			"SELECT InstanceID, Notes FROM Msvm_VirtualSystemSettingData "
			"WHERE InstanceID = 'Microsoft:%s'",
			guid_format(only, guid));
	else
		snprintf(query, sizeof(query),
			"SELECT InstanceID, Notes FROM Msvm_VirtualSystemSettingData "
			"WHERE VirtualSystemType = 'Microsoft:Hyper-V:System:Realized'");
	int result = hyperv_query(host, query, take_settings, &settings, error);
	if (result == 0 && settings.result < 0) {
		result = settings.result;
		if (error)
			*error = settings.error;
	}
	if (result < 0)
		error_wrap(error, "cannot read the machines' notes");
	return result;
}

/* What nobody asked for is told only as far as host/machine.h promises it. */
static void hide_status(struct machine_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		struct machine_status *status = &table->all[i].status;

		if (status->state != STATE_OFF && status->state != STATE_SAVED)
			*status = (struct machine_status){.state = STATE_OTHER};
	}
}

/* Fills an empty table, with all machines or the only one. */
static int fill_table(struct host *host, struct machine_table *table, const struct uuid *only,
	unsigned flags, struct error *error)
{
	int result = read_machines(host, table, only, error);

	if (result == 0 && table->count)
		result = read_settings(host, table, only, error);
	if (result == 0 && table->count)
		result = adapters_read(host, table, only, error);
	if (result == 0 && (flags & HOST_LIST_STATUS))
		result = guest_tools_read(host, table, only, error);
	if (!(flags & HOST_LIST_STATUS))
		hide_status(table);
	return result;
}

/* ---- what was told ---- */

static void note_all(struct host *host, const struct machine_table *table)
{
	pthread_mutex_lock(&host->mutex);
	host->told.count = 0;
	for (size_t i = 0; i < table->count; i++)
		roster_append(&host->told, &table->all[i].id);
	host->listed = true;
	pthread_mutex_unlock(&host->mutex);
}

static void note_one(struct host *host, const struct uuid *id, bool there)
{
	pthread_mutex_lock(&host->mutex);
	if (there)
		roster_add(&host->told, id);
	else
		roster_remove(&host->told, id);
	pthread_mutex_unlock(&host->mutex);
}

static bool take_id(void *context, IWbemClassObject *object)
{
	char name[UUID_TEXT_SIZE + 4];
	struct uuid id;

	if (wmi_text(object, L"Name", name, sizeof(name), NULL) != 1 || !guid_parse(name, &id))
		return true;
	return roster_append(context, &id);
}

static void keep_id(void *context, const struct uuid *id)
{
	roster_append(context, id);
}

int machines_compare(struct host *host, roster_fn *each, void *context, struct error *error)
{
	struct roster there = {0}, different = {0};
	int result = hyperv_check(host, NULL, 0, error);

	if (result == 0)
		result = hyperv_query(host,
			"SELECT Name FROM Msvm_ComputerSystem WHERE Name != __SERVER", take_id,
			&there, error);
	if (result == 0) {
		roster_sort(&there);
		pthread_mutex_lock(&host->mutex);
		if (host->listed)
			roster_compare(&host->told, &there, keep_id, &different);
		pthread_mutex_unlock(&host->mutex);
	}
	for (size_t i = 0; i < different.count; i++)
		each(context, &different.ids[i]);
	roster_clear(&there);
	roster_clear(&different);
	return result;
}

int machines_list(struct host *host, unsigned flags, host_machine_fn *each, void *context,
	struct error *error)
{
	struct machine_table table = {0};
	int result = fill_table(host, &table, NULL, flags, error);

	if (result == 0)
		note_all(host, &table);
	for (size_t i = 0; result == 0 && i < table.count; i++) {
		if (!each(context, &table.all[i]))
			break;
	}
	clear_table(&table);
	if (result < 0)
		error_wrap(error, "cannot list the machines");
	return result;
}

int machines_read(struct host *host, const struct uuid *id, unsigned flags, struct machine *machine,
	struct error *error)
{
	struct machine_table table = {0};
	int result = fill_table(host, &table, id, flags, error);

	if (result == 0 && table.count == 0)
		result = hyperv_not_found(id, error);
	if (result == 0 || result == -ERR_NOT_FOUND)
		note_one(host, id, result == 0);
	if (result == 0) {
		*machine = table.all[0];
		table.all[0].adapters = NULL;
	}
	clear_table(&table);
	return result;
}

struct state {
	struct machine_status status;
	bool found;
};

static bool take_state(void *context, IWbemClassObject *object)
{
	struct state *state = context;

	state->status = read_state(object);
	state->found = true;
	return true;
}

int machines_status(struct host *host, const struct uuid *id, struct machine_status *status,
	struct error *error)
{
	struct state state = {0};
	char query[256], guid[UUID_TEXT_SIZE];

	snprintf(query, sizeof(query),
		"SELECT " STATE_PROPERTIES " FROM Msvm_ComputerSystem WHERE Name = '%s'",
		guid_format(id, guid));
	int result = hyperv_query(host, query, take_state, &state, error);
	if (result == 0 && !state.found) {
		result = hyperv_check(host, NULL, 0, error);
		if (result == 0)
			result = hyperv_not_found(id, error);
	}
	if (result == 0)
		*status = state.status;
	return result;
}
