/* SPDX-License-Identifier: MIT */
#include "capture/windows/frame_gate.h"

#include <string.h>

enum {
	STREAM_SIZE = 6,
	ETHERNET_SIZE = 14,
	TAG_SIZE = 4,
	TAGS_MAX = 2,
	TYPE_VLAN = 0x8100,
	TYPE_SERVICE_VLAN = 0x88a8,
	PROTOCOL_UDP = 17,
	IPV4_SIZE = 20,
	IPV6_SIZE = 40,
	UDP_SIZE = 8,
	IPV4_OFFSET_MASK = 0x1fff,
};

static uint16_t get16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

/*
 * Looks at the last byte of each place where the stream could be: the bytes before one that is
 * not 0xFF need no look at all.
 */
bool frame_gate_has_stream(const uint8_t *bytes, size_t length)
{
	for (size_t last = STREAM_SIZE - 1; last < length;) {
		size_t count = 0;

		while (count < STREAM_SIZE && bytes[last - count] == 0xff)
			count++;
		if (count == STREAM_SIZE)
			return true;
		last += STREAM_SIZE - count;
	}
	return false;
}

static bool locate_ip(const uint8_t *bytes, size_t length, uint16_t *type, size_t *offset)
{
	if (length < 1)
		return false;
	*offset = 0;
	*type = bytes[0] >> 4 == 4 ? FRAME_TYPE_IPV4 : FRAME_TYPE_IPV6;
	return bytes[0] >> 4 == 4 || bytes[0] >> 4 == 6;
}

bool frame_gate_locate(
	const uint8_t *bytes, size_t length, enum frame_link link, uint16_t *type, size_t *offset)
{
	size_t at = ETHERNET_SIZE;
	int tags = 0;

	if (link == FRAME_IP)
		return locate_ip(bytes, length, type, offset);
	if (length < ETHERNET_SIZE)
		return false;
	*type = get16(bytes + at - 2);
	while (*type == TYPE_VLAN || *type == TYPE_SERVICE_VLAN) {
		if (tags++ == TAGS_MAX || TAG_SIZE > length - at)
			return false;
		at += TAG_SIZE;
		*type = get16(bytes + at - 2);
	}
	*offset = at;
	return true;
}

/* The UDP header begins at bytes. */
static bool udp_passes(const uint8_t *bytes, size_t length)
{
	uint16_t port;

	if (length < UDP_SIZE + STREAM_SIZE)
		return false;
	port = get16(bytes + 2);
	if (port == 0 || port == 7 || port == 9)
		return frame_gate_has_stream(bytes + UDP_SIZE, length - UDP_SIZE);
	return frame_gate_has_stream(bytes + UDP_SIZE, STREAM_SIZE);
}

static bool ipv4_passes(const uint8_t *bytes, size_t length)
{
	size_t header_size;

	if (length < IPV4_SIZE || bytes[9] != PROTOCOL_UDP ||
		(get16(bytes + 6) & IPV4_OFFSET_MASK) != 0)
		return false;
	header_size = (size_t)(bytes[0] & 0x0f) * 4;
	if (header_size < IPV4_SIZE || header_size > length)
		return false;
	return udp_passes(bytes + header_size, length - header_size);
}

/* Extension headers are rare: behind one the stream may be anywhere, and the parser decides. */
static bool ipv6_passes(const uint8_t *bytes, size_t length)
{
	if (length < IPV6_SIZE)
		return false;
	if (bytes[6] == PROTOCOL_UDP)
		return udp_passes(bytes + IPV6_SIZE, length - IPV6_SIZE);
	switch (bytes[6]) {
	case 0:  /* hop by hop */
	case 43: /* routing */
	case 44: /* fragment */
	case 51: /* authentication */
	case 60: /* destination */
		return frame_gate_has_stream(bytes + IPV6_SIZE, length - IPV6_SIZE);
	default:
		return false;
	}
}

bool frame_gate_passes(const uint8_t *bytes, size_t length, enum frame_link link)
{
	size_t offset;
	uint16_t type;

	if (!frame_gate_locate(bytes, length, link, &type, &offset))
		return false;
	switch (type) {
	case FRAME_TYPE_WAKE_ON_LAN:
		return frame_gate_has_stream(bytes + offset, length - offset);
	case FRAME_TYPE_IPV4:
		return ipv4_passes(bytes + offset, length - offset);
	case FRAME_TYPE_IPV6:
		return ipv6_passes(bytes + offset, length - offset);
	default:
		return false;
	}
}
