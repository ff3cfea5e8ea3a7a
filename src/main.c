/* SPDX-License-Identifier: MIT */
/* main.c - the command table, nothing else */
#include <stdio.h>
#include <string.h>

#include "base/process.h"
#include "base/text.h"
#include "commands/platform.h"
#include "version.h"

static const struct command COMMANDS[] = {
	{"run", "the service: hear magic packets, wake virtual machines, record events",
		command_run},
	{"vms", "list virtual machines with their adapters", command_vms},
	{"wake", "start a virtual machine by hand, through the same rules as a packet",
		command_wake},
	{"events", "read back what was recorded", command_events},
	{"debug", "switch a running service's debug mode", command_debug},
};

enum { COMMAND_COUNT = sizeof(COMMANDS) / sizeof(COMMANDS[0]) };

static void usage(FILE *out)
{
	fputs("hypervive - the companion of a virtualization host\n\n"
	      "Usage: hypervive COMMAND [OPTIONS]\n\n"
	      "Commands:\n",
		out);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-12s %s\n", COMMANDS[i].name, COMMANDS[i].summary);
	for (size_t i = 0; i < PLATFORM_COMMAND_COUNT; i++)
		fprintf(out, "  %-12s %s\n", PLATFORM_COMMANDS[i].name,
			PLATFORM_COMMANDS[i].summary);
	fputs("\n`hypervive COMMAND --help` tells a command's options; hypervive(1) tells all.\n"
	      "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the host could not be reached.\n",
		out);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(name, COMMANDS[i].name) == 0)
			return &COMMANDS[i];
	}
	for (size_t i = 0; i < PLATFORM_COMMAND_COUNT; i++) {
		if (strcmp(name, PLATFORM_COMMANDS[i].name) == 0)
			return &PLATFORM_COMMANDS[i];
	}
	return NULL;
}

int main(int argc, char **argv)
{
	process_begin(&argc, &argv);
	if (argc < 2) {
		usage(stderr);
		return 2;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
		strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("hypervive " HYPERVIVE_VERSION);
		return 0;
	}
	const struct command *command = find_command(argv[1]);
	if (command)
		return command->run(argc - 1, argv + 1);
	char shown[256];
	text_printable(shown, sizeof(shown), argv[1]);
	fprintf(stderr, "hypervive: there is no command '%s'; see 'hypervive --help'\n", shown);
	return 2;
}
