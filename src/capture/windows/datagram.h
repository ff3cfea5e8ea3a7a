/* SPDX-License-Identifier: MIT */
/*
 * datagram.h - a datagram from a socket in the shape of a frame
 *
 * A socket hands over the payload, and tells the addresses apart. The headers are made anew in
 * front of it, so that one parser judges whatever was heard. What a socket does not tell (the
 * identification, the time to live, the checksums) is zero, and is made zero in captured frames
 * too: one datagram that is heard twice then looks the same twice. Pure.
 */
#ifndef HYPERVIVE_CAPTURE_WINDOWS_DATAGRAM_H
#define HYPERVIVE_CAPTURE_WINDOWS_DATAGRAM_H

#include "base/mac.h"
#include "wake/frame.h"

enum {
	DATAGRAM_HEADROOM = 64, /* all headers fit: Ethernet 14, IPv6 40, UDP 8 */
	DATAGRAM_MAX = 65535,   /* the payload of the largest datagram fits */
};

struct datagram {
	int version; /* of IP: 4 or 6 */
	uint8_t source[16], destination[16];
	uint16_t source_port, destination_port;
	/* Where the payload, or for a raw IPv6 socket the UDP header, begins and how long it is. */
	uint8_t *bytes;
	size_t length;
	bool has_udp_header;
};

/*
 * Writes the headers in front of datagram->bytes, where DATAGRAM_HEADROOM bytes must be free;
 * with an Ethernet header when `sender` is given (its destination is zero: nobody asks). Returns
 * the first byte and sets *length. NULL when the datagram is longer than IP can say.
 */
uint8_t *datagram_frame(const struct datagram *datagram, const struct mac *sender, size_t *length);

/* Makes zero in a captured frame what datagram_frame() cannot know. */
void datagram_normalise(uint8_t *bytes, size_t length, enum frame_link link);

#endif
