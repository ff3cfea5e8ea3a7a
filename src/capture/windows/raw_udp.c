/* SPDX-License-Identifier: MIT */
/*
 * raw_udp.c - from datagrams of raw sockets to frames
 *
 * A raw socket for UDP hears the datagrams of all ports (administrators only). Windows hands over
 * the IP header with IPv4, and only what follows the IP header with IPv6 ("TCP/IP Raw Sockets",
 * Microsoft Learn), so the latter's header is made anew from the addresses told beside it.
 */
#include <string.h>

#include "capture/windows/frame_gate.h"
#include "capture/windows/udp.h"

enum { IPV4_SIZE = 20, UDP_SIZE = 8, PROTOCOL_UDP = 17 };

static uint16_t get16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static bool has_socket(const struct udp_ports *others, uint16_t port)
{
	return (port == 7 && others->has_7) || (port == 9 && others->has_9);
}

/*
 * Turns what a raw IPv4 socket gives into a datagram without headers, so that both families go the
 * same way. False when its headers are not those of a whole UDP datagram.
 */
static bool strip_ipv4(struct datagram *datagram)
{
	const uint8_t *ip = datagram->bytes;
	size_t header_size, udp_length;

	if (datagram->length < IPV4_SIZE || ip[0] >> 4 != 4 || ip[9] != PROTOCOL_UDP ||
		(get16(ip + 6) & 0x1fff) != 0)
		return false;
	header_size = (size_t)(ip[0] & 0x0f) * 4;
	if (header_size < IPV4_SIZE || header_size > datagram->length ||
		UDP_SIZE > datagram->length - header_size)
		return false;
	memcpy(datagram->source, ip + 12, 4);
	memcpy(datagram->destination, ip + 16, 4);
	datagram->bytes += header_size;
	datagram->length -= header_size;
	/* The network may have padded the packet. */
	udp_length = get16(datagram->bytes + 4);
	if (udp_length >= UDP_SIZE && udp_length < datagram->length)
		datagram->length = udp_length;
	return true;
}

bool raw_udp_frame(const struct udp_neighbours *neighbours, const struct udp_ports *others,
	const struct received *received, struct frame *frame)
{
	struct received whole = *received;
	struct datagram *datagram = &whole.datagram;

	if (datagram->version == 4 && !strip_ipv4(datagram))
		return false;
	if (datagram->length < UDP_SIZE || has_socket(others, get16(datagram->bytes + 2)))
		return false;
	datagram->has_udp_header = true;
	return udp_frame(neighbours, &whole, frame);
}
