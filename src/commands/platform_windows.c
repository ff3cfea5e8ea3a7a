/* SPDX-License-Identifier: MIT */
#include "base/process.h"
#include "commands/platform.h"

const char PLATFORM_CONNECT_HELP[] =
	"the host to speak to (default: this one): the name of a Hyper-V host";
const char PLATFORM_CONFIG_HELP[] =
	"a settings file in place of the registry (default: the values beside DebugMode in "
	"HKLM\\SYSTEM\\CurrentControlSet\\Services\\HyperVive)";
const char PLATFORM_RECORDS_ARGUMENT[] = "FILE";
const char PLATFORM_RECORDS_HELP[] = "read this saved event log (.evtx)";
const char PLATFORM_RUN_ABOUT[] =
	"Hears magic packets on every adapter of this host and wakes the virtual machines that "
	"they are for. Events go to the Application event log, to stdout and, on request, to a "
	"file. The service manager starts this; by hand it runs in the foreground and ends on "
	"Ctrl-C. Changes in the registry count at once.";

const char *platform_no_service_hint(void)
{
	return process_is_privileged()
		       ? "Start it with 'net start HyperVive' (after 'hypervive install'), or "
			 "'hypervive run' in the foreground."
		       : "Ask from a prompt that runs as administrator.";
}

const struct command PLATFORM_COMMANDS[] = {
	{"install", "set up the service, its event source and its firewall rule", command_install},
	{"uninstall", "remove what install has set up", command_uninstall},
};
const size_t PLATFORM_COMMAND_COUNT = sizeof(PLATFORM_COMMANDS) / sizeof(PLATFORM_COMMANDS[0]);
