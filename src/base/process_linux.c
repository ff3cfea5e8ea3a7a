/* SPDX-License-Identifier: MIT */
#include "base/process.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* NOLINTNEXTLINE(readability-non-const-parameter): Windows changes them */
void process_begin(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	signal(SIGPIPE, SIG_IGN);
}

bool process_terminal_has_color(int fd)
{
	const char *terminal = getenv("TERM");

	return isatty(fd) && !(terminal && strcmp(terminal, "dumb") == 0);
}

bool process_reader_is_gone(int errno_number)
{
	return errno_number == EPIPE;
}

bool process_is_privileged(void)
{
	return geteuid() == 0;
}

bool process_path_is_absolute(const char *path)
{
	return *path == '/';
}
