/* SPDX-License-Identifier: MIT */
/*
 * magic_packet.c - is this frame a magic packet?
 *
 * Theory of operation
 *
 * A magic packet holds the synchronisation stream (six bytes 0xFF) and, right behind it, the MAC
 * address of the machine sixteen times (AMD, "Magic Packet Technology", 20213, section 2). A
 * SecureOn password of 4 or 6 bytes may follow. What carries it differs, and with it the place
 * where we look:
 *
 *   EtherType 0x0842                 anywhere in the frame's payload
 *   UDP to port 0, 7 or 9            anywhere in the datagram
 *   UDP to any other port            only at the very start of the datagram
 *
 * A frame is taken apart from the outside: VLAN tags, IPv4 or IPv6 with its extension headers,
 * UDP. Anything unexpected on that road is "no magic packet". A length field that contradicts the
 * bytes at hand is different: it does not end the road, for a cut magic packet is worth telling.
 * The search then goes over all that is there, and finds MAGIC_MALFORMED at best. Checksums are
 * never looked at: a packet that the sender's adapter has yet to sum up must wake as well.
 *
 * The search is linear whatever the payload. Only the last six bytes of a run of 0xFF can be the
 * stream of a good packet: behind any earlier six stands a 0xFF, and an address that begins with
 * 0xFF is a group address. And comparing an address with its repetitions ends at once unless
 * the bytes repeat every six, in which case there is no second stream among them.
 */
#include "wake/magic_packet.h"

#include <stdio.h>
#include <string.h>

enum {
	STREAM_SIZE = 6,
	REPETITIONS = 16,
	MAC_SIZE = 6,
	ADDRESSES_SIZE = REPETITIONS * MAC_SIZE,
	MAGIC_SIZE = STREAM_SIZE + ADDRESSES_SIZE,
};

enum {
	TYPE_IPV4 = 0x0800,
	TYPE_WAKE_ON_LAN = 0x0842,
	TYPE_VLAN = 0x8100,         /* IEEE 802.1Q */
	TYPE_SERVICE_VLAN = 0x88a8, /* IEEE 802.1ad */
	TYPE_IPV6 = 0x86dd,
	ETHERNET_SIZE = 14,
	TAG_SIZE = 4,
	TAGS_MAX = 2,
	VLAN_ID_MASK = 0x0fff,
};

enum {
	PROTOCOL_HOP_BY_HOP = 0,
	PROTOCOL_UDP = 17,
	PROTOCOL_ROUTING = 43,
	PROTOCOL_FRAGMENT = 44,
	PROTOCOL_AUTHENTICATION = 51,
	PROTOCOL_DESTINATION = 60,
	IPV4_SIZE = 20, /* without options */
	IPV6_SIZE = 40,
	UDP_SIZE = 8,
	EXTENSIONS_MAX = 8,
	IPV4_OFFSET_MASK = 0x1fff, /* RFC 791, 3.1 */
	IPV6_OFFSET_MASK = 0xfff8, /* RFC 8200, 4.5 */
};

static const char CUT_SHORT[] = "the datagram is cut short";
static const char CONTRADICTION[] = "the lengths of its headers contradict each other";
static const char NOT_REPEATED[] = "the address is not repeated 16 times";
static const char ENDS_EARLY[] = "it ends before the address is repeated 16 times";
static const char GROUP_ADDRESS[] = "the address is a group address";

/* What is searched. */
struct payload {
	const uint8_t *bytes;
	size_t length;
	const char *problem; /* why it can be no good packet, or NULL */
};

static bool has(const struct frame *frame, size_t offset, size_t count)
{
	return offset <= frame->length && count <= frame->length - offset;
}

static uint16_t get16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

/* The sixteen addresses behind the stream at `at` are there and all the same. */
static bool repeats(const struct payload *payload, size_t at)
{
	if (MAGIC_SIZE > payload->length - at)
		return false;

	const uint8_t *address = payload->bytes + at + STREAM_SIZE;

	return memcmp(address, address + MAC_SIZE, ADDRESSES_SIZE - MAC_SIZE) == 0;
}

/* The next run of six or more 0xFF that begins at *end or behind it. */
static bool next_run(const struct payload *payload, size_t *start, size_t *end)
{
	while (*end < payload->length) {
		const uint8_t *first = memchr(payload->bytes + *end, 0xff, payload->length - *end);

		if (!first)
			return false;
		*start = *end = (size_t)(first - payload->bytes);
		while (*end < payload->length && payload->bytes[*end] == 0xff)
			++*end;
		if (*end - *start >= STREAM_SIZE)
			return true;
	}
	return false;
}

/* A password is told from trailing bytes by its length alone (there is no other mark). */
static enum magic_verdict accept(
	struct magic_packet *packet, const struct payload *payload, size_t at)
{
	const uint8_t *rest = payload->bytes + at + MAGIC_SIZE;
	size_t rest_length = payload->length - at - MAGIC_SIZE;

	memcpy(packet->target.bytes, payload->bytes + at + STREAM_SIZE, MAC_SIZE);
	if (rest_length == 4 || rest_length == 6) {
		memcpy(packet->password, rest, rest_length);
		packet->password_length = (uint8_t)rest_length;
	}
	packet->problem = NULL;
	return MAGIC_PACKET;
}

static enum magic_verdict refuse(struct magic_packet *packet, const char *problem)
{
	packet->problem = problem;
	return MAGIC_MALFORMED;
}

/* Notes what is wrong with the stream at `at`; the first one found is told. */
static void note_problem(struct magic_packet *packet, const struct payload *payload, size_t at)
{
	if (packet->problem)
		return;
	if (payload->length - at - STREAM_SIZE >= MAC_SIZE)
		memcpy(packet->target.bytes, payload->bytes + at + STREAM_SIZE, MAC_SIZE);
	if (repeats(payload, at))
		packet->problem = GROUP_ADDRESS;
	else if (payload->length - at < MAGIC_SIZE)
		packet->problem = ENDS_EARLY;
	else
		packet->problem = NOT_REPEATED;
}

static bool good_stream(const struct payload *payload, size_t at)
{
	return repeats(payload, at) && !(payload->bytes[at + STREAM_SIZE] & 1);
}

static enum magic_verdict search_start(struct magic_packet *packet, const struct payload *payload)
{
	static const uint8_t stream[STREAM_SIZE] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	if (payload->length < STREAM_SIZE || memcmp(payload->bytes, stream, STREAM_SIZE) != 0)
		return MAGIC_NONE;
	if (payload->problem)
		return refuse(packet, payload->problem);
	if (good_stream(payload, 0))
		return accept(packet, payload, 0);
	note_problem(packet, payload, 0);
	return MAGIC_MALFORMED;
}

static enum magic_verdict search_anywhere(
	struct magic_packet *packet, const struct payload *payload)
{
	size_t start, end = 0;

	while (next_run(payload, &start, &end)) {
		if (payload->problem)
			return refuse(packet, payload->problem);
		if (good_stream(payload, end - STREAM_SIZE))
			return accept(packet, payload, end - STREAM_SIZE);
		/* From the run's start on it may be a group address that begins with 0xff. */
		note_problem(packet, payload, repeats(payload, start) ? start : end - STREAM_SIZE);
	}
	return packet->problem ? MAGIC_MALFORMED : MAGIC_NONE;
}

static bool searched_throughout(uint16_t port)
{
	return port == 0 || port == 7 || port == 9;
}

/*
 * The UDP header at `udp`; the IP header at body_offset says that its packet ends at `end`,
 * which may be untrue.
 */
static enum magic_verdict judge_udp(
	const struct frame *frame, struct magic_packet *packet, size_t udp, size_t end)
{
	struct payload payload = {.problem = NULL};
	size_t udp_length;

	if (!has(frame, udp, UDP_SIZE))
		return MAGIC_NONE;
	if (end > frame->length) {
		payload.problem = CUT_SHORT;
		end = frame->length;
	} else if (end < udp + UDP_SIZE) {
		payload.problem = CONTRADICTION;
		end = frame->length;
	}
	udp_length = get16(frame->bytes + udp + 4);
	if (udp_length > end - udp) {
		payload.problem = CUT_SHORT;
		udp_length = end - udp;
	} else if (udp_length < UDP_SIZE) {
		payload.problem = CONTRADICTION;
		udp_length = end - udp;
	}
	payload.bytes = frame->bytes + udp + UDP_SIZE;
	payload.length = udp_length - UDP_SIZE;
	packet->body_length = end - packet->body_offset;
	packet->checksum_offset = udp + 6;
	return searched_throughout(get16(frame->bytes + udp + 2))
		       ? search_anywhere(packet, &payload)
		       : search_start(packet, &payload);
}

static enum magic_verdict judge_ipv4(
	const struct frame *frame, struct magic_packet *packet, size_t ip)
{
	const uint8_t *header = frame->bytes + ip;
	size_t header_size;

	if (!has(frame, ip, IPV4_SIZE) || header[0] >> 4 != 4)
		return MAGIC_NONE;
	header_size = (size_t)(header[0] & 0x0f) * 4;
	if (header_size < IPV4_SIZE || header[9] != PROTOCOL_UDP)
		return MAGIC_NONE;
	/* The rest of a datagram has no ports, so no one can say what it is. */
	if (get16(header + 6) & IPV4_OFFSET_MASK)
		return MAGIC_NONE;
	packet->source_kind = SOURCE_IPV4;
	memcpy(packet->source, header + 12, 4);
	packet->body_offset = ip;
	return judge_udp(frame, packet, ip + header_size, ip + get16(header + 2));
}

/*
 * Goes past one extension header (RFC 8200, 4; RFC 4302, 2.2 for the authentication header).
 * False when it is none that we know, is cut, or says that this is a later fragment.
 */
static bool skip_extension(const struct frame *frame, uint8_t *next, size_t *offset)
{
	const uint8_t *header = frame->bytes + *offset;
	size_t size;

	if (!has(frame, *offset, 8))
		return false;
	switch (*next) {
	case PROTOCOL_HOP_BY_HOP:
	case PROTOCOL_ROUTING:
	case PROTOCOL_DESTINATION:
		size = ((size_t)header[1] + 1) * 8;
		break;
	case PROTOCOL_AUTHENTICATION:
		size = ((size_t)header[1] + 2) * 4;
		break;
	case PROTOCOL_FRAGMENT:
		if (get16(header + 2) & IPV6_OFFSET_MASK)
			return false;
		size = 8;
		break;
	default:
		return false;
	}
	if (!has(frame, *offset, size))
		return false;
	*next = header[0];
	*offset += size;
	return true;
}

static enum magic_verdict judge_ipv6(
	const struct frame *frame, struct magic_packet *packet, size_t ip)
{
	const uint8_t *header = frame->bytes + ip;
	size_t offset = ip + IPV6_SIZE;
	uint8_t next;

	if (!has(frame, ip, IPV6_SIZE) || header[0] >> 4 != 6)
		return MAGIC_NONE;
	next = header[6];
	for (int extensions = 0; next != PROTOCOL_UDP; extensions++) {
		if (extensions == EXTENSIONS_MAX || !skip_extension(frame, &next, &offset))
			return MAGIC_NONE;
	}
	packet->source_kind = SOURCE_IPV6;
	memcpy(packet->source, header + 8, 16);
	packet->body_offset = ip;
	return judge_udp(frame, packet, offset, ip + IPV6_SIZE + get16(header + 4));
}

static enum magic_verdict judge_wake_on_lan(
	const struct frame *frame, struct magic_packet *packet, size_t offset)
{
	struct payload payload = {
		.bytes = frame->bytes + offset,
		.length = frame->length - offset,
	};

	packet->source_kind = SOURCE_MAC;
	memcpy(packet->source, packet->sender.bytes, MAC_SIZE);
	packet->body_offset = offset;
	packet->body_length = payload.length;
	return search_anywhere(packet, &payload);
}

/* The zero id marks a frame that has a priority and belongs to no VLAN (IEEE 802.1Q, 9.6). */
static void note_vlan(struct magic_packet *packet, uint16_t tag)
{
	uint16_t id = tag & VLAN_ID_MASK;

	if (packet->vlan == 0)
		packet->vlan = id;
	else if (packet->inner_vlan == 0)
		packet->inner_vlan = id;
}

static enum magic_verdict judge_ethernet(const struct frame *frame, struct magic_packet *packet)
{
	size_t offset = ETHERNET_SIZE;
	int tags = 0;
	uint16_t type;

	if (!has(frame, 0, ETHERNET_SIZE))
		return MAGIC_NONE;
	memcpy(packet->sender.bytes, frame->bytes + MAC_SIZE, MAC_SIZE);
	if (frame->has_tag) {
		note_vlan(packet, frame->tag);
		tags++;
	}
	type = get16(frame->bytes + offset - 2);
	while (type == TYPE_VLAN || type == TYPE_SERVICE_VLAN) {
		if (tags++ == TAGS_MAX || !has(frame, offset, TAG_SIZE))
			return MAGIC_NONE;
		note_vlan(packet, get16(frame->bytes + offset));
		offset += TAG_SIZE;
		type = get16(frame->bytes + offset - 2);
	}
	switch (type) {
	case TYPE_WAKE_ON_LAN:
		return judge_wake_on_lan(frame, packet, offset);
	case TYPE_IPV4:
		return judge_ipv4(frame, packet, offset);
	case TYPE_IPV6:
		return judge_ipv6(frame, packet, offset);
	default:
		return MAGIC_NONE;
	}
}

static enum magic_verdict judge_ip(const struct frame *frame, struct magic_packet *packet)
{
	if (!has(frame, 0, 1))
		return MAGIC_NONE;
	return frame->bytes[0] >> 4 == 4 ? judge_ipv4(frame, packet, 0)
					 : judge_ipv6(frame, packet, 0);
}

enum magic_verdict magic_packet_parse(const struct frame *frame, struct magic_packet *packet)
{
	struct magic_packet found = {.problem = NULL};
	enum magic_verdict verdict = frame->link == FRAME_ETHERNET ? judge_ethernet(frame, &found)
								   : judge_ip(frame, &found);

	if (verdict != MAGIC_NONE)
		*packet = found;
	return verdict;
}

/* The longest run of two or more zero groups, which is written as "::" (RFC 5952, 4.2). */
static int longest_zero_run(const uint16_t groups[8], int *length)
{
	int best = -1;

	*length = 1;
	for (int start = 0; start < 8; start++) {
		int end = start;

		while (end < 8 && groups[end] == 0)
			end++;
		if (end - start > *length) {
			best = start;
			*length = end - start;
		}
	}
	return best;
}

static void format_ipv6(const uint8_t address[16], char text[MAGIC_SOURCE_SIZE])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	uint16_t groups[8];
	int gap, gap_length, used = 0;

	if (memcmp(address, mapped, sizeof(mapped)) == 0) {
		snprintf(text, MAGIC_SOURCE_SIZE, "::ffff:%d.%d.%d.%d", address[12], address[13],
			address[14], address[15]);
		return;
	}
	for (size_t i = 0; i < 8; i++)
		groups[i] = get16(address + i * 2);
	gap = longest_zero_run(groups, &gap_length);
	for (int i = 0; i < 8;) {
		bool behind_gap = i == gap + gap_length;
		size_t room = MAGIC_SOURCE_SIZE - (size_t)used;

		if (i == gap) {
			used += snprintf(text + used, room, "::");
			i += gap_length;
			continue;
		}
		used += snprintf(
			text + used, room, "%s%x", behind_gap || i == 0 ? "" : ":", groups[i]);
		i++;
	}
}

const char *magic_packet_source(const struct magic_packet *packet, char text[MAGIC_SOURCE_SIZE])
{
	struct mac mac;

	switch (packet->source_kind) {
	case SOURCE_IPV4:
		snprintf(text, MAGIC_SOURCE_SIZE, "%d.%d.%d.%d", packet->source[0],
			packet->source[1], packet->source[2], packet->source[3]);
		break;
	case SOURCE_IPV6:
		format_ipv6(packet->source, text);
		break;
	case SOURCE_MAC:
		memcpy(mac.bytes, packet->source, sizeof(mac.bytes));
		mac_format(&mac, text);
		break;
	}
	return text;
}
