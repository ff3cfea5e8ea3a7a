/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "event/event.h"
#include "tap.h"

static const int64_t TIME_US = INT64_C(1795292130123456);

static void catalogue(void)
{
	/*
	 * The table of Part II with the additions of Part I, of the page on wake and checkpoint,
	 * and two of our own on what can be heard (docs/architecture.md).
	 */
	static const int IDS[] = {1000, 1001, 1002, 1003, 1011, 1012, 1021, 1022, 1031, 1040, 1041,
		1050, 1100, 1101, 1102, 1103, 2000, 2001, 3000, 3001, 4003, 4004, 4005, 4006, 4007,
		4008, 4009, 4010, 4011, 4012, 4013, 4014, 5000, 5001, 9000, 9001, 9002, 9003, 9004,
		9005, 9006, 9007, 9008, 9009, 9010, 9011, 9012, 9013, 9014, 9015};
	size_t count;
	const struct event_info *rows = event_catalogue(&count);

	is_number(count, sizeof(IDS) / sizeof(IDS[0]), "as many events as the page has");
	for (size_t i = 0; i < count; i++) {
		is_number(rows[i].id, IDS[i], "event %d is there, in order", IDS[i]);
		ok(event_info(IDS[i]) == &rows[i], "  and is found");
		ok((rows[i].severity == SEVERITY_DEBUG) == (rows[i].id >= 9000),
			"  debug events, and no others, are of severity debug");
		ok(*rows[i].message && *rows[i].explanation, "  it has its words");
	}
	ok(!event_info(999) && !event_info(1004) && !event_info(4000) && !event_info(9016) &&
			!event_info(0) && !event_info(-1),
		"no other is found");
	is_number(event_info(2001)->severity, SEVERITY_WARNING, "2001 is a warning");
	is_number(event_info(1040)->category, 7, "1040 is of category 7");
	is_text(event_category_label(CATEGORY_MANAGEMENT), "CIM/WMI Error", "the label of 7");
	is_text(event_category_label(CATEGORY_INTEGRATION), "Integration Services", "of 9");
	is_text(event_severity_name(SEVERITY_INFORMATION), "information", "a severity's name");
}

/* Whether `name` stands in a list of words. */
static bool is_listed(const char *words, const char *name, size_t length)
{
	for (const char *at = words; *at; at += strspn(at, " ")) {
		size_t word = strcspn(at, " ");

		if (word == length && memcmp(at, name, length) == 0)
			return true;
		at += word;
	}
	return false;
}

static void parameters(void)
{
	size_t count;
	const struct event_info *rows = event_catalogue(&count);

	for (size_t i = 0; i < count; i++) {
		int parameters = 0;

		for (const char *at = rows[i].parameters; *at; at += strspn(at, " ")) {
			char name[32] = {0};
			size_t length = strcspn(at, " ");

			memcpy(name, at, length < sizeof(name) ? length : 0);
			ok(event_field_by_name(name) >= 0, "%d: %s is a field", rows[i].id, name);
			ok(!is_listed(at + length, name, length), "  and stands there once");
			at += length;
			parameters++;
		}
		ok(parameters <= EVENT_FIELDS_MAX, "%d: all of them fit", rows[i].id);
		for (const char *at = strchr(rows[i].message, '{'); at; at = strchr(at + 1, '{'))
			ok(is_listed(rows[i].parameters, at + 1, strcspn(at + 1, "}")),
				"%d: the message's %.12s is one of them", rows[i].id, at);
	}
}

static void field_names(void)
{
	for (int i = 0; i < FIELD_COUNT_OF_KINDS; i++) {
		const char *name = event_field_name((enum event_field)i);

		is_number(event_field_by_name(name), i, "%s is found by its name", name);
	}
	is_number(event_field_by_name("nobody"), -1, "an unknown name is not");
	is_number(event_field_by_name("MAC"), -1, "case matters");
	ok(event_field_is_text(FIELD_MAC) && !event_field_is_text(FIELD_VLAN), "types");
}

static void putting(void)
{
	struct event event;
	int64_t number = 5;

	event_start(&event, 3001, TIME_US);
	ok(!event_text(&event, FIELD_MAC), "nothing is there at first");
	ok(!event_number(&event, FIELD_VLAN, &number) && number == 5, "no number either");
	event_put_text(&event, FIELD_VM_NAME, NULL);
	event_put_text(&event, FIELD_VM_NAME, "");
	is_number(event.count, 0, "NULL and \"\" put nothing");
	event_put_text(&event, FIELD_VLAN, "10");
	event_put_number(&event, FIELD_MAC, 10);
	is_number(event.count, 0, "nor do values of the wrong type");

	event_put_text(&event, FIELD_VM_NAME, "one");
	event_put_number(&event, FIELD_VLAN, 10);
	event_put_text(&event, FIELD_SOURCE, "192.0.2.7");
	event_put_text(&event, FIELD_VM_NAME, "a longer one");
	event_put_number(&event, FIELD_VLAN, 11);
	is_number(event.count, 3, "a field put again takes no more room");
	is_text(event_text(&event, FIELD_VM_NAME), "a longer one", "the new text counts");
	is_text(event_text(&event, FIELD_SOURCE), "192.0.2.7", "the others stay");
	ok(event_number(&event, FIELD_VLAN, &number) && number == 11, "the new number counts");
	is_number(event.used, strlen("a longer one") + strlen("192.0.2.7") + 2, "no hole is left");
	event_put_text(&event, FIELD_VM_NAME, "");
	is_text(event_text(&event, FIELD_VM_NAME), "a longer one", "\"\" takes nothing away");
	for (int i = 0; i < 10000; i++)
		event_put_text(&event, FIELD_SOURCE, i % 2 ? "192.0.2.7" : "2001:db8::7");
	is_text(event_text(&event, FIELD_SOURCE), "192.0.2.7", "ten thousand times over");

	struct mac mac = {{0x52, 0x54, 0, 0xaa, 0xbb, 1}};
	struct uuid uuid = {{0xab}};
	event_put_mac(&event, FIELD_MAC, &mac);
	event_put_uuid(&event, FIELD_VM_ID, &uuid);
	is_text(event_text(&event, FIELD_MAC), "52:54:00:aa:bb:01", "a MAC address");
	is_text(event_text(&event, FIELD_VM_ID), "ab000000-0000-0000-0000-000000000000", "an id");
}

static void limits(void)
{
	static char huge[100000];
	struct event event;

	memset(huge, 'x', sizeof(huge) - 1);
	event_start(&event, 3001, TIME_US);
	event_put_text(&event, FIELD_RESULT_TEXT, huge);
	event_put_text(&event, FIELD_VM_NAME, "behind it");
	is_text(event_text(&event, FIELD_VM_NAME), "behind it", "a huge text leaves room");
	const char *cut = event_text(&event, FIELD_RESULT_TEXT);
	ok(strlen(cut) > 700 && strcmp(cut + strlen(cut) - 3, "\xe2\x80\xa6") == 0,
		"and is cut with an ellipsis");
	event_put_text(&event, FIELD_REASON, "bad \xff byte");
	is_text(event_text(&event, FIELD_REASON), "bad \xef\xbf\xbd byte", "UTF-8 is mended");

	event_start(&event, 3001, TIME_US);
	for (int i = 0; i < FIELD_COUNT_OF_KINDS; i++) {
		if (event_field_is_text((enum event_field)i))
			event_put_text(&event, (enum event_field)i, huge);
		else
			event_put_number(&event, (enum event_field)i, i);
	}
	ok(event.count <= EVENT_FIELDS_MAX && event.used <= EVENT_TEXT_MAX,
		"all fields at once stay within bounds (%d fields, %d bytes)", event.count,
		event.used);
	int missing = 0;
	for (int i = 0; i < event.count; i++)
		missing += event.fields[i].is_text && event.text[event.fields[i].offset] != 'x' &&
			   event.text[event.fields[i].offset] != '\xe2';
	is_number(missing, 0, "each text that is there is whole or cut");
}

static void to_json(void)
{
	struct buffer buffer = {0};
	struct event event;

	event_start(&event, 2000, TIME_US);
	event_put_text(&event, FIELD_MAC, "52:54:00:aa:bb:01");
	event_put_text(&event, FIELD_SOURCE, "192.0.2.7");
	event_put_text(&event, FIELD_INTERFACE, "br\"0\x1b");
	event_put_number(&event, FIELD_VLAN, 10);
	event_to_json(&event, &buffer);
	is_text(buffer.data,
		"{\"time\":\"2026-11-21T20:15:30.123456Z\",\"id\":2000,\"severity\":"
		"\"information\","
		"\"category\":\"Magic Packet\",\"message\":\"Magic packet for 52:54:00:aa:bb:01 "
		"from 192.0.2.7 on br\\\"0\\u001b, VLAN "
		"10\",\"fields\":{\"mac\":\"52:54:00:aa:bb:01\","
		"\"source\":\"192.0.2.7\",\"interface\":\"br\\\"0\\u001b\",\"vlan\":10}}",
		"the line of the interface page");
	buffer_free(&buffer);

	event_start(&event, 6001, TIME_US);
	event_to_json(&event, &buffer);
	ok(buffer.data && strstr(buffer.data, "\"category\":\"Unknown\"") &&
			strstr(buffer.data, "\"fields\":{}"),
		"an event of a newer version: %s", buffer.data);
	buffer_free(&buffer);
}

static void round_trip(void)
{
	static char huge[4000];
	struct buffer first = {0}, second = {0};
	struct event event, back;

	memset(huge, '\x01', sizeof(huge) - 1);
	event_start(&event, 3001, -1);
	for (int i = 0; i < FIELD_COUNT_OF_KINDS; i++) {
		event_put_text(
			&event, (enum event_field)i, i == 5 ? "vm \xe2\x82\xac \\ \n" : huge);
		event_put_number(&event, (enum event_field)i, i % 2 ? INT64_MIN : INT64_MAX);
	}
	event_to_json(&event, &first);
	ok(first.length < 64 * 1024, "the longest line has %zu bytes", first.length);
	is_number(event_from_json(&back, first.data, first.length, NULL), 0, "it is read back");
	event_to_json(&back, &second);
	is_text(second.data, first.data, "and is the same");
	buffer_free(&first);
	buffer_free(&second);
}

static void refuses(const char *line)
{
	struct error error = {0};
	struct event event;

	ok(event_from_json(&event, line, strlen(line), &error) < 0, "'%s' is no event", line);
	ok(strlen(error.text) > 10, "  %s", error.text);
}

static void from_json(void)
{
	static const char NEWER[] =
		"{\"new\":[{\"a\":[1]}],\"fields\":{\"new\":{\"mac\":\"x\"},\"vlan\":[1],\"mac\":7,"
		"\"source\":\"s\",\"count\":\"many\",\"pid\":1.5,\"line\":3,\"flag\":true},"
		"\"id\":6001,\"severity\":9,\"time\":\"2026-11-21T21:15:30.123456+01:00\"}";
	struct error error = {0};
	struct event event;
	int64_t number;

	is_number(event_from_json(&event, NEWER, strlen(NEWER), &error), 0, "a newer version's");
	ok(event.id == 6001 && event.time_us == TIME_US, "id and time");
	is_number(event.count, 2, "what is unknown or of the wrong type is passed over");
	is_text(event_text(&event, FIELD_SOURCE), "s", "a known text");
	ok(event_number(&event, FIELD_LINE, &number) && number == 3, "a known number");

	refuses("");
	refuses("hello");
	refuses("[]");
	refuses("7");
	refuses("{}");
	refuses("{\"id\":2000}");
	refuses("{\"time\":\"2026-11-21T20:15:30Z\"}");
	refuses("{\"time\":\"2026-11-21T20:15:30Z\",\"id\":\"2000\"}");
	refuses("{\"time\":\"2026-11-21T20:15:30Z\",\"id\":[2000]}");
	refuses("{\"time\":\"2026-11-21T20:15:30Z\",\"id\":-1}");
	refuses("{\"time\":\"2026-11-21T20:15:30Z\",\"id\":99999999999}");
	refuses("{\"time\":\"yesterday\",\"id\":2000}");
	refuses("{\"time\":{\"a\":[]},\"id\":2000}");
	refuses("{\"time\":\"2026-11-21T20:15:30Z\",\"id\":2000");
	refuses("{\"time\":\"2026-11-21T20:15:30Z\",\"id\":2000} x");
	refuses("{\"time\":\"2026-11-21T20:15:30Z\",\"id\":2000,\"fields\":{\"mac\":}}");

	const char odd[] = "{\"time\":\"2026-11-21T20:15:30Z\",\"id\":2000,\"fields\":[1]}";
	is_number(event_from_json(&event, odd, strlen(odd), NULL), 0, "fields that are a list");
	is_number(event.count, 0, "are passed over");
}

int main(void)
{
	catalogue();
	parameters();
	field_names();
	putting();
	limits();
	to_json();
	round_trip();
	from_json();
	return tap_done();
}
