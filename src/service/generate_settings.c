/* SPDX-License-Identifier: MIT */
/*
 * generate_settings.c - what is made of the table of settings when hypervive is built
 *
 *   generate man-settings   the entries of hypervive.conf(5), in roff
 *   generate markdown-settings   the table of README.md
 *   generate example        an example hypervive.conf in which every default stands, commented out
 */
#include <stdio.h>
#include <string.h>

#include "service/settings.h"

enum { COLUMNS = 78 };

/* Writes words, broken into lines that each begin with `lead`. */
static void write_wrapped(const char *lead, const char *words)
{
	size_t column = 0;

	while (*(words += strspn(words, " ")) != '\0') {
		size_t length = strcspn(words, " ");

		if (column > 0 && length + 1 > COLUMNS - column) {
			putchar('\n');
			column = 0;
		}
		if (column == 0) {
			fputs(lead, stdout);
			column = strlen(lead);
		} else {
			putchar(' ');
			column++;
		}
		fwrite(words, 1, length, stdout);
		column += length;
		words += length;
	}
	putchar('\n');
}

/* Text as roff reads it: a hyphen is a hyphen, and no line is a request by accident. */
static void write_roff(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else
			putchar(*text);
		/* A sentence a line: roff sets the space between sentences by that. */
		if (*text == '.' && text[1] == ' ') {
			putchar('\n');
			text++;
		}
	}
}

static void write_man_settings(const struct setting_info *table, size_t count)
{
	const char *section = "";

	for (size_t i = 0; i < count; i++) {
		if (strcmp(section, table[i].section) != 0) {
			section = table[i].section;
			printf(".SS [%s]\n", section);
		}
		fputs(".TP\n\\fB", stdout);
		write_roff(table[i].key);
		fputs("\\fR = \\fI", stdout);
		write_roff(table[i].values);
		fputs("\\fR\n", stdout);
		write_roff(table[i].explanation);
		putchar('\n');
		if (*table[i].initial) {
			fputs("The default is\n.BR ", stdout);
			write_roff(table[i].initial);
			fputs(" .\n", stdout);
		}
	}
}

static void write_example(const struct setting_info *table, size_t count)
{
	const char *section = "";
	char values[256];

	fputs("# hypervive.conf - settings of the hypervive service, see hypervive.conf(5)\n"
	      "#\n"
	      "# Every setting stands here with its default, commented out. The service reads\n"
	      "# the file again when it changes. A line that cannot be used is recorded as\n"
	      "# event 1050, and the value from before stays.\n",
		stdout);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(section, table[i].section) != 0) {
			section = table[i].section;
			printf("\n[%s]\n", section);
		}
		putchar('\n');
		write_wrapped("# ", table[i].explanation);
		snprintf(values, sizeof(values), "Values: %s", table[i].values);
		write_wrapped("# ", values);
		printf("#%s =%s%s\n", table[i].key, *table[i].initial ? " " : "", table[i].initial);
	}
}

/* A pipe within a cell would end it. */
static void write_cell(const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			putchar('\\');
		putchar(*text);
	}
}

static void write_markdown(const struct setting_info *table, size_t count)
{
	puts("| key | values | meaning |\n|---|---|---|");
	for (size_t i = 0; i < count; i++) {
		printf("| `%s` | ", table[i].key);
		write_cell(table[i].values);
		fputs(" | ", stdout);
		write_cell(table[i].explanation);
		if (*table[i].initial)
			printf(" Default: %s.", table[i].initial);
		puts(" |");
	}
}

int main(int argc, char **argv)
{
	size_t count;
	const struct setting_info *table = settings_table(&count);

	if (argc == 2 && strcmp(argv[1], "man-settings") == 0) {
		write_man_settings(table, count);
	} else if (argc == 2 && strcmp(argv[1], "markdown-settings") == 0) {
		write_markdown(table, count);
	} else if (argc == 2 && strcmp(argv[1], "example") == 0) {
		write_example(table, count);
	} else {
		fputs("usage: generate man-settings|markdown-settings|example\n", stderr);
		return 2;
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("generate");
		return 1;
	}
	return 0;
}
