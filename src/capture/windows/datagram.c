/* SPDX-License-Identifier: MIT */
#include "capture/windows/datagram.h"

#include <string.h>

#include "capture/windows/frame_gate.h"

enum {
	PROTOCOL_UDP = 17,
	ETHERNET_SIZE = 14,
	IPV4_SIZE = 20,
	IPV6_SIZE = 40,
	UDP_SIZE = 8,
	LENGTH_MAX = 65535,
	FRAGMENT_HIGH_MASK = 0x3f, /* more fragments, and the offset's upper bits */
};

static void set16(uint8_t *bytes, size_t value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

static void write_udp(uint8_t *at, const struct datagram *datagram)
{
	set16(at, datagram->source_port);
	set16(at + 2, datagram->destination_port);
	set16(at + 4, UDP_SIZE + datagram->length);
	set16(at + 6, 0);
}

static void write_ipv4(uint8_t *at, const struct datagram *datagram, size_t carried)
{
	memset(at, 0, IPV4_SIZE);
	at[0] = 0x45;
	set16(at + 2, IPV4_SIZE + carried);
	at[9] = PROTOCOL_UDP;
	memcpy(at + 12, datagram->source, 4);
	memcpy(at + 16, datagram->destination, 4);
}

static void write_ipv6(uint8_t *at, const struct datagram *datagram, size_t carried)
{
	memset(at, 0, IPV6_SIZE);
	at[0] = 0x60;
	set16(at + 4, carried);
	at[6] = PROTOCOL_UDP;
	memcpy(at + 8, datagram->source, 16);
	memcpy(at + 24, datagram->destination, 16);
}

static void write_ethernet(uint8_t *at, const struct mac *sender, int version)
{
	memset(at, 0, ETHERNET_SIZE);
	memcpy(at + 6, sender->bytes, sizeof(sender->bytes));
	set16(at + 12, version == 4 ? FRAME_TYPE_IPV4 : FRAME_TYPE_IPV6);
}

uint8_t *datagram_frame(const struct datagram *datagram, const struct mac *sender, size_t *length)
{
	const size_t ip_size = datagram->version == 4 ? IPV4_SIZE : IPV6_SIZE;
	const size_t udp_size = datagram->has_udp_header ? 0 : UDP_SIZE;
	const size_t counted = datagram->version == 4 ? IPV4_SIZE : 0; /* in the length field */
	size_t carried = udp_size + datagram->length;
	uint8_t *at = datagram->bytes;

	if (datagram->length > LENGTH_MAX - udp_size - counted)
		return NULL;
	if (!datagram->has_udp_header) {
		at -= UDP_SIZE;
		write_udp(at, datagram);
	}
	at -= ip_size;
	if (datagram->version == 4)
		write_ipv4(at, datagram, carried);
	else
		write_ipv6(at, datagram, carried);
	*length = ip_size + carried;
	if (sender) {
		at -= ETHERNET_SIZE;
		write_ethernet(at, sender, datagram->version);
		*length += ETHERNET_SIZE;
	}
	return at;
}

void datagram_normalise(uint8_t *bytes, size_t length, enum frame_link link)
{
	uint16_t type;
	size_t offset;

	if (!frame_gate_locate(bytes, length, link, &type, &offset))
		return;

	uint8_t *ip = bytes + offset;

	if (type == FRAME_TYPE_IPV4 && length - offset >= IPV4_SIZE) {
		ip[1] = 0;         /* type of service */
		ip[4] = ip[5] = 0; /* identification */
		ip[6] &= FRAGMENT_HIGH_MASK;
		ip[8] = 0;           /* time to live */
		ip[10] = ip[11] = 0; /* checksum */
	} else if (type == FRAME_TYPE_IPV6 && length - offset >= IPV6_SIZE) {
		ip[0] &= 0xf0; /* traffic class and flow label */
		ip[1] = ip[2] = ip[3] = 0;
		ip[7] = 0; /* hop limit */
	}
}
