/* SPDX-License-Identifier: MIT */
/*
 * udp.h - from datagrams of sockets to frames
 *
 * Both give a frame that stands in the buffer, its interface not yet named; false: none of ours.
 */
#ifndef HYPERVIVE_CAPTURE_WINDOWS_UDP_H
#define HYPERVIVE_CAPTURE_WINDOWS_UDP_H

#include "capture/windows/socket_source.h"

/* Looks for the sender's MAC address in the neighbour table; does not ask the network. */
struct udp_neighbours {
	DWORD(WINAPI *find)(MIB_IPNET_ROW2 *row); /* NULL where Windows has no such thing */
};

void udp_neighbours_init(struct udp_neighbours *neighbours);

/* From a UDP socket. */
bool udp_frame(const struct udp_neighbours *neighbours, const struct received *received,
	struct frame *frame);

/* Ports that have a socket of their own; the raw socket hears them as well. */
struct udp_ports {
	bool has_7, has_9;
};

/* From a raw socket. */
bool raw_udp_frame(const struct udp_neighbours *neighbours, const struct udp_ports *others,
	const struct received *received, struct frame *frame);

#endif
