/* SPDX-License-Identifier: MIT */
/*
 * guest_tools.c - the integration services in running guests
 *
 * What a guest tells of itself comes over the data exchange service: so whether that service
 * has contact says whether somebody answers in there, and one of its items is the version.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/hyperv/embedded_instance.h"
#include "host/hyperv/hyperv_host.h"

/* An item of the guest's; the one that is looked for ends the search. */
static bool take_item(void *context, const char *xml)
{
	struct machine *machine = context;
	char name[64], data[sizeof(machine->tools_version)];
	const struct embedded_field fields[] = {
		{"Name", name, sizeof(name)},
		{"Data", data, sizeof(data)},
	};

	if (!embedded_instance_read(xml, strlen(xml), fields, 2) ||
		!text_equal_ignoring_case(name, "IntegrationServicesVersion"))
		return true;
	text_copy(machine->tools_version, sizeof(machine->tools_version), data);
	return false;
}

static bool take_component(void *context, IWbemClassObject *object)
{
	struct machine_table *table = context;
	uint32_t enabled, status[2];
	char name[UUID_TEXT_SIZE + 4];
	struct uuid id;

	if (wmi_text(object, L"SystemName", name, sizeof(name), NULL) != 1 ||
		!guid_parse(name, &id))
		return true;
	struct machine *machine = machine_table_find(table, &id);
	if (!machine || machine->status.state != STATE_RUNNING)
		return true;
	wmi_number(object, L"EnabledState", &enabled, NULL);
	wmi_numbers(object, L"OperationalStatus", status, 2, NULL);
	machine->tools = hyperv_tools(enabled, status[0], status[1]);
	if (machine->tools == TOOLS_CONNECTED)
		wmi_texts(object, L"GuestIntrinsicExchangeItems", take_item, machine, NULL);
	return true;
}

static bool any_runs(const struct machine_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		if (table->all[i].status.state == STATE_RUNNING)
			return true;
	}
	return false;
}

int guest_tools_read(struct host *host, struct machine_table *table, const struct uuid *only,
	struct error *error)
{
	char query[256], guid[UUID_TEXT_SIZE];
	int used = snprintf(query, sizeof(query),
		"SELECT SystemName, EnabledState, OperationalStatus, GuestIntrinsicExchangeItems "
		"FROM Msvm_KvpExchangeComponent");

	/* Asking on behalf of machines that do not run makes the host log errors (KB2989430). */
	if (!any_runs(table))
		return 0;
	if (only)
		snprintf(query + used, sizeof(query) - (size_t)used, " WHERE SystemName = '%s'",
			guid_format(only, guid));
	int result = hyperv_query(host, query, take_component, table, error);
	/* Without an answer it is not known, and nothing else is wrong. */
	return result == -ERR_UNREACHABLE ? result : 0;
}
