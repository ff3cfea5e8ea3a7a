/* SPDX-License-Identifier: MIT */
/* frame.h - one frame as the capture hands it over */
#ifndef HYPERVIVE_WAKE_FRAME_H
#define HYPERVIVE_WAKE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_INTERFACE_SIZE = 64 };

enum frame_link {
	FRAME_ETHERNET, /* bytes begin with the destination MAC address */
	FRAME_IP,       /* bytes begin with an IPv4 or IPv6 header (tun, PPP, tunnels) */
};

struct frame {
	const uint8_t *bytes;
	size_t length;      /* bytes at hand */
	size_t wire_length; /* bytes on the wire; more than length when the capture was cut */
	enum frame_link link;
	bool has_tag; /* a VLAN tag that the kernel or the adapter took out of the bytes */
	uint16_t tag; /* its TCI: priority, DEI and the 12 bits of the VLAN id */
	char interface[FRAME_INTERFACE_SIZE]; /* where it was heard; valid UTF-8 */
};

#endif
