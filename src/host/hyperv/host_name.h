/* SPDX-License-Identifier: MIT */
/* host_name.h - the names that --connect takes on Windows; pure */
#ifndef HYPERVIVE_HOST_HYPERV_HOST_NAME_H
#define HYPERVIVE_HOST_HYPERV_HOST_NAME_H

#include <stdbool.h>

#include "base/error.h"

/* NULL, nothing, "." and "localhost" mean this host. */
bool host_name_is_local(const char *name);

/* See check() in host/host.h. */
int host_name_check(const char *name, struct error *error);

#endif
