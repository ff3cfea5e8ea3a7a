/* SPDX-License-Identifier: MIT */
/* install_windows.c - `hypervive install` and `hypervive uninstall` */
#include <stdio.h>
#include <stdlib.h>

#include "base/process.h"
#include "base/text.h"
#include "commands/command.h"
#include "commands/options.h"
#include "service/windows/event_source.h"
#include "service/windows/firewall_rule.h"
#include "service/windows/installer.h"
#include "service/windows/names.h"

/* What is left out, on request. */
struct parts {
	bool no_service, no_event_source, no_firewall;
};

#define OPTION_PARTS(parts, what)                                                            \
	{"--no-service", OPTION_FLAG, &(parts).no_service, NULL, what " the service alone"}, \
		{"--no-event-source", OPTION_FLAG, &(parts).no_event_source, NULL,           \
			what " the event source alone"},                                     \
	{                                                                                    \
		"--no-firewall", OPTION_FLAG, &(parts).no_firewall, NULL,                    \
			what " the firewall's rules alone"                                   \
	}

static void print_line(const char *text)
{
	char shown[1024];

	text_printable(shown, sizeof(shown), text);
	puts(shown);
}

static void warn(const struct error *error)
{
	char shown[sizeof(error->text) * 4];

	text_printable(shown, sizeof(shown), error->text);
	fprintf(stderr, "hypervive: warning: %s\n", shown);
}

static int check_rights(const char *command, struct error *error)
{
	if (process_is_privileged())
		return 0;
	return error_set(error, ERR_FAILED,
		"this needs the rights of an administrator; open a prompt with 'Run as "
		"administrator' and repeat 'hypervive %s'",
		command);
}

/* ---- install ---- */

static int install_service(const char *program, bool then_started, struct error *error)
{
	struct error unprotected = {0};
	bool existed, runs;
	char line[1024];

	if (installer_install(program, &existed, &runs, warn, error) < 0)
		return -error->code;
	snprintf(line, sizeof(line),
		"%s the service " HYPERVIVE_NAME ": \"%s\" " HYPERVIVE_ARGUMENTS,
		existed ? "changed" : "installed", program);
	print_line(line);
	if (!installer_path_is_protected(program)) {
		error_set(&unprotected, ERR_FAILED,
			"%s is not under Program Files: whoever can write to that folder can act "
			"as SYSTEM on this computer",
			program);
		warn(&unprotected);
	}
	if (runs && !then_started)
		print_line("the service runs; what was changed counts when it is started again");
	return 0;
}

static int install_parts(
	const struct parts *parts, bool start, const char *program, struct error *error)
{
	struct error closed = {0};

	/* The source first: the service may have something to tell at once. */
	if (!parts->no_event_source) {
		if (event_source_add(program, error) < 0)
			return -error->code;
		print_line("installed the event source " HYPERVIVE_NAME " of the Application log");
	}
	if (!parts->no_service && install_service(program, start, error) < 0)
		return -error->code;
	if (!parts->no_firewall) {
		if (firewall_rule_add(program, &closed) == 0) {
			print_line("installed the firewall rule " FIREWALL_RULE_NAME
				   ": UDP ports 7 and 9 are open for this program");
		} else {
			error_wrap(&closed,
				"there is no firewall rule, so packets to UDP ports 7 and 9 may be "
				"dropped");
			warn(&closed);
		}
	}
	if (start) {
		if (installer_start(error) < 0)
			return -error->code;
		print_line("started the service " HYPERVIVE_NAME);
	}
	return 0;
}

int command_install(int argc, char **argv)
{
	struct parts parts = {0};
	bool start = false;
	const struct option_spec specs[] = {
		{"--start", OPTION_FLAG, &start, NULL,
			"start the service at once; one that runs is started again"},
		OPTION_PARTS(parts, "leave"),
	};
	const struct option_usage usage = {
		.command = "install",
		.arguments = "",
		.about =
			"Sets up this program, where it is, as the service " HYPERVIVE_NAME
			": started automatically a while after the computer, started again when "
			"it fails. Also its source in the Application event log, and a rule of the "
			"Windows firewall that lets magic packets to UDP ports 7 and 9 reach it. "
			"What is there already is changed, also an original HyperVive. Needs the "
			"rights of an administrator.",
		.options = specs,
		.option_count = sizeof(specs) / sizeof(specs[0]),
	};
	struct option_result result;
	struct error error = {0};
	char *program;
	int parsed = options_parse(&usage, argc, argv, &result);

	if (parsed)
		return parsed > 0 ? 0 : 2;
	if (check_rights("install", &error) < 0)
		return command_fail("install", &error);
	program = installer_own_path();
	if (!program) {
		error_set(&error, ERR_FAILED, "the path of this program cannot be found out");
		return command_fail("install", &error);
	}
	int failed = install_parts(&parts, start, program, &error);
	free(program);
	return failed ? command_fail("install", &error) : 0;
}

/* ---- uninstall ---- */

/* One part: result as the removing function gave it. Returns whether it is gone. */
static bool tell_removed(int result, const char *what, const struct error *error)
{
	char line[256];

	if (result < 0) {
		command_fail("uninstall", error);
		return false;
	}
	snprintf(line, sizeof(line), result ? "removed %s" : "there was no %s", what);
	print_line(line);
	return true;
}

/* Each part is tried, whatever becomes of the others. */
static bool remove_parts(const struct parts *parts)
{
	struct error error = {0};
	bool gone = true;

	if (!parts->no_service)
		gone = tell_removed(installer_remove(&error), "service " HYPERVIVE_NAME, &error) &&
		       gone;
	if (!parts->no_event_source)
		gone = tell_removed(event_source_remove(&error), "event source " HYPERVIVE_NAME,
			       &error) &&
		       gone;
	if (!parts->no_firewall) {
		int removed = firewall_rule_remove(&error);

		/* Where there is no firewall there is no rule of it. */
		if (removed < 0)
			warn(&error);
		else
			tell_removed(removed, "firewall rule " FIREWALL_RULE_NAME, &error);
	}
	return gone;
}

int command_uninstall(int argc, char **argv)
{
	struct parts parts = {0};
	const struct option_spec specs[] = {OPTION_PARTS(parts, "leave")};
	const struct option_usage usage = {
		.command = "uninstall",
		.arguments = "",
		.about = "Stops the service " HYPERVIVE_NAME " and removes it with its settings in "
			 "the registry, its source in the Application event log, and its rule of "
			 "the "
			 "Windows firewall. The program itself, events and log files stay. Needs "
			 "the rights of an administrator.",
		.options = specs,
		.option_count = sizeof(specs) / sizeof(specs[0]),
	};
	struct option_result result;
	struct error error = {0};
	int parsed = options_parse(&usage, argc, argv, &result);

	if (parsed)
		return parsed > 0 ? 0 : 2;
	if (check_rights("uninstall", &error) < 0)
		return command_fail("uninstall", &error);
	return remove_parts(&parts) ? 0 : 1;
}
