/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "event/event.h"
#include "tap.h"

static void message_is(const struct event *event, const char *want)
{
	struct buffer buffer = {0};

	event_message(event, &buffer);
	is_text(buffer.data, want, "%d: %s", event->id, want);
	buffer_free(&buffer);
}

static void templates(void)
{
	size_t count;
	const struct event_info *rows = event_catalogue(&count);
	struct error error = {0};

	for (size_t i = 0; i < count; i++)
		ok(event_template_valid(rows[i].message, &error), "%d: %s", rows[i].id,
			rows[i].message);
	ok(!event_template_valid("{nobody}", &error), "an unknown field: %s", error.text);
	ok(!event_template_valid("{mac", &error), "an open brace: %s", error.text);
	ok(!event_template_valid("mac}", &error), "a brace too many: %s", error.text);
	ok(!event_template_valid("{}", &error), "no name: %s", error.text);
	ok(!event_template_valid("a[ {mac}", &error), "an open bracket: %s", error.text);
	ok(!event_template_valid("a {mac}]", &error), "a bracket too many: %s", error.text);
	ok(!event_template_valid("[a[ {mac}]]", &error), "nested: %s", error.text);
	ok(!event_template_valid("a[ b]", &error), "a part without a field: %s", error.text);
	ok(!event_template_valid("{a_name_that_is_longer_than_any_field_of_ours}", NULL),
		"a very long name");
}

static void optional_parts(void)
{
	struct event event;

	event_start(&event, 2000, 0);
	message_is(&event, "Magic packet from unknown");
	event_put_text(&event, FIELD_MAC, "52:54:00:aa:bb:01");
	event_put_text(&event, FIELD_SOURCE, "192.0.2.7");
	message_is(&event, "Magic packet for 52:54:00:aa:bb:01 from 192.0.2.7");
	event_put_number(&event, FIELD_VLAN, 0);
	message_is(&event, "Magic packet for 52:54:00:aa:bb:01 from 192.0.2.7, VLAN 0");
	event_put_text(&event, FIELD_INTERFACE, "br0");
	message_is(&event, "Magic packet for 52:54:00:aa:bb:01 from 192.0.2.7 on br0, VLAN 0");

	event_start(&event, 3001, 0);
	event_put_text(&event, FIELD_VM_NAME, "[{mac}]");
	event_put_text(&event, FIELD_RESULT_TEXT, "50% \x1b[1m {source}");
	event_put_number(&event, FIELD_RESULT_CODE, INT64_MIN);
	message_is(&event, "[{mac}] was not woken: 50% \x1b[1m {source} (-9223372036854775808)");

	event_start(&event, 9000, 0);
	event_put_text(&event, FIELD_REASON, "words");
	message_is(&event, "words");
}

static void unknown_event(void)
{
	struct event event;

	event_start(&event, 6001, 0);
	message_is(&event, "Event 6001 of another version of hypervive");
	event_put_text(&event, FIELD_VM_NAME, "vm1");
	event_put_number(&event, FIELD_COUNT, 3);
	message_is(&event, "Event 6001 of another version of hypervive: vm_name vm1, count 3");
}

int main(void)
{
	templates();
	optional_parts();
	unknown_event();
	return tap_done();
}
