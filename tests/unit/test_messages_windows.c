/* SPDX-License-Identifier: MIT */
/*
 * The message table of the executable that argv[1] or HYPERVIVE_EXE names, as Event Viewer reads
 * it: the file is loaded as data, and FormatMessage() puts the strings in.
 */
#include "event/event_strings.h" /* before winerror.h, which has a SEVERITY_ERROR too */

#include <stdlib.h>
#include <windows.h>

#include "base/windows/wide.h"
#include "event/template.h"
#include "tap.h"

enum { CATEGORY_COUNT = 9, TEXT_SIZE = 65536 };

static HMODULE table;

/* The text of a message in UTF-8 with "\n" alone, for free(); NULL when there is none. */
static char *message(DWORD id, const struct event_strings *strings)
{
	static wchar_t wide[TEXT_SIZE];
	wchar_t *items[EVENT_STRINGS_MOST] = {0};
	DWORD flags = FORMAT_MESSAGE_FROM_HMODULE;

	flags |= strings ? FORMAT_MESSAGE_ARGUMENT_ARRAY : FORMAT_MESSAGE_IGNORE_INSERTS;
	for (size_t i = 0; strings && i < strings->count; i++)
		items[i] = wide_from_utf8(strings->items[i]);
	DWORD length = FormatMessageW(flags, table, id, 0, wide, TEXT_SIZE, (va_list *)items);
	for (size_t i = 0; i < EVENT_STRINGS_MOST; i++)
		free(items[i]);
	if (!length)
		return NULL;
	char *text = wide_to_new_utf8(wide), *to = text;
	for (char *at = text; at && *at; at++) {
		if (*at != '\r')
			*to++ = *at;
	}
	if (to)
		*to = '\0';
	return text;
}

static void categories(void)
{
	for (int i = 1; i <= CATEGORY_COUNT; i++) {
		char *text = message((DWORD)i, NULL);
		char want[64];

		snprintf(want, sizeof(want), "%s\n", event_category_label((enum event_category)i));
		is_text(text, want, "category %d", i);
		free(text);
	}
	ok(!message(CATEGORY_COUNT + 1, NULL), "and no more");
	is_text(event_category_label((enum event_category)(CATEGORY_COUNT + 1)), "Unknown",
		"as in the catalogue");
}

/* What the message should be: the same strings put in without Windows. */
static char *expected(const struct event_info *info, const struct event_strings *strings)
{
	struct buffer text = {0}, filled = {0};

	event_message_text(info, &text);
	for (const char *at = text.data; *at; at++) {
		char *end;

		if (*at != '%') {
			buffer_append(&filled, at, 1);
			continue;
		}
		unsigned long number = strtoul(at + 1, &end, 10);
		if (number > 0 && number <= strings->count) {
			buffer_text(&filled, strings->items[number - 1]);
			at = end - 1;
		} else {
			buffer_append(&filled, ++at, 1);
		}
	}
	buffer_free(&text);
	return filled.data;
}

static void check(const struct event *event, const char *what)
{
	static struct event_strings strings;
	const struct event_info *info = event_info(event->id);

	event_strings(event, &strings);
	char *got = message(event_message_id(info), &strings), *want = expected(info, &strings);
	is_text(got, want, "%d, %s", event->id, what);
	free(got);
	free(want);
}

static void put_all(struct event *event, const char *value)
{
	int field;

	for (const char *at = event_info(event->id)->parameters; template_parameter(&at, &field);) {
		event_put_text(event, (enum event_field)field, value);
		event_put_number(event, (enum event_field)field, INT64_MIN);
	}
}

static void events(void)
{
	struct event event;
	size_t count;
	const struct event_info *rows = event_catalogue(&count);

	for (size_t i = 0; i < count; i++) {
		event_start(&event, rows[i].id, 0);
		check(&event, "nothing");
		put_all(&event, "vm \u00fc\u4e2d\U0001F600");
		check(&event, "everything");
		event_start(&event, rows[i].id, 0);
		put_all(&event, "%1 %%1833 %n\r\n%0 100% %!s! %2!d! {mac} \x1b[31m");
		check(&event, "hostile");
		ok(!message((DWORD)rows[i].id, NULL), "%d is there with its severity only",
			rows[i].id);
	}
}

static void a_person_reads(void)
{
	static struct event_strings strings;
	struct event event;

	event_start(&event, 1031, 0);
	event_put_text(&event, FIELD_REASON, "port 9 is taken");
	event_strings(&event, &strings);
	char *text = message(0xc0000407, &strings);
	is_text(text,
		"The receiver of magic packets has trouble: port 9 is taken\n"
		"\n"
		"Reason: port 9 is taken\n"
		"Count: -\n"
		"\n"
		"Frames cannot be received, or came faster than they could be looked at.\n",
		"one message in full");
	free(text);
}

int main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : getenv("HYPERVIVE_EXE");
	wchar_t wide[1024];

	if (!path) {
		printf("Bail out! name the executable, in argv[1] or HYPERVIVE_EXE\n");
		return 1;
	}
	wide_copy(wide, sizeof(wide) / sizeof(wide[0]), path);
	table = LoadLibraryExW(wide, NULL, LOAD_LIBRARY_AS_DATAFILE);
	ok(table != NULL, "%s is loaded as data", path);
	if (table) {
		categories();
		events();
		a_person_reads();
		FreeLibrary(table);
	}
	return tap_done();
}
