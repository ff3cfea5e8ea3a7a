/* SPDX-License-Identifier: MIT */
#include "wake/magic_packet.h"

#include <stdlib.h>

#include "frames.h"
#include "tap.h"

static struct bytes b;
static struct magic_packet packet;

static enum magic_verdict parse_frame(const struct frame *frame)
{
	/* A copy of exactly that size, so that the sanitizer sees a read behind it. */
	uint8_t *copy = malloc(frame->length ? frame->length : 1);
	struct frame exact = *frame;
	enum magic_verdict verdict;

	memcpy(copy, frame->bytes, frame->length);
	exact.bytes = copy;
	memset(&packet, 0, sizeof(packet));
	verdict = magic_packet_parse(&exact, &packet);
	free(copy);
	return verdict;
}

static enum magic_verdict parse(void)
{
	struct frame frame = as_frame(&b);

	return parse_frame(&frame);
}

static bool woke(const uint8_t mac[6])
{
	return parse() == MAGIC_PACKET && memcmp(packet.target.bytes, mac, 6) == 0;
}

static void is_malformed(const char *problem, const char *what)
{
	is_number(parse(), MAGIC_MALFORMED, "%s: malformed", what);
	is_text(packet.problem, problem, "%s: says why", what);
}

static void is_none(const char *what)
{
	is_number(parse(), MAGIC_NONE, "%s: no magic packet", what);
}

static const char CUT_SHORT[] = "the datagram is cut short";
static const char CONTRADICTION[] = "the lengths of its headers contradict each other";
static const char NOT_REPEATED[] = "the address is not repeated 16 times";
static const char ENDS_EARLY[] = "it ends before the address is repeated 16 times";
static const char GROUP_ADDRESS[] = "the address is a group address";

enum { IP = 14, UDP = IP + 20, PAYLOAD = UDP + 8 };

static void test_udp(void)
{
	char source[MAGIC_SOURCE_SIZE];

	add_usual(&b, 9, 0);
	ok(woke(TARGET), "UDP over IPv4 to port 9");
	is_text(magic_packet_source(&packet, source), "192.0.2.7", "its source is the IP address");
	ok(memcmp(packet.sender.bytes, SENDER, 6) == 0, "its sender is the frame's");
	is_number(packet.vlan, 0, "untagged");
	is_number(packet.password_length, 0, "no password");
	is_number(packet.body_offset, IP, "the body begins with the IP header");
	is_number(packet.body_length, 20 + 8 + 102, "and ends with the datagram");
	ok(packet.problem == NULL, "no problem");

	memcpy(b.at, TARGET, 6);
	ok(woke(TARGET), "a frame to the machine's own address counts");

	for (unsigned i = 0; i < 3; i++) {
		static const unsigned ports[] = {0, 7, 9};

		add_addresses(&b);
		add16(&b, 0x0800);
		add_ipv4(&b, 17, 8 + 33 + 102 + 2);
		add_udp(&b, ports[i], 33 + 102 + 2);
		add_fill(&b, 0x11, 33);
		add_magic(&b, TARGET);
		add_fill(&b, 0x22, 2);
		ok(woke(TARGET), "port %u: anywhere in the payload", ports[i]);
		set16(&b, UDP + 2, 8);
		is_none("the same to port 8");
	}
	for (unsigned port = 1; port < 65536; port += port < 16 ? 1 : 7919) {
		add_usual(&b, port, 3);
		add_fill(&b, 0, 3);
		ok(woke(TARGET), "port %u: at the start of the payload", port);
	}
	add_usual(&b, 40009, 0);
	b.at[PAYLOAD] = 0xfe;
	is_none("any port, a stream that is one byte short");
}

static void test_ipv4(void)
{
	add_addresses(&b);
	add16(&b, 0x0800);
	add_ipv4(&b, 17, 4 + 8 + 102);
	b.at[IP] = 0x46;
	add_fill(&b, 1, 4);
	add_udp(&b, 9, 102);
	add_magic(&b, TARGET);
	ok(woke(TARGET), "a header with options");
	b.at[IP] = 0x4f;
	is_number(parse(), MAGIC_NONE, "options that run over the UDP header");

	/* Four bytes of the usual frame cut out, so that all the rest would fit. */
	add_usual(&b, 9, 0);
	b.at[IP] = 0x44;
	set16(&b, IP + 2, 16 + 8 + 102);
	memmove(b.at + IP + 16, b.at + IP + 20, b.length - IP - 20);
	b.length -= 4;
	is_none("a header of 16 bytes");

	add_usual(&b, 9, 0);
	b.at[IP] = 0x65;
	is_none("version 6 in an IPv4 frame");
	b.at[IP] = 0x45;
	b.at[IP + 9] = 6;
	is_none("TCP");
	b.at[IP + 9] = 17;
	set16(&b, IP + 6, 0x4000);
	ok(woke(TARGET), "\"do not fragment\" is no fragment");
	for (unsigned offset = 1; offset < 0x2000; offset <<= 1) {
		set16(&b, IP + 6, offset);
		is_none("a later fragment");
	}
	set16(&b, IP + 6, 0x2000);
	ok(woke(TARGET), "a first fragment that holds the whole datagram");
	set16(&b, UDP + 4, 8 + 102 + 50);
	is_malformed(CUT_SHORT, "a first fragment that ends before its datagram");

	add_usual(&b, 9, 0);
	add_fill(&b, 0xff, 18);
	ok(woke(TARGET), "bytes behind the IP packet are padding");
	is_number(packet.password_length, 0, "which is no password");
	is_number(packet.body_length, 130, "nor in the body");
	set16(&b, IP + 2, 28);
	set16(&b, UDP + 4, 8);
	is_none("a stream in the padding only");
}

static void test_lengths(void)
{
	add_usual(&b, 9, 0);
	set16(&b, IP + 2, 131);
	is_malformed(CUT_SHORT, "an IP length one byte behind the frame");
	is_number(packet.body_length, 130, "the body ends with the frame");
	is_number(packet.source[0], 192, "the source is told");
	set16(&b, IP + 2, 65535);
	is_malformed(CUT_SHORT, "an IP length far behind the frame");
	b.at[PAYLOAD + 2] = 0;
	is_none("the same without a stream");

	add_usual(&b, 4000, 0);
	set16(&b, IP + 2, 131);
	is_malformed(CUT_SHORT, "any port, a wrong IP length");
	b.at[PAYLOAD + 5] = 0;
	is_none("any port, a wrong IP length, no stream");

	add_usual(&b, 9, 0);
	for (unsigned total = 0; total < 28; total++) {
		set16(&b, IP + 2, total);
		is_malformed(CONTRADICTION, "an IP length that ends within the headers");
	}
	set16(&b, IP + 2, 129);
	is_malformed(CUT_SHORT, "a UDP length one byte behind the IP packet");

	add_usual(&b, 9, 0);
	set16(&b, UDP + 4, 111);
	is_malformed(CUT_SHORT, "a UDP length one byte behind the frame");
	set16(&b, UDP + 4, 109);
	is_malformed(ENDS_EARLY, "a UDP length one byte too short for the addresses");
	set16(&b, UDP + 4, 13);
	is_none("a UDP length that ends within the stream");
	for (unsigned length = 0; length < 8; length++) {
		set16(&b, UDP + 4, length);
		is_malformed(CONTRADICTION, "a UDP length below 8");
	}
	b.at[PAYLOAD] = 0;
	is_none("a UDP length below 8 without a stream");
}

/* Every length from nothing to the whole frame. */
static void test_truncation(void)
{
	struct frame frame;
	int wrong = 0;

	add_usual(&b, 9, 0);
	for (size_t length = 0; length < b.length; length++) {
		enum magic_verdict want = length < PAYLOAD + 6 ? MAGIC_NONE : MAGIC_MALFORMED;

		frame = as_frame(&b);
		frame.length = frame.wire_length = length;
		wrong += parse_frame(&frame) != want;
		frame.wire_length = b.length; /* cut by the capture, not by the sender */
		wrong += parse_frame(&frame) != want;
		frame.link = FRAME_IP;
		wrong += parse_frame(&frame) != MAGIC_NONE; /* 0xff is no IP version */
	}
	is_number(wrong, 0, "a frame that ends too early never wakes");

	wrong = 0;
	add_addresses(&b);
	add16(&b, 0x0842);
	add_magic(&b, TARGET);
	for (size_t length = 0; length < b.length; length++) {
		frame = as_frame(&b);
		frame.length = length;
		wrong += parse_frame(&frame) != (length < IP + 6 ? MAGIC_NONE : MAGIC_MALFORMED);
	}
	is_number(wrong, 0, "nor does one of EtherType 0x0842");
}

static void test_ethertype(void)
{
	char source[MAGIC_SOURCE_SIZE];

	add_addresses(&b);
	add16(&b, 0x0842);
	add_magic(&b, TARGET);
	ok(woke(TARGET), "EtherType 0x0842");
	is_text(magic_packet_source(&packet, source), "02:00:5e:10:20:30", "its source is a MAC");
	is_number(packet.body_offset, 14, "the body is the payload");
	is_number(packet.body_length, 102, "all of it");
	is_number(packet.source_kind, SOURCE_MAC, "kind of source");

	add_addresses(&b);
	add16(&b, 0x0842);
	add_fill(&b, 0, 61);
	add_magic(&b, TARGET);
	add_fill(&b, 0, 7);
	ok(woke(TARGET), "anywhere in the payload");
	is_number(packet.password_length, 0, "7 more bytes are no password");
	set16(&b, 12, 0x0843);
	is_none("EtherType 0x0843");
	set16(&b, 12, 102);
	is_none("an IEEE 802.3 length");
}

static void test_tags(void)
{
	struct frame frame;

	add_addresses(&b);
	add_tag(&b, 0x8100, 0x600a);
	add16(&b, 0x0842);
	add_magic(&b, TARGET);
	ok(woke(TARGET), "one tag in the bytes");
	is_number(packet.vlan, 10, "its VLAN without the priority");
	is_number(packet.inner_vlan, 0, "no inner VLAN");
	is_number(packet.body_offset, 18, "the body begins behind the tag");

	frame = as_frame(&b);
	frame.has_tag = true;
	frame.tag = 0x1000 | 200;
	is_number(parse_frame(&frame), MAGIC_PACKET, "one taken out, one in the bytes");
	is_number(packet.vlan, 200, "the one taken out is the outer one");
	is_number(packet.inner_vlan, 10, "the other the inner one");
	frame.tag = 0xe000;
	is_number(parse_frame(&frame), MAGIC_PACKET, "a priority tag and a VLAN tag");
	is_number(packet.vlan, 10, "a priority tag is no VLAN");
	is_number(packet.inner_vlan, 0, "and leaves no gap");

	add_addresses(&b);
	add_tag(&b, 0x88a8, 100);
	add_tag(&b, 0x8100, 4094);
	add16(&b, 0x86dd);
	add_ipv6(&b, 17, 110);
	add_udp(&b, 9, 102);
	add_magic(&b, TARGET);
	ok(woke(TARGET), "QinQ");
	is_number(packet.vlan, 100, "outer VLAN");
	is_number(packet.inner_vlan, 4094, "inner VLAN");
	frame = as_frame(&b);
	frame.has_tag = true;
	is_number(parse_frame(&frame), MAGIC_NONE, "three tags, the outermost taken out");

	add_addresses(&b);
	for (int i = 0; i < 3; i++)
		add_tag(&b, 0x8100, 0);
	add16(&b, 0x0842);
	add_magic(&b, TARGET);
	is_none("three tags");

	add_addresses(&b);
	add_tag(&b, 0x8100, 0xe000);
	add16(&b, 0x0842);
	add_magic(&b, TARGET);
	ok(woke(TARGET), "a priority tag alone");
	is_number(packet.vlan, 0, "is untagged");
	b.length = 17;
	is_none("a frame that ends within its tag");
	b.length = 14;
	is_none("a frame that ends before its tag");
}

static void test_ipv6(void)
{
	char source[MAGIC_SOURCE_SIZE];

	add_addresses(&b);
	add16(&b, 0x86dd);
	add_ipv6(&b, 17, 110);
	add_udp(&b, 1234, 102);
	add_magic(&b, TARGET);
	ok(woke(TARGET), "UDP over IPv6");
	is_text(magic_packet_source(&packet, source), "2001:db8::7", "its source");
	is_number(packet.body_length, 150, "its body");
	b.at[IP] = 0x45;
	is_none("version 4 in an IPv6 frame");
	b.at[IP] = 0x60;
	set16(&b, IP + 4, 0);
	is_malformed(CONTRADICTION, "a payload length of zero");
	set16(&b, IP + 4, 7);
	is_malformed(CONTRADICTION, "a payload length that ends within the UDP header");
	set16(&b, IP + 4, 109);
	is_malformed(CUT_SHORT, "a payload length below the UDP length");
	set16(&b, IP + 4, 111);
	is_malformed(CUT_SHORT, "a payload length behind the frame");
	b.at[IP + 6] = 59;
	is_none("no next header");
	b.at[IP + 6] = 58;
	is_none("ICMPv6");
}

/* Each kind of extension header once, and eight bytes of another as padding. */
static void test_extensions(void)
{
	static const uint8_t headers[] = {
		60, 0, 1, 4, 0, 0, 0, 0,                          /* hop-by-hop options */
		43, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* destination options */
		44, 0, 0, 0, 0, 0, 0, 0,                          /* routing */
		51, 0, 0, 1, 0, 0, 0, 9,                          /* fragment: first of several */
		17, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2,              /* authentication */
	};
	const size_t fragment = IP + 40 + 8 + 16 + 8;

	add_addresses(&b);
	add16(&b, 0x86dd);
	add_ipv6(&b, 0, sizeof(headers) + 110);
	add(&b, headers, sizeof(headers));
	add_udp(&b, 9, 102);
	add_magic(&b, TARGET);
	ok(woke(TARGET), "all extension headers");
	is_number(packet.body_offset, IP, "the body begins with the fixed header");
	for (unsigned offset = 8; offset < 0x10000; offset <<= 1) {
		set16(&b, fragment + 2, offset);
		is_none("a later IPv6 fragment");
	}
	set16(&b, fragment + 2, 1);
	b.at[IP + 40 + 1] = 255;
	is_none("an extension header that runs past the frame");
	b.at[IP + 40 + 1] = 0;
	b.at[IP + 40] = 50;
	is_none("an encrypted payload");

	for (unsigned count = 1; count <= 10; count++) {
		add_addresses(&b);
		add16(&b, 0x86dd);
		add_ipv6(&b, 60, count * 8 + 110);
		for (unsigned i = 1; i <= count; i++) {
			add16(&b, (i == count ? 17 : 60) << 8);
			add_fill(&b, 0, 6);
		}
		add_udp(&b, 9, 102);
		add_magic(&b, TARGET);
		ok(woke(TARGET) == (count <= 8), "%u extension headers", count);
		b.length = IP + 40 + count * 8 - 1;
		is_none("cut within the last one");
	}
}

static void test_raw_ip(void)
{
	struct frame frame;

	add_usual(&b, 9, 0);
	frame = as_frame(&b);
	frame.bytes += IP;
	frame.length = frame.wire_length = b.length - IP;
	frame.link = FRAME_IP;
	is_number(parse_frame(&frame), MAGIC_PACKET, "IPv4 without an Ethernet header");
	ok(mac_is_zero(&packet.sender), "has no sender");
	is_number(packet.body_offset, 0, "is all body");
	b.at[IP] = 0x55;
	is_number(parse_frame(&frame), MAGIC_NONE, "IP version 5");

	b.length = 0;
	add_ipv6(&b, 17, 110);
	add_udp(&b, 9, 102);
	add_magic(&b, TARGET);
	frame = as_frame(&b);
	frame.link = FRAME_IP;
	is_number(parse_frame(&frame), MAGIC_PACKET, "IPv6 without an Ethernet header");
}

/* A datagram to port 9 with this payload, which is in p. */
static struct bytes p;

static void carry(void)
{
	add_addresses(&b);
	add16(&b, 0x0800);
	add_ipv4(&b, 17, 8 + p.length);
	add_udp(&b, 9, p.length);
	add(&b, p.at, p.length);
}

static void test_addresses(void)
{
	static const uint8_t zero[6] = {0}, broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	static const uint8_t multicast[6] = {0x01, 0x00, 0x5e, 0, 0, 1};
	static const uint8_t group_ff[6] = {0xff, 0x11, 0x22, 0x33, 0x44, 0x55};
	static const uint8_t ends_ff[6] = {0x52, 0xff, 0xff, 0xff, 0xff, 0xff};
	static const uint8_t *const groups[] = {broadcast, multicast, group_ff};

	p.length = 0;
	add_magic(&p, zero);
	carry();
	ok(woke(zero), "the zero address is well-formed");
	p.length = 0;
	add_magic(&p, ends_ff);
	carry();
	ok(woke(ends_ff), "an address with five 0xff");
	for (unsigned i = 0; i < 3; i++) {
		p.length = 0;
		add_magic(&p, groups[i]);
		carry();
		is_malformed(GROUP_ADDRESS, "a group address");
		ok(memcmp(packet.target.bytes, groups[i], 6) == 0, "and which");
		set16(&b, UDP + 2, 5000);
		is_malformed(GROUP_ADDRESS, "a group address to any port");
		set16(&b, UDP + 2, 9);
		p.length = 0;
		add_magic(&p, groups[i]);
		add_magic(&p, TARGET);
		carry();
		ok(woke(TARGET), "a good address behind it counts");
	}
	for (size_t spoilt = 1; spoilt < 16; spoilt++) {
		p.length = 0;
		add_magic(&p, TARGET);
		p.at[6 + spoilt * 6 + spoilt % 6] ^= 0x10;
		carry();
		is_malformed(NOT_REPEATED, "one repetition differs");
	}
	add_magic(&p, TARGET);
	carry();
	ok(woke(TARGET), "a good packet behind a spoilt one");
}

static void test_runs(void)
{
	for (size_t more = 0; more < 130; more += more < 20 ? 1 : 13) {
		p.length = 0;
		add_fill(&p, 0xff, more);
		add_magic(&p, TARGET);
		carry();
		ok(woke(TARGET), "%zu more 0xff before the stream", more);
	}
	p.length = 0;
	add_fill(&p, 0xff, 5);
	add_addresses_16_times(&p, TARGET);
	carry();
	is_none("five 0xff");
	p.length = 0;
	add_fill(&p, 0, 20);
	add_fill(&p, 0xff, 6);
	carry();
	is_malformed(ENDS_EARLY, "a stream and nothing behind it");
	add_fill(&p, 0xff, 90);
	carry();
	is_malformed(ENDS_EARLY, "96 times 0xff");
	add_fill(&p, 0xff, 6);
	carry();
	is_malformed(GROUP_ADDRESS, "102 times 0xff");
}

static void test_password(void)
{
	for (unsigned length = 0; length < 12; length++) {
		add_usual(&b, 9, length);
		for (unsigned i = 1; i <= length; i++)
			add8(&b, i);
		ok(woke(TARGET), "%u trailing bytes", length);
		is_number(packet.password_length, length == 4 || length == 6 ? length : 0,
			"how many of them are a password");
	}
	add_usual(&b, 9, 6);
	add_fill(&b, 0xab, 6);
	ok(woke(TARGET) && packet.password[0] == 0xab && packet.password[5] == 0xab,
		"a password's bytes");
	add_usual(&b, 9, 4);
	add_fill(&b, 0xcd, 6); /* two are padding of the frame */
	ok(woke(TARGET), "a password of 4 in a padded frame");
	is_number(packet.password_length, 4, "ends with the datagram");
}

/* Payloads of 64 KiB made to be slow; with a quadratic search this test would take minutes. */
static void test_hostile(void)
{
	for (int round = 0; round < 2000; round++) {
		p.length = 0;
		switch (round % 4) {
		case 0:
			add_fill(&p, 0xff, 65000);
			break;
		case 1: /* streams at every seventh byte */
			while (p.length < 65000) {
				add_fill(&p, 0xff, 6);
				add8(&p, 0x52);
			}
			break;
		case 2: /* fifteen repetitions each */
			while (p.length < 65000) {
				add_magic(&p, TARGET);
				p.at[p.length - 1] ^= 1;
			}
			break;
		default: /* fifteen of a group address */
			while (p.length < 65000) {
				add_fill(&p, 0xff, 101);
				add8(&p, 0);
			}
		}
		add_addresses(&b);
		add16(&b, 0x0842);
		add(&b, p.at, p.length);

		struct frame frame = as_frame(&b);

		if (magic_packet_parse(&frame, &packet) != MAGIC_MALFORMED) {
			ok(false, "hostile payload %d", round % 4);
			return;
		}
	}
	ok(true, "hostile payloads are malformed, and soon known to be");
}

/* RFC 5952: lower case, no leading zeros, the first of the longest runs of zero groups as "::". */
static void test_source_text(void)
{
	static const struct {
		uint8_t bytes[16];
		const char *text;
	} addresses[] = {
		{{0}, "::"},
		{{[15] = 1}, "::1"},
		{{0xfe, 0x80}, "fe80::"},
		{{0xfe, 0x80, [8] = 0x50, 0x54, 0x00, 0xff, 0xfe, 0xaa, 0xbb, 0x01},
			"fe80::5054:ff:feaa:bb01"},
		{{0x20, 0x01, 0x0d, 0xb8, [15] = 0x0a}, "2001:db8::a"},
		{{0x20, 1, [3] = 1, [5] = 1, [7] = 1, [9] = 1, [11] = 1, [13] = 1},
			"2001:1:1:1:1:1:1:0"},
		{{0x20, 1, [4] = 1, [6] = 1, [8] = 1, [10] = 1, [12] = 1, [14] = 1},
			"2001:0:100:100:100:100:100:100"},
		{{0x20, 1, [7] = 1, [15] = 1}, "2001:0:0:1::1"},
		{{0x20, 1, [7] = 1, [13] = 1, [15] = 1}, "2001::1:0:0:1:1"},
		{{0x20, 1, [7] = 1, [9] = 2, [15] = 1}, "2001::1:2:0:0:1"},
		{{[1] = 1, [3] = 2, [5] = 3, [7] = 4, [9] = 5, [11] = 6}, "1:2:3:4:5:6::"},
		{{[5] = 3, [7] = 4, [9] = 5, [11] = 6, [13] = 7, [15] = 8}, "::3:4:5:6:7:8"},
		{{[10] = 0xff, [11] = 0xff, [12] = 192, [13] = 0, [14] = 2, [15] = 255},
			"::ffff:192.0.2.255"},
	};
	char text[MAGIC_SOURCE_SIZE];

	packet.source_kind = SOURCE_IPV6;
	for (unsigned i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		memcpy(packet.source, addresses[i].bytes, 16);
		is_text(magic_packet_source(&packet, text), addresses[i].text, "an IPv6 address");
	}
	memset(packet.source, 0xff, 16);
	is_text(magic_packet_source(&packet, text), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		"the longest one");
	packet.source_kind = SOURCE_IPV4;
	is_text(magic_packet_source(&packet, text), "255.255.255.255", "an IPv4 address");
}

int main(void)
{
	test_udp();
	test_ipv4();
	test_lengths();
	test_truncation();
	test_ethertype();
	test_tags();
	test_ipv6();
	test_extensions();
	test_raw_ip();
	test_addresses();
	test_runs();
	test_password();
	test_hostile();
	test_source_text();
	return tap_done();
}
