/* SPDX-License-Identifier: MIT */
/*
 * adapters.h - what machines.c needs of adapters.c
 */
#ifndef WMISIM_ADAPTERS_H
#define WMISIM_ADAPTERS_H

#include "machines.h"

/* All adapters and connections whose InstanceID begins with this GUID. */
void adapters_delete_of(const char *owner);
/* Copies of a machine's adapters that belong to a checkpoint. */
void adapters_copy(const char *machine, const char *checkpoint);

#endif
