/* SPDX-License-Identifier: MIT */
/* Any bytes at all, as an object that a guest filled. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/hyperv/embedded_instance.h"

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
	char name[64], value[24];
	const struct embedded_field fields[] = {
		{"Name", name, sizeof(name)},
		{"Data", value, sizeof(value)},
	};

	embedded_instance_read((const char *)data, size, fields, 2);
	demand_utf8(name, sizeof(name));
	demand_utf8(value, sizeof(value));
	return 0;
}
