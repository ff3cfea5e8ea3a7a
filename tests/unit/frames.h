/* SPDX-License-Identifier: MIT */
/*
 * frames.h - frames built header by header, for tests
 *
 * Headers are written from the outside inwards with the length of what will follow; a test that
 * wants a wrong one patches the bytes.
 */
#ifndef HYPERVIVE_TESTS_FRAMES_H
#define HYPERVIVE_TESTS_FRAMES_H

#include <stdint.h>
#include <string.h>

#include "wake/frame.h"

enum { BYTES_MAX = 70000, MAGIC_BYTES = 102 };

struct bytes {
	size_t length;
	uint8_t at[BYTES_MAX];
};

static const uint8_t TARGET[6] = {0x52, 0x54, 0x00, 0xaa, 0xbb, 0x01};
static const uint8_t SENDER[6] = {0x02, 0x00, 0x5e, 0x10, 0x20, 0x30};

static inline void add(struct bytes *b, const void *source, size_t count)
{
	memcpy(b->at + b->length, source, count);
	b->length += count;
}

static inline void add_fill(struct bytes *b, int value, size_t count)
{
	memset(b->at + b->length, value, count);
	b->length += count;
}

static inline void add8(struct bytes *b, unsigned value)
{
	b->at[b->length++] = (uint8_t)value;
}

static inline void add16(struct bytes *b, unsigned value)
{
	add8(b, value >> 8);
	add8(b, value & 0xff);
}

static inline void set16(struct bytes *b, size_t offset, unsigned value)
{
	b->at[offset] = (uint8_t)(value >> 8);
	b->at[offset + 1] = (uint8_t)value;
}

/* Both addresses; tags and the EtherType follow. */
static inline void add_addresses(struct bytes *b)
{
	b->length = 0;
	add_fill(b, 0xff, 6);
	add(b, SENDER, 6);
}

static inline void add_tag(struct bytes *b, unsigned type, unsigned tag)
{
	add16(b, type);
	add16(b, tag);
}

/* 192.0.2.7 to the broadcast address 192.0.2.255 */
static inline void add_ipv4(struct bytes *b, unsigned protocol, size_t payload_length)
{
	static const uint8_t addresses[8] = {192, 0, 2, 7, 192, 0, 2, 255};

	add8(b, 0x45);
	add8(b, 0);
	add16(b, (unsigned)payload_length + 20);
	add_fill(b, 0, 4); /* identification, flags and fragment offset */
	add8(b, 64);
	add8(b, protocol);
	add16(b, 0xbad0); /* no one may look at the checksum */
	add(b, addresses, sizeof(addresses));
}

/* 2001:db8::7 to ff02::1 */
static inline void add_ipv6(struct bytes *b, unsigned next_header, size_t payload_length)
{
	static const uint8_t source[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 7};
	static const uint8_t target[16] = {0xff, 0x02, [15] = 1};

	add8(b, 0x60);
	add_fill(b, 0, 3);
	add16(b, (unsigned)payload_length);
	add8(b, next_header);
	add8(b, 64);
	add(b, source, sizeof(source));
	add(b, target, sizeof(target));
}

static inline void add_udp(struct bytes *b, unsigned port, size_t payload_length)
{
	add16(b, 40000);
	add16(b, port);
	add16(b, (unsigned)payload_length + 8);
	add16(b, 0xbad1);
}

static inline void add_addresses_16_times(struct bytes *b, const uint8_t mac[6])
{
	for (int i = 0; i < 16; i++)
		add(b, mac, 6);
}

static inline void add_magic(struct bytes *b, const uint8_t mac[6])
{
	add_fill(b, 0xff, 6);
	add_addresses_16_times(b, mac);
}

/* A whole frame: UDP over IPv4, untagged; `extra` bytes are to follow the magic packet. */
static inline void add_usual(struct bytes *b, unsigned port, size_t extra)
{
	add_addresses(b);
	add16(b, 0x0800);
	add_ipv4(b, 17, 8 + MAGIC_BYTES + extra);
	add_udp(b, port, MAGIC_BYTES + extra);
	add_magic(b, TARGET);
}

static inline struct frame as_frame(const struct bytes *b)
{
	return (struct frame){.bytes = b->at,
		.length = b->length,
		.wire_length = b->length,
		.link = FRAME_ETHERNET,
		.interface = "eth0"};
}

#endif
