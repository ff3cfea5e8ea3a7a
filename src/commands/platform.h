/* SPDX-License-Identifier: MIT */
/* platform.h - what commands say, and have, only on one system */
#ifndef HYPERVIVE_COMMANDS_PLATFORM_H
#define HYPERVIVE_COMMANDS_PLATFORM_H

#include <stddef.h>

#include "commands/command.h"

/* For --help. */
extern const char PLATFORM_CONNECT_HELP[];     /* of --connect */
extern const char PLATFORM_CONFIG_HELP[];      /* of --config */
extern const char PLATFORM_RECORDS_ARGUMENT[]; /* of --directory */
extern const char PLATFORM_RECORDS_HELP[];
extern const char PLATFORM_RUN_ABOUT[]; /* how the service is ended, and where events go */

/* No service answers: what might help, by who asks. */
const char *platform_no_service_hint(void);

/* Commands that the other system does not have. */
extern const struct command PLATFORM_COMMANDS[];
extern const size_t PLATFORM_COMMAND_COUNT;

#endif
