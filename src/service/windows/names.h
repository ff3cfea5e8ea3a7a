/* SPDX-License-Identifier: MIT */
/*
 * names.h - what Windows knows this service by
 *
 * The one place for `hypervive install`, the service itself and the MSI, which sets up the same.
 * Names and values that HyperVive 3 had are the same, so that an installation over it replaces it.
 */
#ifndef HYPERVIVE_SERVICE_WINDOWS_NAMES_H
#define HYPERVIVE_SERVICE_WINDOWS_NAMES_H

#define HYPERVIVE_NAME         "HyperVive"
#define HYPERVIVE_DISPLAY_NAME "HyperVive"
#define HYPERVIVE_DESCRIPTION                                                                   \
	"Wakes virtual machines by magic packets (Wake-on-LAN) and records in the Application " \
	"event log what was asked for and what came of it."
#define HYPERVIVE_ARGUMENTS "run" /* behind the program's path in ImagePath */

#define SERVICES_KEY         "SYSTEM\\CurrentControlSet\\Services"
#define HYPERVIVE_KEY        SERVICES_KEY "\\" HYPERVIVE_NAME
#define HYPERVIVE_SOURCE_KEY SERVICES_KEY "\\EventLog\\Application\\" HYPERVIVE_NAME

/* Beside the service manager's own values; settings stand there by the names of their keys. */
#define DEBUG_VALUE_NAME "DebugMode"

/* Started before us; vmms only where Hyper-V is installed, else we would never start. */
#define HYPERVIVE_DEPENDENCY          "Winmgmt"
#define HYPERVIVE_OPTIONAL_DEPENDENCY "vmms"

/*
 * What is kept of LocalSystem's privileges; all others are taken from the process before it
 * begins, above all those that open any file, any process or the kernel: SeBackupPrivilege,
 * SeRestorePrivilege, SeTakeOwnershipPrivilege, SeDebugPrivilege, SeTcbPrivilege,
 * SeLoadDriverPrivilege, SeImpersonatePrivilege and SeAssignPrimaryTokenPrivilege.
 *
 *   SeChangeNotifyPrivilege    to reach a log or settings file through folders that it may not
 *                              list
 *   SeCreateGlobalPrivilege    named sections of event tracing, which its consumers share
 *   SeSystemProfilePrivilege   trace sessions (PktMon, the NDIS capture provider)
 *
 * WMI, raw sockets, the firewall's rules, the event log and starting the capture's driver through
 * the service manager go by the account (SYSTEM, Administrators) and need none. The control pipe
 * asks who its client is at identification level, which needs none either.
 * Two NULs end a list of the service manager's.
 */
#define HYPERVIVE_PRIVILEGES        \
	"SeChangeNotifyPrivilege\0" \
	"SeCreateGlobalPrivilege\0" \
	"SeSystemProfilePrivilege\0"

/*
 * Recovery: so many ms after the first, the second and every later failure; forgotten after a
 * day without one.
 */
enum {
	HYPERVIVE_RESTART_1_MS = 5000,
	HYPERVIVE_RESTART_2_MS = 30000,
	HYPERVIVE_RESTART_3_MS = 120000,
	HYPERVIVE_FAILURES_FORGOTTEN_S = 24 * 60 * 60,
};

/* How long the system's shutdown waits for us; our own end takes at most some 12 s. */
enum { HYPERVIVE_PRESHUTDOWN_MS = 20000 };

#define FIREWALL_RULE_NAME  "HyperVive (UDP-In)"
#define FIREWALL_RULE_GROUP "HyperVive"
#define FIREWALL_RULE_DESCRIPTION \
	"Lets HyperVive hear magic packets (Wake-on-LAN) that are sent to UDP ports 7 and 9."
#define FIREWALL_RULE_PORTS "7,9"

#define CONTROL_PIPE        "\\\\.\\pipe\\hypervive"
#define CONTROL_PIPE_PREFIX "\\\\.\\pipe\\"

/* For tests and for a second instance in the foreground; see paths.c. */
#define PIPE_VARIABLE         "HYPERVIVE_PIPE"
#define REGISTRY_KEY_VARIABLE "HYPERVIVE_REGISTRY_KEY"

/* HYPERVIVE_NAME as the W functions want it: WIDE(HYPERVIVE_NAME). */
#define WIDE_OF(text) L##text
#define WIDE(text)    WIDE_OF(text)

#endif
