/* SPDX-License-Identifier: MIT */
/* A record of the Windows event log, whatever stands in it, gives an event that can be kept. */
#include <stdlib.h>
#include <string.h>

#include "event/record_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int condition)
{
	if (!condition)
		abort();
}

static void check_event(const struct event *event)
{
	static struct event_strings strings;
	struct buffer json = {0};
	struct event back;

	event_to_json(event, &json);
	check(event_from_json(&back, json.data, json.length, NULL) == 0);
	check(back.id == event->id && back.count == event->count);
	buffer_free(&json);

	event_strings(event, &strings);
	check(strings.count > 0);
	for (size_t i = 0; i < strings.count; i++) {
		const char *at = strings.items[i];

		check(strlen(at) <= EVENT_STRING_LENGTH_MOST);
		for (; *at; at++) {
			check((unsigned char)*at >= ' ' && *at != 0x7f);
			check(*at != '%' || !at[1] || !strchr("0123456789%{", at[1]));
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *xml = malloc(size ? size : 1); /* with nothing behind it */
	struct record record;
	struct event event;

	if (!xml)
		return 0;
	if (size)
		memcpy(xml, data, size);
	if (record_from_xml(&record, xml, size)) {
		check(record.string_count <= EVENT_STRINGS_MOST);
		check(record_to_event(&record, &event) && event.id == record.id);
		check_event(&event);
	}
	free(xml);
	return 0;
}
