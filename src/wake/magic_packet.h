/* SPDX-License-Identifier: MIT */
/*
 * magic_packet.h - is this frame a magic packet?
 *
 * Pure and bounded: reads nothing beyond frame->length, allocates nothing, keeps nothing.
 */
#ifndef HYPERVIVE_WAKE_MAGIC_PACKET_H
#define HYPERVIVE_WAKE_MAGIC_PACKET_H

#include "base/mac.h"
#include "wake/frame.h"

enum magic_verdict {
	MAGIC_NONE,      /* something else, of no interest */
	MAGIC_MALFORMED, /* it looks like one and is none: debug event 9009 */
	MAGIC_PACKET,
};

enum { MAGIC_SOURCE_SIZE = 46 }; /* INET6_ADDRSTRLEN; also holds a MAC address */

enum magic_source_kind { SOURCE_MAC, SOURCE_IPV4, SOURCE_IPV6 };

struct magic_packet {
	struct mac target;
	enum magic_source_kind source_kind;
	uint8_t source[16];  /* 6, 4 or 16 bytes by source_kind */
	struct mac sender;   /* the frame's source address; zero when there is no Ethernet header */
	uint16_t vlan;       /* outermost VLAN id, 0: untagged */
	uint16_t inner_vlan; /* the next one, 0: none */
	uint8_t password[6]; /* SecureOn */
	uint8_t password_length; /* 0, 4 or 6 */
	/* The part of the frame that stays the same from adapter to adapter, for telling copies. */
	size_t body_offset, body_length;
	/* Two bytes of it that may differ all the same: a UDP checksum yet to be summed up. 0:
	 * none. */
	size_t checksum_offset;
	const char *problem; /* with MAGIC_MALFORMED: what was wrong; a static text */
};

/*
 * Judges a frame. With MAGIC_MALFORMED the fields up to inner_vlan are filled as far as they
 * were read (source may be all zero) and problem says why. With MAGIC_NONE nothing is filled.
 */
enum magic_verdict magic_packet_parse(const struct frame *frame, struct magic_packet *packet);

/* The sender as events show it: an IP address, or a MAC address for EtherType 0x0842. */
const char *magic_packet_source(const struct magic_packet *packet, char text[MAGIC_SOURCE_SIZE]);

#endif
