/* SPDX-License-Identifier: MIT */
/* Any bytes at all, as the description of a domain. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/libvirt/domain_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool good)
{
	if (!good)
		abort();
}

static void demand_utf8(const char *text, size_t size)
{
	size_t length = strnlen(text, size);
	uint32_t code_point;

	demand(length < size);
	for (size_t i = 0, taken; i < length; i += taken)
		demand((taken = text_decode(text + i, length - i, &code_point)) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct machine machine = {0};
	struct error error = {0};

	if (domain_xml_parse((const char *)data, size, &machine, &error) < 0) {
		demand(error.code != 0 && error.text[0]);
		demand(!machine.adapters && machine.adapter_count == 0 && !machine.name[0]);
		return 0;
	}
	demand_utf8(machine.name, sizeof(machine.name));
	demand_utf8(machine.wake.trouble, sizeof(machine.wake.trouble));
	demand_utf8(machine.wake.trouble_key, sizeof(machine.wake.trouble_key));
	for (size_t i = 0; i < machine.adapter_count; i++) {
		demand_utf8(machine.adapters[i].model, sizeof(machine.adapters[i].model));
		demand_utf8(
			machine.adapters[i].switch_name, sizeof(machine.adapters[i].switch_name));
		demand(!mac_is_group(&machine.adapters[i].mac));
	}
	machine_clear(&machine);
	return 0;
}
