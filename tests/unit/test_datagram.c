/* SPDX-License-Identifier: MIT */
#include "capture/windows/datagram.h"
#include "frames.h"
#include "tap.h"
#include "wake/magic_packet.h"

static struct bytes b;
static uint8_t buffer[DATAGRAM_HEADROOM + DATAGRAM_MAX];

static struct datagram over4(size_t length)
{
	return (struct datagram){.version = 4,
		.source = {192, 0, 2, 7},
		.destination = {192, 0, 2, 255},
		.source_port = 40000,
		.destination_port = 9,
		.bytes = buffer + DATAGRAM_HEADROOM,
		.length = length};
}

static struct datagram over6(size_t length)
{
	return (struct datagram){.version = 6,
		.source = {0x20, 0x01, 0x0d, 0xb8, [15] = 7},
		.destination = {0xff, 0x02, [15] = 1},
		.source_port = 40000,
		.destination_port = 9,
		.bytes = buffer + DATAGRAM_HEADROOM,
		.length = length};
}

static void fill_magic(void)
{
	b.length = 0;
	add_magic(&b, TARGET);
	memcpy(buffer + DATAGRAM_HEADROOM, b.at, b.length);
}

static enum magic_verdict parse(
	const struct datagram *datagram, const struct mac *sender, struct magic_packet *packet)
{
	struct frame frame = {.link = sender ? FRAME_ETHERNET : FRAME_IP};

	frame.bytes = datagram_frame(datagram, sender, &frame.length);
	frame.wire_length = frame.length;
	return frame.bytes ? magic_packet_parse(&frame, packet) : MAGIC_NONE;
}

static void test_frames(void)
{
	static const struct mac sender = {{2, 0, 0x5e, 0x10, 0x20, 0x30}};
	struct datagram datagram = over4(MAGIC_BYTES);
	struct magic_packet packet;
	char text[MAGIC_SOURCE_SIZE];

	fill_magic();
	is_number(parse(&datagram, NULL, &packet), MAGIC_PACKET, "IPv4 is a magic packet");
	is_text(magic_packet_source(&packet, text), "192.0.2.7", "from its sender");
	ok(memcmp(packet.target.bytes, TARGET, 6) == 0, "for its target");
	ok(mac_is_zero(&packet.sender), "without a MAC address of the sender");
	is_number(parse(&datagram, &sender, &packet), MAGIC_PACKET, "with an Ethernet header too");
	ok(mac_equal(&packet.sender, &sender), "then with the address");
	datagram = over6(MAGIC_BYTES);
	is_number(parse(&datagram, NULL, &packet), MAGIC_PACKET, "IPv6");
	is_text(magic_packet_source(&packet, text), "2001:db8::7", "from its sender");
	is_number(parse(&datagram, &sender, &packet), MAGIC_PACKET, "with an Ethernet header");
	ok(mac_equal(&packet.sender, &sender), "and the address");
	datagram = over4(MAGIC_BYTES - 1);
	is_number(parse(&datagram, NULL, &packet), MAGIC_MALFORMED, "one byte less is malformed");
	datagram = over4(0);
	is_number(parse(&datagram, NULL, &packet), MAGIC_NONE, "an empty datagram is none");
}

static void test_lengths(void)
{
	struct datagram datagram = over4(65507);
	size_t length = 0;

	ok(datagram_frame(&datagram, NULL, &length) != NULL, "the largest datagram over IPv4");
	is_number(length, 65535, "is as long as IP can say");
	datagram.length++;
	ok(!datagram_frame(&datagram, NULL, &length), "a longer one is none");
	datagram = over6(65527);
	ok(datagram_frame(&datagram, NULL, &length) != NULL, "the largest over IPv6");
	is_number(length, 65575, "is longer by a header");
	datagram.length++;
	ok(!datagram_frame(&datagram, NULL, &length), "a longer one is none");
	datagram = over6(65535);
	datagram.has_udp_header = true;
	ok(datagram_frame(&datagram, NULL, &length) != NULL, "with a UDP header of its own");
}

/* A captured frame and the same datagram from a socket have the same body but for the checksum. */
static void compare(struct datagram *datagram, const char *what)
{
	struct frame heard = as_frame(&b), made = {.link = FRAME_IP};
	struct magic_packet first, second;

	made.bytes = datagram_frame(datagram, NULL, &made.length);
	datagram_normalise(b.at, b.length, FRAME_ETHERNET);
	is_number(magic_packet_parse(&heard, &first), MAGIC_PACKET, "%s, heard", what);
	is_number(magic_packet_parse(&made, &second), MAGIC_PACKET, "%s, made", what);
	is_number(first.body_length, second.body_length, "as long as each other");
	memset(b.at + first.checksum_offset, 0, 2);
	ok(memcmp(heard.bytes + first.body_offset, made.bytes + second.body_offset,
		   first.body_length) == 0,
		"and the same");
}

static void test_copies(void)
{
	struct datagram datagram = over4(MAGIC_BYTES);

	fill_magic();
	add_usual(&b, 9, 0);
	set16(&b, 18, 0x1234); /* identification */
	set16(&b, 20, 0x4000); /* do not fragment */
	b.at[15] = 0xb8;
	compare(&datagram, "IPv4");
	add_addresses(&b);
	add_tag(&b, 0x8100, 5);
	add16(&b, 0x86dd);
	add_ipv6(&b, 17, 8 + MAGIC_BYTES);
	b.at[18] = 0x6b;
	b.at[20] = 0x77;
	add_udp(&b, 9, MAGIC_BYTES);
	add_magic(&b, TARGET);
	datagram = over6(MAGIC_BYTES);
	compare(&datagram, "IPv6 with a tag");
}

static void test_normalise(void)
{
	static uint8_t before[256];
	bool same = true;

	add_usual(&b, 9, 0);
	set16(&b, 20, 0xffff);
	datagram_normalise(b.at, b.length, FRAME_ETHERNET);
	is_number(b.at[20] << 8 | b.at[21], 0x3fff, "fragments stay fragments");
	add_addresses(&b);
	add16(&b, 0x0842);
	add_magic(&b, TARGET);
	memcpy(before, b.at, b.length);
	datagram_normalise(b.at, b.length, FRAME_ETHERNET);
	ok(memcmp(before, b.at, b.length) == 0, "EtherType 0x0842 is left as it is");
	for (size_t length = 0; length < 14 + 20; length++) {
		uint8_t copy[64];

		add_usual(&b, 9, 0);
		memcpy(copy, b.at, length);
		datagram_normalise(copy, length, FRAME_ETHERNET);
		same &= memcmp(copy, b.at, length) == 0;
	}
	ok(same, "a frame that is cut within its IP header is left as it is");
}

int main(void)
{
	test_frames();
	test_lengths();
	test_copies();
	test_normalise();
	return tap_done();
}
