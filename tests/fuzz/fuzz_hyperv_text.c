/* SPDX-License-Identifier: MIT */
/* Any text at all, as everything that a Hyper-V host gives as text. */
#include <stdlib.h>
#include <string.h>

#include "host/hyperv/host_name.h"
#include "host/hyperv/instance_id.h"
#include "host/hyperv/notes.h"
#include "host/hyperv/values.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool good)
{
	if (!good)
		abort();
}

/* What was read and is written again must be read as the same. */
static void read_names(const char *text)
{
	struct instance_id id, again;
	char value[64], machine[UUID_TEXT_SIZE], device[UUID_TEXT_SIZE], whole[160];

	if (object_path_key(text, "Name", value, sizeof(value)))
		demand(strlen(value) < sizeof(value));
	object_path_is(text, "Msvm_VirtualEthernetSwitch");
	if (!instance_id_parse(text, &id))
		return;
	strcpy(whole, "Microsoft:");
	strcat(whole, guid_format(&id.machine, machine));
	strcat(whole, "\\");
	strcat(whole, guid_format(&id.device, device));
	strcat(whole, "\\");
	strcat(whole, id.rest);
	demand(instance_id_parse(whole, &again) && instance_id_compare(&id, &again) == 0);
}

/* Any value comes back out of an object path. */
static void escape(const char *text)
{
	char escaped[200], path[256], value[200];

	if (!wmi_escape(text, '"', escaped, sizeof(escaped)))
		return;
	strcpy(path, "Class.Name=\"");
	strcat(path, escaped);
	strcat(path, "\"");
	demand(object_path_key(path, "Name", value, sizeof(value)) && strcmp(value, text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct machine_wake wake = {0};
	struct error error = {0};
	uint64_t number;
	int64_t time;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	read_names(text);
	escape(text);
	cim_parse_u64(text, &number);
	cim_parse_datetime(text, &time);
	cim_parse_interval(text, &time);
	notes_read(text, &wake);
	if (host_name_check(text, &error) < 0)
		demand(error.code == ERR_USAGE && error.text[0]);
	free(text);
	return 0;
}
