/* SPDX-License-Identifier: MIT */
/* run.c - `hypervive run`: the service in the foreground */
#include <unistd.h>

#include "commands/command.h"
#include "commands/options.h"
#include "host/host.h"
#include "service/service.h"

int command_run(int argc, char **argv)
{
	struct option_list interfaces = {0};
	struct service_options options = {0};
	bool no_color = false;
	const struct option_spec specs[] = {
		{"--connect", OPTION_TEXT, &options.connect, "URI", PLATFORM_CONNECT_HELP},
		{"--config", OPTION_TEXT, &options.config, "FILE", PLATFORM_CONFIG_HELP},
		{"--log-file", OPTION_TEXT, &options.log_file, "FILE",
			"append every event to FILE as a line of JSON"},
		{"--interface", OPTION_LIST, &interfaces, "NAME",
			"hear this adapter only; * and ? match (default: all, also those that "
			"appear later)"},
		{"--debug", OPTION_FLAG, &options.debug, NULL,
			"begin in debug mode; `hypervive debug on|off` switches it later"},
		{"--dry-run", OPTION_FLAG, &options.dry_run, NULL,
			"decide and record, but start nothing"},
		OPTION_JSON(&options.json),
		OPTION_NO_COLOR(&no_color),
	};
	const struct option_usage usage = {
		.command = "run",
		.arguments = "",
		.about = PLATFORM_RUN_ABOUT,
		.options = specs,
		.option_count = sizeof(specs) / sizeof(specs[0]),
	};
	struct option_result result;
	struct error error = {0};

	int parsed = options_parse(&usage, argc, argv, &result);
	if (parsed != 0)
		return parsed > 0 ? 0 : 2;
	options.interfaces = interfaces.items;
	options.interface_count = interfaces.count;
	options.color = options_color(no_color, STDOUT_FILENO);
	if (options.connect && host_ops.check(options.connect, &error) < 0)
		return command_fail("run", &error);
	if (service_run(&options, &error) < 0)
		return command_fail("run", &error);
	return 0;
}
