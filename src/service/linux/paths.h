/* SPDX-License-Identifier: MIT */
/* paths.h - what the Linux side does with paths */
#ifndef HYPERVIVE_SERVICE_LINUX_PATHS_H
#define HYPERVIVE_SERVICE_LINUX_PATHS_H

#include "base/error.h"

/* Creates the directories that lead to an absolute path and do not exist, with mode 0755. */
int paths_make_parents(const char *path, struct error *error);

#endif
