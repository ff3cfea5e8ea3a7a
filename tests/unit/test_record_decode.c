/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "event/record_decode.h"
#include "tap.h"

#define SYSTEM_PART(id, time)                                                           \
	"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>" \
	"<Provider Name='HyperVive'/><EventID Qualifiers='16384'>" id "</EventID>"      \
	"<Level>4</Level><Task>4</Task><Keywords>0x80000000000000</Keywords>"           \
	"<TimeCreated SystemTime='" time "'/><EventRecordID>7</EventRecordID>"          \
	"<Channel>Application</Channel><Computer>host</Computer><Security/></System>"
#define WHEN    "2026-11-21T20:15:30.000000000Z"
#define WHEN_US INT64_C(1795292130000000)

/* From XML to an event; the text is on the heap with nothing behind it, for the sanitizers. */
static bool decode_bytes(const char *xml, size_t length, struct event *event)
{
	char *copy = malloc(length ? length : 1);
	struct record record;

	memcpy(copy, xml, length);
	bool good = record_from_xml(&record, copy, length) && record_to_event(&record, event);
	free(copy);
	return good;
}

static bool decode(const char *xml, struct event *event)
{
	return decode_bytes(xml, strlen(xml), event);
}

static void json_is(const struct event *event, const char *want, const char *what)
{
	struct buffer json = {0};

	event_to_json(event, &json);
	is_text(json.data, want, "%s", what);
	buffer_free(&json);
}

static void put_hex(struct buffer *xml, const char *text)
{
	for (; *text; text++)
		buffer_printf(xml, "%02X", (unsigned char)*text);
}

static void ours(void)
{
	struct buffer xml = {0}, json = {0};
	struct event event, back;

	event_start(&back, 0, 0);
	event_start(&event, 2000, INT64_C(1795292129123456));
	event_put_text(&event, FIELD_MAC, "52:54:00:aa:bb:01");
	event_put_text(&event, FIELD_SOURCE, "fe80::1%12");
	event_put_text(&event, FIELD_INTERFACE, "a\nb <&> \xe2\x80\xa6");
	event_put_number(&event, FIELD_VLAN, 10);
	event_to_json(&event, &json);
	buffer_text(&xml, SYSTEM_PART("2000", WHEN) "<EventData><Data>52:54:00:aa:bb:01</Data>"
						    "<Data>changed</Data><Binary>");
	put_hex(&xml, json.data);
	buffer_text(&xml, "</Binary></EventData></Event>");
	ok(decode_bytes(xml.data, xml.length, &back), "a record of ours");
	json_is(&back, json.data, "comes back exactly, with its own time");

	int wrong = 0;
	for (size_t length = 0; length < xml.length; length++) {
		if (decode_bytes(xml.data, length, &back) && back.id != 2000)
			wrong++;
	}
	is_number(wrong, 0, "cut short anywhere it is no other event");
	for (size_t i = 0; i < xml.length; i++) {
		for (const char *c = "<>&;'\"/ \xff"; *c; c++) {
			char was = xml.data[i];

			xml.data[i] = *c;
			decode_bytes(xml.data, xml.length, &back);
			xml.data[i] = was;
		}
	}
	ok(true, "spoilt anywhere it is survived");
	buffer_free(&xml);

	buffer_text(&xml, SYSTEM_PART("2001", WHEN) "<EventData><Data>-</Data><Data>x</Data>"
						    "<Binary>");
	put_hex(&xml, json.data);
	buffer_text(&xml, "</Binary></EventData></Event>");
	ok(decode_bytes(xml.data, xml.length, &back), "data of another event");
	is_number(back.id, 2001, "  is not believed");
	is_text(event_text(&back, FIELD_SOURCE), "x", "  the strings are");
	is_number(back.time_us, WHEN_US, "  and the log's time");
	buffer_free(&xml);
	buffer_free(&json);
}

static void strings_alone(void)
{
	struct event event;

	ok(decode(SYSTEM_PART(
			  "3001", WHEN) "<EventData><Data>-</Data><Data/><Data>unknown</Data>"
					"<Data>a &lt;b&gt; &amp;amp; &#x41;&#66;&#x1F600;&#0;"
					"&bad; &</Data><Data>32775</Data><Data>x\ny</Data>"
					"<Data>-</Data><Binary>7B2</Binary></EventData></Event>",
		   &event),
		"strings without our data");
	ok(!event_text(&event, FIELD_VM_NAME) && !event_text(&event, FIELD_VM_ID) &&
			!event_text(&event, FIELD_MAC) && !event_text(&event, FIELD_REASON),
		"what stands for nothing is absent");
	is_text(event_text(&event, FIELD_SOURCE), "a <b> &amp; AB\U0001F600\ufffd&bad; &",
		"entities");
	int64_t number = 0;
	ok(event_number(&event, FIELD_RESULT_CODE, &number) && number == 32775, "a number");
	is_text(event_text(&event, FIELD_RESULT_TEXT), "x\ny", "a line's end");
	ok(decode(SYSTEM_PART("2000", WHEN) "<EventData><Data>\xff\xfe</Data></EventData></Event>",
		   &event),
		"bytes that are no UTF-8");
	is_text(event_text(&event, FIELD_MAC), "\ufffd\ufffd", "  are made so");
	ok(decode(SYSTEM_PART("2000", "yesterday") "</Event>", &event), "a time that is none");
	is_number(event.time_us, 0, "  is none");
	ok(decode(SYSTEM_PART("3001", WHEN) "<EventData><Data/><Data/><Data/><Data/>"
					    "<Data>99999999999999999999</Data></EventData></Event>",
		   &event),
		"a number that is too large");
	is_number(event.count, 0, "  is absent");
}

static void original(void)
{
	struct event event;

	decode(SYSTEM_PART("3001", WHEN) "<EventData><Data>vm &amp; co</Data>"
					 "<Data>0F8A3C2E-1111-2222-3333-444455556666</Data>"
					 "<Data>525400AABB01</Data><Data>192.0.2.7</Data>"
					 "<Data>32775</Data><Data>InvalidState</Data></EventData>"
					 "</Event>",
		&event);
	json_is(&event,
		"{\"time\":\"2026-11-21T20:15:30.000000Z\",\"id\":3001,\"severity\":\"error\","
		"\"category\":\"Virtual Machine Starter\",\"message\":\"vm & co was not woken for "
		"52:54:00:aa:bb:01 by 192.0.2.7: InvalidState (32775)\",\"fields\":{"
		"\"vm_name\":\"vm & co\",\"vm_id\":\"0f8a3c2e-1111-2222-3333-444455556666\","
		"\"mac\":\"52:54:00:aa:bb:01\",\"source\":\"192.0.2.7\",\"result_code\":32775,"
		"\"result_text\":\"InvalidState\"}}",
		"an event of HyperVive 3 in our words");

	decode(SYSTEM_PART("4002", WHEN) "<EventData><Data>Clear state</Data><Data>vm1</Data>"
					 "<Data>DOMAIN\\user</Data>"
					 "<Data>0F8A3C2E-1111-2222-3333-444455556666</Data>"
					 "<Data>job</Data><Data>32768</Data><Data>Failed</Data>"
					 "</EventData></Event>",
		&event);
	is_text(event_text(&event, FIELD_ACTION), "clear-state", "a checkpoint: what");
	is_text(event_text(&event, FIELD_USER), "DOMAIN\\user", "  by whom");
	is_text(event_text(&event, FIELD_RESULT_TEXT), "Failed", "  with which result");

	decode(SYSTEM_PART("1021", WHEN) "<EventData><Data>Microsoft:short</Data></EventData>"
					 "</Event>",
		&event);
	is_text(event_text(&event, FIELD_REASON), "Microsoft:short", "1021 named the adapter");
	ok(!event_text(&event, FIELD_VM_NAME), "  and no machine");
	decode(SYSTEM_PART("1001", WHEN) "<EventData><Data>Registry</Data><Data>went wrong</Data>"
					 "<Data>System.Exception</Data></EventData></Event>",
		&event);
	is_number(event.count, 2, "the type of an exception is left out");
	decode(SYSTEM_PART("9004", WHEN) "<EventData><Data>00155D012345</Data>"
					 "<Data>Emulated</Data></EventData></Event>",
		&event);
	is_text(event_text(&event, FIELD_KIND), "emulated", "a kind of adapter");
	ok(decode(SYSTEM_PART("9009", WHEN) "</Event>", &event), "an event without strings");
}

static void no_records(void)
{
	static const char *const BAD[] = {"", "<", "<>", "</>", "<Event", "words", "<Event/>",
		"<EventID>2000", "<EventID>0</EventID><a>", "<EventID>-1</EventID><a>",
		"<EventID>99999999999999999999</EventID><a>", "<EventID>65536</EventID><a>",
		"<EventData><EventID>2000</EventID></EventData><a>", "<EventID/><a>",
		"<a b='<EventID>2000</EventID><c>"};
	struct event event;

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		ok(!decode(BAD[i], &event), "no event: '%s'", BAD[i]);
	ok(decode("<EventID>2000</EventID><a b=\"'>\"/><TimeCreated x='1' SystemTime=\"" WHEN
		  "\"/><c>",
		   &event),
		"quotes of either kind");
	is_number(event.time_us, WHEN_US, "  and the attribute that is meant");
	decode("<EventID>2000</EventID><TimeCreated NotSystemTime='" WHEN "'/><c>", &event);
	is_number(event.time_us, 0, "  by its whole name");

	struct buffer many = {0};
	buffer_text(&many, "<EventID>2000</EventID><EventData>");
	for (int i = 0; i < 1000; i++)
		buffer_text(&many, "<Data>x</Data>");
	buffer_text(&many, "</EventData>");
	ok(decode_bytes(many.data, many.length, &event), "more strings than there can be");
	buffer_free(&many);
}

int main(void)
{
	ours();
	strings_alone();
	original();
	no_records();
	return tap_done();
}
