/* SPDX-License-Identifier: MIT */
/* ndis_binding.h - on which adapters Windows' capture filter stands */
#ifndef HYPERVIVE_CAPTURE_WINDOWS_NDIS_BINDING_H
#define HYPERVIVE_CAPTURE_WINDOWS_NDIS_BINDING_H

#include <stdbool.h>
#include <stddef.h>

struct ndis_binding {
	unsigned covered;  /* adapters that it stands on */
	unsigned left_out; /* adapters that it does not */
	char names[128];   /* of those left out: "Ethernet 2, Wi-Fi and 3 more" */
};

/* Ethernet adapters that are up, as the registry has them. False: it cannot be told. */
bool ndis_binding_read(struct ndis_binding *binding);

#endif
