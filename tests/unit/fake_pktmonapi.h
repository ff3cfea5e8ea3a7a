/* SPDX-License-Identifier: MIT */
/*
 * fake_pktmonapi.h - what the fake pktmonapi.dll offers a test beside Windows' own functions
 *
 * It is written after Microsoft's reference and not after the capture's own description, and
 * refuses calls that are out of order.
 */
#ifndef HYPERVIVE_TESTS_FAKE_PKTMONAPI_H
#define HYPERVIVE_TESTS_FAKE_PKTMONAPI_H

#include <stdint.h>

struct fake_state {
	int initialized, sessions, streams; /* that are open now */
	int active;
	int sources;     /* that were added to the session */
	int constraints; /* likewise */
	int ether_types, udp_ports_7, udp_ports_9;
	int misuse; /* calls that make no sense */
	int truncation, multiplier;
};

/* A packet as it is to be reported; sizes are not checked here. */
struct fake_packet {
	const void *bytes;
	uint32_t length;
	uint64_t group;
	uint16_t type, component, edge;
	/* Patches for the descriptor. */
	uint32_t add_to_size, add_to_metadata_offset, add_to_packet_offset, add_to_length;
	uint32_t missed;
};

typedef void fake_state_fn(struct fake_state *state);
/* On a thread of the library's own; returns when the callback did. False: no stream is active. */
typedef int fake_emit_fn(const struct fake_packet *packet, int times);
typedef void fake_event_fn(int kind);
/* How many network interfaces are listed, and whether their list is damaged. */
typedef void fake_sources_fn(int count, int damaged);
/* The n-th call of Windows' functions from now on fails. 0: none. */
typedef void fake_fail_fn(int n);

#endif
