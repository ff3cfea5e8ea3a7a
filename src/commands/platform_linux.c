/* SPDX-License-Identifier: MIT */
#include "base/process.h"
#include "commands/platform.h"

const char PLATFORM_CONNECT_HELP[] =
	"the host to speak to (default: this one); on Linux any libvirt URI";
const char PLATFORM_CONFIG_HELP[] = "the settings file (default: /etc/hypervive/hypervive.conf)";
const char PLATFORM_RECORDS_ARGUMENT[] = "DIR";
const char PLATFORM_RECORDS_HELP[] = "read the journal files in this directory";
const char PLATFORM_RUN_ABOUT[] =
	"Hears magic packets on every adapter of this host and wakes the virtual machines that "
	"they are for. Events go to the journal, to stdout and, on request, to a file. Ends on "
	"SIGTERM or Ctrl-C; SIGHUP reads the settings again and opens the log file anew.";

const char *platform_no_service_hint(void)
{
	return process_is_privileged()
		       ? "Start it with 'systemctl start hypervive', or 'hypervive run' in the "
			 "foreground."
		       : "That is the place of a service of your own ('hypervive run'); for the "
			 "system's service ask as root.";
}

/* systemd's unit file does what install and uninstall do on Windows. */
const struct command PLATFORM_COMMANDS[] = {{NULL, NULL, NULL}};
const size_t PLATFORM_COMMAND_COUNT = 0;
