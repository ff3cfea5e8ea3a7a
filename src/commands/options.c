/* SPDX-License-Identifier: MIT */
#include "commands/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/process.h"
#include "base/text.h"

enum { COLUMNS = 80, SENTENCE_SIZE = 512, HELP_COLUMN_MAX = 28 };

static const struct option_spec HELP = {"--help", OPTION_FLAG, NULL, NULL, "this text"};

static int wrong_usage(const struct option_usage *usage, const char *format, ...)
	ERROR_PRINTF(2, 3);

/* Says what is wrong, made harmless for a terminal, and where to read how it is right. */
static int wrong_usage(const struct option_usage *usage, const char *format, ...)
{
	char words[SENTENCE_SIZE], shown[SENTENCE_SIZE * 4];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	text_printable(shown, sizeof(shown), words);
	fprintf(stderr, "hypervive %s: %s; see 'hypervive %s --help'\n", usage->command, shown,
		usage->command);
	return -ERR_USAGE;
}

/*
 * Writes words so that no line is longer than the screen. The first line goes on at column
 * `at`, the others begin at column `indent`.
 */
static void write_wrapped(const char *words, size_t at, size_t indent)
{
	bool begins = true;

	while (*(words += strspn(words, " ")) != '\0') {
		int length = (int)strcspn(words, " ");

		if (!begins && at + 1 + (size_t)length > COLUMNS) {
			printf("\n%*s", (int)indent, "");
			at = indent;
			begins = true;
		}
		printf("%s%.*s", begins ? "" : " ", length, words);
		at += (size_t)length + (begins ? 0 : 1);
		begins = false;
		words += length;
	}
	putchar('\n');
}

/* "  --connect URI" */
static size_t left_width(const struct option_spec *option)
{
	return 2 + strlen(option->name) + (option->argument ? 1 + strlen(option->argument) : 0);
}

static void write_option(const struct option_spec *option, size_t column)
{
	size_t width = left_width(option);
	char help[1024];

	printf("  %s%s%s", option->name, option->argument ? " " : "",
		option->argument ? option->argument : "");
	if (width + 2 > column) {
		putchar('\n');
		width = 0;
	}
	printf("%*s", (int)(column - width), "");
	snprintf(help, sizeof(help), "%s%s", option->help,
		option->type == OPTION_LIST ? "; may be given more than once" : "");
	write_wrapped(help, column, column);
}

static void write_help(const struct option_usage *usage)
{
	size_t column = 0;

	printf("Usage: hypervive %s [OPTIONS]%s%s\n\n", usage->command,
		*usage->arguments ? " " : "", usage->arguments);
	write_wrapped(usage->about, 0, 0);
	printf("\nOptions:\n");
	for (size_t i = 0; i <= usage->option_count; i++) {
		size_t width = left_width(i < usage->option_count ? &usage->options[i] : &HELP) + 2;

		if (width > column && width <= HELP_COLUMN_MAX)
			column = width;
	}
	for (size_t i = 0; i < usage->option_count; i++)
		write_option(&usage->options[i], column);
	write_option(&HELP, column);
}

/* Finds the option that a word names, up to its '='; NULL when there is none. */
static const struct option_spec *find_option(const struct option_usage *usage, const char *word)
{
	size_t length = strcspn(word, "=");

	for (size_t i = 0; i < usage->option_count; i++) {
		const struct option_spec *option = &usage->options[i];

		if (strlen(option->name) == length && strncmp(option->name, word, length) == 0)
			return option;
	}
	return NULL;
}

static int take_value(
	const struct option_usage *usage, const struct option_spec *option, const char *value)
{
	if (option->type == OPTION_LIST) {
		struct option_list *list = option->target;

		if (list->count == sizeof(list->items) / sizeof(list->items[0]))
			return wrong_usage(usage, "%s is given too often", option->name);
		list->items[list->count++] = value;
	} else {
		const char **target = option->target;

		if (*target)
			return wrong_usage(usage, "%s is given twice", option->name);
		*target = value;
	}
	return 0;
}

/*
 * Takes the option at argv[*at] and moves *at to its last word. A value that is a word of its
 * own must not look like another option: that is a value forgotten.
 */
static int take_option(const struct option_usage *usage, const struct option_spec *option, int argc,
	char **argv, int *at)
{
	const char *value = strchr(argv[*at], '=');

	if (option->type == OPTION_FLAG) {
		if (value)
			return wrong_usage(usage, "%s takes no value", option->name);
		*(bool *)option->target = true;
		return 0;
	}
	if (value)
		value++;
	else if (*at + 1 < argc && strncmp(argv[*at + 1], "--", 2) != 0)
		value = argv[++*at];
	if (!value || !*value)
		return wrong_usage(usage, "%s needs a value, as in '%s %s'", option->name,
			option->name, option->argument);
	return take_value(usage, option, value);
}

static int check_count(const struct option_usage *usage, const struct option_result *result)
{
	if (result->argument_count > usage->most)
		return wrong_usage(
			usage, "there is one word too many, '%s'", result->arguments[usage->most]);
	if (result->argument_count < usage->least)
		return wrong_usage(usage, "%s is missing", usage->arguments);
	return 0;
}

int options_parse(
	const struct option_usage *usage, int argc, char **argv, struct option_result *result)
{
	bool options_end = false;

	/* The arguments are gathered at the front of argv, over words that were read already. */
	result->arguments = argv + (argc > 0 ? 1 : 0);
	result->argument_count = 0;
	for (int at = 1; at < argc; at++) {
		const struct option_spec *option;
		int failed;

		if (options_end || argv[at][0] != '-' || argv[at][1] == '\0') {
			result->arguments[result->argument_count++] = argv[at];
			continue;
		}
		if (strcmp(argv[at], "--") == 0) {
			options_end = true;
			continue;
		}
		if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0) {
			write_help(usage);
			return 1;
		}
		option = find_option(usage, argv[at]);
		if (!option)
			return wrong_usage(usage, "there is no option '%s'", argv[at]);
		failed = take_option(usage, option, argc, argv, &at);
		if (failed)
			return failed;
	}
	return check_count(usage, result);
}

bool options_color(bool no_color, int fd)
{
	const char *refused = getenv("NO_COLOR"); /* no-color.org: when it is there and not empty */

	return !no_color && !(refused && *refused) && process_terminal_has_color(fd);
}

int command_fail(const char *command, const struct error *error)
{
	char shown[sizeof(error->text) * 4];

	text_printable(shown, sizeof(shown), error->text);
	fprintf(stderr, "hypervive %s: %s\n", command, shown);
	return error_exit_code(error);
}
