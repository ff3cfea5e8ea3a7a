/* SPDX-License-Identifier: MIT */
/*
 * command.h - what main() knows of a command
 */
#ifndef HYPERVIVE_COMMANDS_COMMAND_H
#define HYPERVIVE_COMMANDS_COMMAND_H

struct command {
	const char *name;
	const char *summary; /* one line for `hypervive --help` */
	/* argv[0] is the command's name; returns the exit code. */
	int (*run)(int argc, char **argv);
};

int command_run(int argc, char **argv);
int command_vms(int argc, char **argv);
int command_wake(int argc, char **argv);
int command_events(int argc, char **argv);
int command_debug(int argc, char **argv);

/* On Windows only. */
int command_install(int argc, char **argv);
int command_uninstall(int argc, char **argv);

#endif
