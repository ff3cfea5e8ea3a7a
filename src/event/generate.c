/* SPDX-License-Identifier: MIT */
/*
 * generate.c - a build tool: the catalogue in the forms that others read
 *
 *   journal-catalog   systemd's message catalogue (https://systemd.io/CATALOG)
 *   man-events        a tbl(1) table for hypervive(1)
 *   markdown-events   a table for the README
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "event/event.h"
#include "event/journal_id.h"

/*
 * The headline of an entry: the template without its optional parts, as the journal's catalogue
 * knows no conditions and shows the name of a field that is absent. "@" begins a field there.
 */
static void put_subject(const char *message)
{
	bool optional = false;

	for (const char *at = message; *at; at++) {
		if (*at == '[' || *at == ']') {
			optional = *at == '[';
		} else if (optional) {
			continue;
		} else if (*at == '{') {
			fputs("@" JOURNAL_FIELD_PREFIX, stdout);
			while (*++at != '}')
				putchar(toupper((unsigned char)*at));
			putchar('@');
		} else {
			putchar(*at);
			if (*at == '@')
				putchar('@');
		}
	}
}

static void journal_entry(const struct event_info *info)
{
	printf("-- " JOURNAL_MESSAGE_ID_FORMAT "\n", info->id);
	fputs("Subject: ", stdout);
	put_subject(info->message);
	printf("\nDefined-By: " JOURNAL_IDENTIFIER "\n\n");
	printf("%s\n\n", info->explanation);
	printf("This is event %d of hypervive (%s, %s); see hypervive(1).\n\n", info->id,
		event_severity_name(info->severity), event_category_label(info->category));
}

static void journal_catalog(const struct event_info *rows, size_t count)
{
	puts("# The events of hypervive, made from src/event/catalogue.h\n");
	for (size_t i = 0; i < count; i++)
		journal_entry(&rows[i]);
}

/* Text of a roff document: backslashes and hyphens mean something there. */
static void put_roff(const char *text)
{
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else
			putchar(*text);
	}
}

/* A text block; "\&" keeps a dot or a quote at its start from being a request. */
static void put_roff_block(const char *text)
{
	fputs("T{\n\\&", stdout);
	put_roff(text);
	fputs("\nT}", stdout);
}

static void man_events(const struct event_info *rows, size_t count)
{
	puts(".TS\nlB lB lB lB\nl l l lx.\nid\tseverity\tcategory\tmeaning");
	for (size_t i = 0; i < count; i++) {
		printf("%d\t%s\t%s\t", rows[i].id, event_severity_name(rows[i].severity),
			event_category_label(rows[i].category));
		put_roff_block(rows[i].explanation);
		putchar('\n');
	}
	puts(".TE");
}

static void put_markdown(const char *text)
{
	for (; *text; text++) {
		if (strchr("|<>*_\\`", *text))
			putchar('\\');
		putchar(*text);
	}
}

static void markdown_events(const struct event_info *rows, size_t count)
{
	puts("| id | severity | category | message | meaning |\n|---|---|---|---|---|");
	for (size_t i = 0; i < count; i++) {
		printf("| %d | %s | %s | `%s` | ", rows[i].id,
			event_severity_name(rows[i].severity),
			event_category_label(rows[i].category), rows[i].message);
		put_markdown(rows[i].explanation);
		puts(" |");
	}
}

static const struct {
	const char *name;
	void (*print)(const struct event_info *rows, size_t count);
} FORMS[] = {
	{"journal-catalog", journal_catalog},
	{"man-events", man_events},
	{"markdown-events", markdown_events},
};

/* A slip in the catalogue stops the build. */
static bool catalogue_is_sound(const struct event_info *rows, size_t count)
{
	struct error error;

	for (size_t i = 0; i < count; i++) {
		if (!event_template_valid(rows[i].message, &error)) {
			fprintf(stderr, "generate: event %d: %s\n", rows[i].id, error.text);
			return false;
		}
		if (rows[i].id < 1 || rows[i].id > 9999 || (i && rows[i].id <= rows[i - 1].id)) {
			fprintf(stderr, "generate: event %d is out of order\n", rows[i].id);
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
		FORMS[i].print(rows, count);
		if (fflush(stdout) == 0 && !ferror(stdout))
			return 0;
		perror("generate");
		return 1;
	}
	fputs("usage: generate journal-catalog|man-events|markdown-events\n", stderr);
	return 2;
}
