/* SPDX-License-Identifier: MIT */
/* debug.c - `hypervive debug on|off`: a running service's debug mode */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "commands/command.h"
#include "commands/options.h"
#include "service/control.h"

static int ask(const char *request, char answer[CONTROL_LINE_SIZE], struct error *error)
{
	struct service_paths paths;
	int failed = service_paths_find(&paths, error);

	if (!failed)
		failed = control_ask(paths.control, request, answer, error);
	return failed;
}

int command_debug(int argc, char **argv)
{
	const struct option_usage usage = {
		.command = "debug",
		.arguments = "[on|off]",
		.about = "Switches debug mode of the running service, at once; it stays so after a "
			 "restart. In debug mode the service also records events 9000 to 9015. "
			 "Without "
			 "a word tells how it is.",
		.most = 1,
	};
	struct option_result result;
	struct error error = {0};
	char request[16] = "debug", answer[CONTROL_LINE_SIZE], shown[CONTROL_LINE_SIZE * 4];
	int parsed = options_parse(&usage, argc, argv, &result);

	if (parsed)
		return parsed > 0 ? 0 : 2;
	if (result.argument_count == 1) {
		const char *word = result.arguments[0];

		if (strcmp(word, "on") != 0 && strcmp(word, "off") != 0) {
			error_set(&error, ERR_USAGE,
				"'%s' is neither on nor off; see 'hypervive debug --help'", word);
			return command_fail("debug", &error);
		}
		snprintf(request, sizeof(request), "debug %s", word);
	}
	if (ask(request, answer, &error) != 0) {
		int code = command_fail("debug", &error);

		if (error.code == ERR_NOT_FOUND)
			fprintf(stderr, "%s\n", platform_no_service_hint());
		return code;
	}
	text_printable(shown, sizeof(shown), answer);
	puts(shown);
	return 0;
}
