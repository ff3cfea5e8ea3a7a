/* SPDX-License-Identifier: MIT */
/*
 * options.h - the words behind a command
 *
 * One table a command is the origin of the parser and of its --help. --help itself,
 * and "--" as the end of options, are understood by all.
 */
#ifndef HYPERVIVE_COMMANDS_OPTIONS_H
#define HYPERVIVE_COMMANDS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "commands/platform.h"

enum option_type {
	OPTION_FLAG, /* target: bool */
	OPTION_TEXT, /* target: const char *; given twice is an error */
	OPTION_LIST, /* target: struct option_list */
};

struct option_list {
	const char *items[64];
	size_t count;
};

struct option_spec {
	const char *name; /* "--connect" */
	enum option_type type;
	void *target;
	const char *argument; /* "URI"; NULL for a flag */
	const char *help;
};

struct option_usage {
	const char *command;   /* "vms" */
	const char *arguments; /* "VM|MAC", or "" */
	const char *about;     /* a few sentences */
	const struct option_spec *options;
	size_t option_count;
	size_t least, most; /* positional arguments */
};

struct option_result {
	char **arguments;
	size_t argument_count;
};

/*
 * 0: go on. 1: --help was printed, exit 0. Negative: wrong usage; the sentence was printed to
 * stderr with a pointer to --help, exit 2.
 */
int options_parse(
	const struct option_usage *usage, int argc, char **argv, struct option_result *result);

/* The options that every command has. */
#define OPTION_CONNECT(target)                                                   \
	{                                                                        \
		"--connect", OPTION_LIST, (target), "URI", PLATFORM_CONNECT_HELP \
	}
#define OPTION_JSON(target)                                                   \
	{                                                                     \
		"--json", OPTION_FLAG, (target), NULL, "JSON instead of text" \
	}
#define OPTION_NO_COLOR(target)                                                              \
	{                                                                                    \
		"--no-color", OPTION_FLAG, (target), NULL,                                   \
			"no colours (also with NO_COLOR set, or when stdout is no terminal)" \
	}

/* Whether to colour what goes to this descriptor. */
bool options_color(bool no_color, int fd);

/* Prints "hypervive COMMAND: sentence" to stderr, made harmless for a terminal; returns the exit
 * code. */
int command_fail(const char *command, const struct error *error);

#endif
