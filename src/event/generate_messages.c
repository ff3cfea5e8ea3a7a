/* SPDX-License-Identifier: MIT */
/*
 * generate_messages.c - a build tool: the catalogue as the Windows event log wants it
 *
 *   messages   a message file for windmc (MC.exe's format, "Message Text Files" in the Windows
 *              documentation): categories with their numbers, events with their severities
 *   fields     a line an event: its id and its parameters, for tests
 *   labels     a line a message: id, whole number, and the label of the category or of each
 *              parameter, for tests; separated by tabs
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "event/event_strings.h"
#include "event/template.h"

static const struct {
	enum event_category number;
	const char *label;
} CATEGORIES[] = {
#define CATEGORY(constant, number, label) {constant, label},
	EVENT_CATEGORIES(CATEGORY)
#undef CATEGORY
};

enum { CATEGORY_COUNT = sizeof(CATEGORIES) / sizeof(CATEGORIES[0]) };

/* As the two highest bits of a message's number have it. */
static const char *severity_name(enum event_severity severity)
{
	switch (severity) {
	case SEVERITY_ERROR:
		return "Error";
	case SEVERITY_WARNING:
		return "Warning";
	case SEVERITY_INFORMATION:
	case SEVERITY_DEBUG:
		break;
	}
	return "Informational";
}

/* Lines end as in other message tables: windmc takes over what stands in its file. */
static void put_lines(const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			putchar('\r');
		putchar(*text);
	}
}

static void put_message(int id, const char *severity, const char *symbol, const char *text)
{
	printf("MessageId=%d\r\nSeverity=%s\r\nFacility=None\r\nSymbolicName=%s_%d\r\n", id,
		severity, symbol, id);
	fputs("Language=English\r\n", stdout);
	put_lines(text);
	fputs(".\r\n\r\n", stdout);
}

static bool messages(const struct event_info *rows, size_t count)
{
	struct buffer text = {0};

	put_lines(";// The events of hypervive, made from src/event/catalogue.h\n"
		  "MessageIdTypedef=DWORD\n"
		  "SeverityNames=(Success=0x0 Informational=0x1 Warning=0x2 Error=0x3)\n"
		  "FacilityNames=(None=0x0)\n"
		  "LanguageNames=(English=0x409:MSG00409)\n"
		  "OutputBase=16\n\n");
	for (size_t i = 0; i < CATEGORY_COUNT; i++) {
		buffer_clear(&text);
		buffer_printf(&text, "%s\n", CATEGORIES[i].label);
		if (text.data)
			put_message((int)CATEGORIES[i].number, "Success", "CATEGORY", text.data);
	}
	for (size_t i = 0; i < count; i++) {
		buffer_clear(&text);
		event_message_text(&rows[i], &text);
		if (text.data)
			put_message(
				rows[i].id, severity_name(rows[i].severity), "EVENT", text.data);
	}
	bool good = !text.failed;
	buffer_free(&text);
	return good;
}

static bool fields(const struct event_info *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		printf("%d %s\n", rows[i].id, rows[i].parameters);
	return true;
}

static bool labels(const struct event_info *rows, size_t count)
{
	int field;

	for (size_t i = 0; i < CATEGORY_COUNT; i++)
		printf("%d\t0x%08x\t%s\n", (int)CATEGORIES[i].number,
			(unsigned)CATEGORIES[i].number, CATEGORIES[i].label);
	for (size_t i = 0; i < count; i++) {
		printf("%d\t0x%08" PRIx32, rows[i].id, event_message_id(&rows[i]));
		for (const char *at = rows[i].parameters; template_parameter(&at, &field);)
			printf("\t%s", event_field_label((enum event_field)field));
		putchar('\n');
	}
	return true;
}

static const struct {
	const char *name;
	bool (*print)(const struct event_info *rows, size_t count);
} FORMS[] = {
	{"messages", messages},
	{"fields", fields},
	{"labels", labels},
};

/* A slip in the catalogue stops the build. */
static bool catalogue_is_sound(const struct event_info *rows, size_t count)
{
	struct error error;

	for (size_t i = 0; i < CATEGORY_COUNT; i++) {
		/* Event Viewer asks for the texts of 1 to CategoryCount. */
		if (CATEGORIES[i].number != i + 1 || strpbrk(CATEGORIES[i].label, "%!\n")) {
			fprintf(stderr, "generate_messages: category '%s' cannot be a message\n",
				CATEGORIES[i].label);
			return false;
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (!event_message_valid(&rows[i], &error)) {
			fprintf(stderr, "generate_messages: %s\n", error.text);
			return false;
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	size_t count;
	const struct event_info *rows = event_catalogue(&count);

	for (size_t i = 0; argc == 2 && i < sizeof(FORMS) / sizeof(FORMS[0]); i++) {
		if (strcmp(argv[1], FORMS[i].name) != 0)
			continue;
		if (!catalogue_is_sound(rows, count))
			return 1;
		if (FORMS[i].print(rows, count) && fflush(stdout) == 0 && !ferror(stdout))
			return 0;
		perror("generate_messages");
		return 1;
	}
	fputs("usage: generate_messages messages|fields|labels\n", stderr);
	return 2;
}
