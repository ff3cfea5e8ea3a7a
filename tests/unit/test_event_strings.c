/* SPDX-License-Identifier: MIT */
/* Messages and their strings, put together by a small FormatMessage() of our own. */
#include <stdlib.h>

#include "base/text.h"
#include "event/event_strings.h"
#include "event/template.h"
#include "tap.h"

/* What FormatMessageW() does: %n, %% and %!; anything else behind a percent sign shows as "?". */
static void fill(const char *text, const struct event_strings *strings, struct buffer *filled)
{
	for (const char *at = text; *at; at++) {
		unsigned number = 0;

		if (*at != '%') {
			buffer_append(filled, at, 1);
			continue;
		}
		at++;
		for (int digits = 0; digits < 2 && *at >= '0' && *at <= '9'; digits++)
			number = number * 10 + (unsigned)(*at++ - '0');
		if (number > 0 && number <= strings->count)
			buffer_text(filled, strings->items[number - 1]);
		else
			buffer_text(filled, number == 0 && *at == '%'   ? "%"
					    : number == 0 && *at == '!' ? "!"
									: "?");
		at -= number > 0;
	}
	buffer_text(filled, "");
}

/* What event_message() says, with the same made harmless by other means than the code's. */
static void harmless(const char *message, struct buffer *shown)
{
	char printable[8 * EVENT_TEXT_MAX];

	text_printable(printable, sizeof(printable), message);
	const char *at = printable;
	for (size_t plain; (plain = strcspn(at, "%")) < strlen(at); at += plain + 1) {
		const char *next = at + plain + 1;

		buffer_append(shown, at, plain);
		buffer_text(shown, *next && strchr("0123456789%{", *next) ? "\uff05" : "%");
	}
	buffer_text(shown, at);
}

static void first_line_is(const struct event *event, const char *what)
{
	static struct event_strings strings;
	const struct event_info *info = event_info(event->id);
	struct buffer text = {0}, filled = {0}, message = {0}, want = {0};

	event_strings(event, &strings);
	event_message_text(info, &text);
	fill(text.data, &strings, &filled);
	event_message(event, &message);
	harmless(message.data, &want);
	filled.data[strcspn(filled.data, "\n")] = '\0';
	is_text(filled.data, want.data, "%d, %s", event->id, what);
	buffer_free(&text);
	buffer_free(&filled);
	buffer_free(&message);
	buffer_free(&want);
}

/* Every parameter that the event can hold, numbers as they are, texts as given. */
static void put_all(struct event *event, const char *value)
{
	int field;

	for (const char *at = event_info(event->id)->parameters; template_parameter(&at, &field);) {
		event_put_text(event, (enum event_field)field, value);
		event_put_number(event, (enum event_field)field, -42);
	}
}

static const char *const HOSTILE[] = {
	"%1 %%1833 %{S-1-5-18} 100% %n %0 %",
	"a\nb\r\n.\n\x1b[31m\t\x7f",
	"{mac} [x] %!s!",
	"\u202efdp.exe",
	"fe80::1%12",
	"\uff05\uff05",
};

static void sentences(void)
{
	struct event event;
	size_t count;
	const struct event_info *rows = event_catalogue(&count);

	for (size_t i = 0; i < count; i++) {
		int field;

		event_start(&event, rows[i].id, 0);
		first_line_is(&event, "nothing");
		put_all(&event, "vm1");
		first_line_is(&event, "everything");
		for (size_t j = 0; j < sizeof(HOSTILE) / sizeof(HOSTILE[0]); j++) {
			event_start(&event, rows[i].id, 0);
			put_all(&event, HOSTILE[j]);
			first_line_is(&event, "hostile");
		}
		for (const char *at = rows[i].parameters; template_parameter(&at, &field);) {
			event_start(&event, rows[i].id, 0);
			event_put_text(&event, (enum event_field)field, "x");
			event_put_number(&event, (enum event_field)field, 7);
			first_line_is(&event, event_field_name((enum event_field)field));
		}
	}
}

static void whole_message(void)
{
	static struct event_strings strings;
	struct buffer text = {0}, filled = {0};
	struct event event;

	event_start(&event, 2000, 0);
	event_put_text(&event, FIELD_MAC, "52:54:00:aa:bb:01");
	event_put_text(&event, FIELD_INTERFACE, "vEthernet (%2)");
	event_put_number(&event, FIELD_VLAN, 10);
	event_strings(&event, &strings);
	is_number(strings.count, 8 + 3, "a string a parameter and one an optional part");
	is_text(strings.items[0], "52:54:00:aa:bb:01", "the original's first");
	is_text(strings.items[1], "unknown", "absent, where the sentence needs it");
	is_text(strings.items[2],
		"vEthernet (\uff05"
		"2)",
		"no second filling in");
	is_text(strings.items[3], "10", "a number");
	is_text(strings.items[4], "-", "absent");
	is_text(strings.items[8], " for 52:54:00:aa:bb:01", "an optional part");

	event_message_text(event_info(2000), &text);
	fill(text.data, &strings, &filled);
	is_text(filled.data,
		"Magic packet for 52:54:00:aa:bb:01 from unknown on vEthernet (\uff05"
		"2), VLAN 10\n"
		"\n"
		"MAC address: 52:54:00:aa:bb:01\n"
		"Sender: unknown\n"
		"Adapter: vEthernet (\uff05"
		"2)\n"
		"VLAN: 10\n"
		"Inner VLAN: -\n"
		"User: -\n"
		"Virtual machine: -\n"
		"Virtual machine ID: -\n"
		"\n"
		"A well-formed packet for a known machine was accepted; 3000 or 3001 follows for "
		"each machine that does not run.\n",
		"the whole message");
	buffer_free(&text);
	buffer_free(&filled);

	event_start(&event, 6001, 0);
	event_put_text(&event, FIELD_REASON, "a\nb %1");
	event_strings(&event, &strings);
	is_number(strings.count, 1, "an event that the catalogue does not have");
	is_text(strings.items[0],
		"Event 6001 of another version of hypervive: reason a\\x0ab \uff05"
		"1",
		"  is told in one string");
}

static void numbers(void)
{
	is_number(event_message_id(event_info(1000)), 0xc00003e8, "an error");
	is_number(event_message_id(event_info(2001)), 0x800007d1, "a warning");
	is_number(event_message_id(event_info(2000)), 0x400007d0, "an information");
	is_number(event_message_id(event_info(9000)), 0x40002328, "a debug event");
	for (int i = 0; i < FIELD_COUNT_OF_KINDS; i++)
		ok(event_field_label((enum event_field)i) != NULL, "%s has a label",
			event_field_name((enum event_field)i));
}

/* The longest: all the text that an event holds, of bytes that grow most in every form. */
static void longest(void)
{
	static struct event_strings strings;
	static char text[EVENT_TEXT_MAX];
	const char *const bytes = "\x01%";
	size_t count, most_count = 0, most_length = 0, most_record = 0;
	const struct event_info *rows = event_catalogue(&count);

	for (const char *byte = bytes; *byte; byte++) {
		memset(text, *byte, sizeof(text) - 1);
		for (size_t i = 0; i < count; i++) {
			struct buffer json = {0};
			struct event event;
			int field;

			event_start(&event, rows[i].id, 0);
			for (const char *at = rows[i].parameters; template_parameter(&at, &field);)
				event_put_number(&event, (enum event_field)field, INT64_MIN);
			for (const char *at = rows[i].parameters; template_parameter(&at, &field);)
				event_put_text_again(&event, (enum event_field)field, text);
			event_strings(&event, &strings);
			event_to_json(&event, &json);
			size_t record = json.length;
			for (size_t j = 0; j < strings.count; j++) {
				size_t length = strlen(strings.items[j]);

				most_length = length > most_length ? length : most_length;
				record += 2 * (length + 1);
			}
			most_record = record > most_record ? record : most_record;
			most_count = strings.count > most_count ? strings.count : most_count;
			buffer_free(&json);
		}
	}
	printf("# most strings %zu, longest string %zu, largest record %zu\n", most_count,
		most_length, most_record);
	ok(most_count > 10 && most_count <= EVENT_STRINGS_MOST, "never too many strings");
	ok(most_length > 4 * EVENT_TEXT_MAX - 100 && most_length <= EVENT_STRING_LENGTH_MOST,
		"never one too long");
	ok(most_record <= EVENT_RECORD_SIZE_MOST, "never too much for a record");
}

static void slip(const char *parameters, const char *message, const char *explanation)
{
	const struct event_info row = {
		2000, SEVERITY_ERROR, CATEGORY_MODULE, parameters, message, explanation};
	struct error error = {0};

	ok(!event_message_valid(&row, &error), "%s", error.text);
	ok(!event_message_valid(&row, NULL), "  also without asking why");
}

static void slips(void)
{
	static char long_template[EVENT_TEMPLATE_MOST + 2];
	static char many[EVENT_TEMPLATE_MOST], all[EVENT_TEMPLATE_MOST];
	size_t count;
	const struct event_info *rows = event_catalogue(&count);
	struct error error = {0};

	for (size_t i = 0; i < count; i++)
		ok(event_message_valid(&rows[i], &error), "%d is sound%s", rows[i].id, error.text);
	memset(long_template, 'x', sizeof(long_template) - 1);
	for (int i = 0; i < 70; i++)
		strcat(many, "[{mac}]");
	for (int i = 0; i < FIELD_COUNT_OF_KINDS; i++) {
		strcat(all, " ");
		strcat(all, event_field_name((enum event_field)i));
	}
	slip("mac", "{nobody}", "x");
	slip("mac nobody", "{mac}", "x");
	slip("mac vlan mac", "{mac}", "x");
	slip("mac", "{mac}[ from {source}]", "x");
	slip("mac", "{mac} from {source}", "x");
	slip("", "{mac}", "x");
	slip("mac", "{mac}0", "x");
	slip("mac", "x[ {mac}]5", "x");
	slip("mac", ".", "x");
	slip("mac", "", "x");
	slip("mac", "x", "");
	slip("mac", "; a remark", "x");
	slip("mac", "two\nlines", "x");
	slip("mac", "x", "two\n.\nlines");
	slip("mac", long_template, "x");
	slip(all, many, "x");
}

static void pieces(void)
{
	static const char *const BROKEN[] = {"{", "[", "{mac", "[{mac", "}", "]", "a[b{c]d}"};
	struct template_piece piece;

	for (size_t i = 0; i < sizeof(BROKEN) / sizeof(BROKEN[0]); i++) {
		const char *at = BROKEN[i], *end = at + strlen(at);
		int turns = 0;

		while (template_next(&at, end, &piece) && turns < 20)
			turns++;
		ok(turns > 0 && turns < 20 && at == end, "'%s' comes to its end", BROKEN[i]);
	}
}

int main(void)
{
	sentences();
	whole_message();
	numbers();
	longest();
	slips();
	pieces();
	return tap_done();
}
