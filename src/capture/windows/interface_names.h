/* SPDX-License-Identifier: MIT */
/*
 * interface_names.h - the alias of an adapter ("Ethernet 2") by its index
 *
 * Names are kept until Windows tells that something about its interfaces changed. For one thread,
 * but for interface_names_find() which keeps nothing.
 */
#ifndef HYPERVIVE_CAPTURE_WINDOWS_INTERFACE_NAMES_H
#define HYPERVIVE_CAPTURE_WINDOWS_INTERFACE_NAMES_H

#include "base/mac.h"
#include "capture/windows/network_headers.h"
#include "wake/frame.h"

struct interface_names;

/* `changed` is set with each change too (borrowed). NULL when memory is out. */
struct interface_names *interface_names_new(HANDLE changed);

/* Always gives a name, "interface 7" at worst. The text is borrowed until the next call. */
const char *interface_names_get(struct interface_names *names, uint32_t index);

/* The alias of the adapter with this description, else of the only one with this MAC address
 * (which may be zero). False: there is none. Asks Windows each time. */
bool interface_names_find(
	const wchar_t *description, const struct mac *mac, char name[FRAME_INTERFACE_SIZE]);

void interface_names_free(struct interface_names *names);

#endif
