/* SPDX-License-Identifier: MIT */
#include "capture/windows/frame_gate.h"
#include "frames.h"
#include "tap.h"
#include "wake/magic_packet.h"

static struct bytes b;

static bool passes(enum frame_link link)
{
	return frame_gate_passes(b.at, b.length, link);
}

static void test_ether_type(void)
{
	add_addresses(&b);
	add16(&b, 0x0842);
	add_magic(&b, TARGET);
	ok(passes(FRAME_ETHERNET), "EtherType 0x0842");
	add_addresses(&b);
	add_tag(&b, 0x8100, 10);
	add16(&b, 0x0842);
	add_magic(&b, TARGET);
	ok(passes(FRAME_ETHERNET), "behind a VLAN tag");
	add_addresses(&b);
	add_tag(&b, 0x88a8, 10);
	add_tag(&b, 0x8100, 20);
	add16(&b, 0x0842);
	add_fill(&b, 7, 33);
	add_magic(&b, TARGET);
	ok(passes(FRAME_ETHERNET), "behind two, and inside of the payload");
	add_addresses(&b);
	for (unsigned i = 0; i < 3; i++)
		add_tag(&b, 0x8100, 10 + i);
	add16(&b, 0x0842);
	add_magic(&b, TARGET);
	ok(!passes(FRAME_ETHERNET), "not behind three");
	add_addresses(&b);
	add16(&b, 0x0842);
	add_fill(&b, 0, 100);
	ok(!passes(FRAME_ETHERNET), "not without a stream; the broadcast address is none");
	add_addresses(&b);
	add16(&b, 0x0806);
	add_magic(&b, TARGET);
	ok(!passes(FRAME_ETHERNET), "not another EtherType");
}

static void test_udp(void)
{
	static const unsigned anywhere[] = {0, 7, 9};

	for (unsigned i = 0; i < 3; i++) {
		add_addresses(&b);
		add16(&b, 0x0800);
		add_ipv4(&b, 17, 8 + 5 + MAGIC_BYTES);
		add_udp(&b, anywhere[i], 5 + MAGIC_BYTES);
		add_fill(&b, 1, 5);
		add_magic(&b, TARGET);
		ok(passes(FRAME_ETHERNET), "UDP port %u, inside of the payload", anywhere[i]);
		set16(&b, 36, 40009);
		ok(!passes(FRAME_ETHERNET), "not on another port");
	}
	add_usual(&b, 40009, 0);
	ok(passes(FRAME_ETHERNET), "another port, at the start");
	b.at[23] = 6;
	ok(!passes(FRAME_ETHERNET), "not TCP");
	add_usual(&b, 9, 0);
	set16(&b, 20, 0x2000);
	ok(passes(FRAME_ETHERNET), "a first fragment");
	set16(&b, 20, 0x0001);
	ok(!passes(FRAME_ETHERNET), "not a later one");
	add_usual(&b, 9, 0);
	b.at[14] = 0x4f;
	b.length = 40;
	ok(!passes(FRAME_ETHERNET), "a header that is longer than the frame");
	add_usual(&b, 9, 0);
	b.at[14] = 0x44;
	ok(!passes(FRAME_ETHERNET), "a header that is too short for IP");
}

static void test_ipv6(void)
{
	b.length = 0;
	add_ipv6(&b, 17, 8 + MAGIC_BYTES);
	add_udp(&b, 9, MAGIC_BYTES);
	add_magic(&b, TARGET);
	ok(passes(FRAME_IP), "UDP over IPv6 without Ethernet");
	b.length = 0;
	add_ipv6(&b, 60, 16 + MAGIC_BYTES);
	add8(&b, 17);
	add_fill(&b, 0, 7);
	add_udp(&b, 40000, MAGIC_BYTES);
	add_magic(&b, TARGET);
	ok(passes(FRAME_IP), "behind an extension header");
	b.at[6] = 58;
	ok(!passes(FRAME_IP), "not ICMP");
	b.at[0] = 0x50;
	ok(!passes(FRAME_IP), "not IP version 5");
}

/* Each beginning of each kind of frame is survived, and the stream is found wherever it is. */
static void test_bounds(void)
{
	bool found = true, none = true;
	uint8_t bytes[64];

	add_usual(&b, 9, 0);
	for (size_t length = 0; length < b.length; length++) {
		uint8_t copy[256];

		memcpy(copy, b.at, length);
		frame_gate_passes(copy, length, FRAME_ETHERNET);
		frame_gate_passes(copy, length, FRAME_IP);
	}
	ok(!frame_gate_passes(b.at, 0, FRAME_IP) && !frame_gate_passes(b.at, 13, FRAME_ETHERNET),
		"no frame at all");
	for (size_t length = 0; length <= sizeof(bytes); length++) {
		for (size_t at = 0; at + 6 <= length; at++) {
			memset(bytes, 0, sizeof(bytes));
			memset(bytes + at, 0xff, 6);
			found &= frame_gate_has_stream(bytes, length);
			for (size_t hole = at; hole < at + 6; hole++) {
				bytes[hole] = 0xfe;
				none &= !frame_gate_has_stream(bytes, length);
				bytes[hole] = 0xff;
			}
		}
	}
	ok(found, "the stream is found at every place");
	ok(none, "five bytes are none");
}

/* The gate never stops what the parser would tell of. */
static void test_against_parser(void)
{
	uint32_t state = 12345;
	unsigned told = 0, stopped = 0;

	for (unsigned round = 0; round < 200000; round++) {
		struct magic_packet packet;
		struct frame frame;

		switch (round % 3) {
		case 0:
			add_usual(&b, round % 2 ? 9 : 4000, 0);
			break;
		case 1:
			add_addresses(&b);
			add_tag(&b, 0x8100, round);
			add16(&b, 0x0842);
			add_magic(&b, TARGET);
			break;
		default:
			add_addresses(&b);
			add16(&b, 0x86dd);
			add_ipv6(&b, round % 5 ? 17 : 60, 8 + MAGIC_BYTES);
			add_udp(&b, 7, MAGIC_BYTES);
			add_magic(&b, TARGET);
		}
		for (unsigned i = 0; i < 3; i++) {
			state = state * 1664525 + 1013904223;
			b.at[(state >> 8) % b.length] = (uint8_t)(state >> 24);
		}
		b.length -= (state >> 5) % 4 ? 0 : (state >> 9) % b.length;
		frame = as_frame(&b);
		frame.link = round % 7 ? FRAME_ETHERNET : FRAME_IP;
		if (magic_packet_parse(&frame, &packet) == MAGIC_NONE)
			continue;
		told++;
		stopped += !frame_gate_passes(frame.bytes, frame.length, frame.link);
	}
	ok(told > 50000, "the parser told of many frames (%u)", told);
	is_number(stopped, 0, "none of them was stopped");
}

int main(void)
{
	test_ether_type();
	test_udp();
	test_ipv6();
	test_bounds();
	test_against_parser();
	return tap_done();
}
