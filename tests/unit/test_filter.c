/* SPDX-License-Identifier: MIT */
/*
 * test_filter.c - does the kernel filter let pass what it must, and stop what it should?
 *
 * The programs run here in a small interpreter of classic BPF; that the kernel takes them and
 * does the same is for tests/integration/test_capture.py to show. The property that matters:
 * whatever the parser would not call MAGIC_NONE passes, however the frame is mangled.
 */
#include "capture/linux/filter.h"

#include <linux/if_arp.h>

#include "frames.h"
#include "tap.h"
#include "wake/magic_packet.h"

static struct bytes b;
static struct filter filters[FILTER_SCAN_COUNT];
static uint32_t random_state = 20260729;

static uint32_t random_below(uint32_t limit)
{
	random_state = random_state * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)(random_state >> 8) * limit) >> 24);
}

/* Loads from the packet, or the one extension that the filter uses. False ends the program. */
static bool load(const struct bytes *frame, unsigned hardware_type, uint16_t code, uint32_t offset,
	uint32_t *value)
{
	uint32_t size = BPF_SIZE(code) == BPF_W ? 4 : BPF_SIZE(code) == BPF_H ? 2 : 1;

	if (BPF_MODE(code) == BPF_ABS && offset == (uint32_t)(SKF_AD_OFF + SKF_AD_HATYPE)) {
		*value = hardware_type;
		return true;
	}
	if (offset > frame->length || size > frame->length - offset)
		return false;
	*value = 0;
	for (uint32_t i = 0; i < size; i++)
		*value = *value << 8 | frame->at[offset + i];
	return true;
}

static bool compare(uint16_t code, uint32_t a, uint32_t k)
{
	return BPF_OP(code) == BPF_JEQ ? a == k : (a & k) != 0; /* BPF_JSET */
}

static int interpreter_failures;

static uint32_t fail(void)
{
	interpreter_failures++;
	return 0;
}

static uint32_t calculate(uint16_t code, uint32_t a, uint32_t operand)
{
	switch (BPF_OP(code)) {
	case BPF_ADD:
		return a + operand;
	case BPF_AND:
		return a & operand;
	case BPF_LSH:
		return a << operand;
	default:
		return fail();
	}
}

static uint32_t run(const struct filter *filter, const struct bytes *frame, unsigned hardware_type)
{
	uint32_t a = 0, x = 0;

	for (unsigned i = 0; i < filter->length; i++) {
		const struct sock_filter *op = &filter->code[i];

		switch (BPF_CLASS(op->code)) {
		case BPF_LD:
			if (!load(frame, hardware_type, op->code,
				    BPF_MODE(op->code) == BPF_IND ? x + op->k : op->k, &a))
				return 0;
			break;
		case BPF_LDX:
			x = op->k;
			break;
		case BPF_ALU:
			a = calculate(op->code, a, BPF_SRC(op->code) == BPF_X ? x : op->k);
			break;
		case BPF_MISC:
			if (BPF_MISCOP(op->code) == BPF_TAX)
				x = a;
			else
				a = x;
			break;
		case BPF_JMP:
			if (BPF_OP(op->code) == BPF_JA)
				i += op->k;
			else
				i += compare(op->code, a, op->k) ? op->jt : op->jf;
			break;
		case BPF_RET:
			return op->k;
		default:
			return fail();
		}
	}
	return fail(); /* ran off its end */
}

static unsigned hardware_of(enum frame_link link)
{
	return link == FRAME_ETHERNET ? ARPHRD_ETHER : ARPHRD_NONE;
}

/* What must hold for every frame. The parser's verdict is counted in seen[]. */
static bool agrees(const struct frame *frame, unsigned seen[3])
{
	static struct bytes copy;
	struct magic_packet packet;
	enum magic_verdict verdict = magic_packet_parse(frame, &packet);

	seen[verdict]++;
	copy.length = frame->length;
	memcpy(copy.at, frame->bytes, frame->length);
	for (int i = 0; i < FILTER_SCAN_COUNT; i++) {
		if (!run(&filters[i], &copy, hardware_of(frame->link)) && verdict != MAGIC_NONE) {
			printf("# filter %d drops a frame of %zu bytes with verdict %d:", i,
				frame->length, verdict);
			for (size_t at = 0; at < frame->length && at < 200; at++)
				printf(" %02x", frame->bytes[at]);
			printf("\n");
			return false;
		}
	}
	return true;
}

static void add_random(struct bytes *bytes, size_t count)
{
	while (count--)
		add8(bytes, random_below(256));
}

static void add_payload(struct bytes *payload)
{
	static const uint8_t group[6] = {0xff, 1, 2, 3, 4, 5};
	static const uint16_t most[] = {1, 8, 300, 1700};

	payload->length = 0;
	if (random_below(3) > 0) {
		size_t count = random_below(most[random_below(4)]);

		if (random_below(2))
			add_random(payload, count);
		else
			add_fill(payload, random_below(3) ? 0x00 : 0xff, count);
	}
	if (random_below(8) == 0)
		add_fill(payload, 0xff, random_below(8));
	else
		add_magic(payload, random_below(4) ? TARGET : group);
	if (random_below(3) == 0)
		add_random(payload, random_below(12));
}

static unsigned random_port(void)
{
	static const uint16_t ports[] = {0, 7, 9, 9, 9, 40000, 53};

	return ports[random_below(7)];
}

static void add_random_extensions(const struct bytes *payload)
{
	static const uint8_t kinds[] = {0, 43, 60, 44, 51};
	unsigned count = random_below(4);

	add_ipv6(&b, count ? kinds[random_below(5)] : 17, 8 * count + 8 + payload->length);
	/* Eight bytes each; a length of 0 says so in all kinds, in that of 51 too. */
	while (count--) {
		add8(&b, count ? kinds[random_below(5)] : 17);
		add_fill(&b, 0, 7);
	}
}

/* A valid frame of any form, also with lengths above an MTU of 1,500. */
static enum frame_link generate(void)
{
	static struct bytes payload;
	unsigned form = random_below(3), tags = random_below(4);
	enum frame_link link = form < 2 && random_below(5) == 0 ? FRAME_IP : FRAME_ETHERNET;

	add_payload(&payload);
	b.length = 0;
	if (link == FRAME_ETHERNET) {
		add_addresses(&b);
		while (tags-- > 1)
			add_tag(&b, random_below(2) ? 0x8100 : 0x88a8, random_below(65536));
		add16(&b, form == 0 ? 0x0800 : form == 1 ? 0x86dd : 0x0842);
	}
	if (form == 0) {
		size_t options = random_below(4) ? 0 : 4 * random_below(11), ip = b.length;

		add_ipv4(&b, 17, options + 8 + payload.length);
		b.at[ip] = (uint8_t)(0x45 + options / 4);
		add_fill(&b, 0, options);
	} else if (form == 1) {
		add_random_extensions(&payload);
	}
	if (form < 2)
		add_udp(&b, random_port(), payload.length);
	add(&b, payload.at, payload.length);
	return link;
}

static void mutate(void)
{
	unsigned changes = random_below(4);

	while (changes--) {
		/* Mostly in the headers: there the decisions are made. */
		size_t limit = random_below(4) && b.length > 90 ? 90 : b.length;
		size_t at = random_below((uint32_t)limit);

		switch (random_below(4)) {
		case 0:
			b.at[at] = (uint8_t)random_below(256);
			break;
		case 1:
			b.at[at] ^= (uint8_t)(1u << random_below(8));
			break;
		case 2:
			b.at[at] = random_below(2) ? 0xff : 0;
			break;
		default:
			b.length = at + 1;
		}
	}
	if (random_below(4) == 0)
		b.length = random_below((uint32_t)b.length + 1);
}

static void test_property(void)
{
	unsigned seen[3] = {0};
	int round;

	for (round = 0; round < 100000; round++) {
		struct frame frame;
		enum frame_link link = generate();

		if (round % 4 != 0)
			mutate();
		frame = as_frame(&b);
		frame.link = link;
		frame.has_tag = random_below(4) == 0;
		frame.tag = (uint16_t)random_below(65536);
		if (!agrees(&frame, seen))
			break;
	}
	is_number(round, 100000, "what the parser wants passes all filters");
	printf("# %u none, %u malformed, %u packets\n", seen[MAGIC_NONE], seen[MAGIC_MALFORMED],
		seen[MAGIC_PACKET]);
	ok(seen[MAGIC_NONE] > 5000 && seen[MAGIC_MALFORMED] > 5000 && seen[MAGIC_PACKET] > 5000,
		"of each verdict there were thousands");
}

/* Each place that a stream may have in a payload, up to and over the reach of the scan. */
static void test_places(void)
{
	unsigned seen[3] = {0};
	bool all = true;

	for (size_t before = 0; before < 2000 && all; before++) {
		add_addresses(&b);
		add16(&b, 0x0800);
		add_ipv4(&b, 17, 8 + before + 6);
		add_udp(&b, 9, before + 6);
		add_fill(&b, 0, before);
		add_fill(&b, 0xff, 6);

		struct frame frame = as_frame(&b);

		all = agrees(&frame, seen);
	}
	ok(all, "a stream is found wherever it begins");
	is_number(seen[MAGIC_MALFORMED], 2000, "(all were malformed)");
}

static bool passes(int filter, unsigned hardware_type)
{
	return run(&filters[filter], &b, hardware_type) != 0;
}

static void is_dropped(const char *what)
{
	for (int i = 0; i < FILTER_SCAN_COUNT; i++)
		ok(!passes(i, ARPHRD_ETHER), "filter %d drops %s", i, what);
}

static void add_type(unsigned type)
{
	add_addresses(&b);
	add16(&b, type);
}

static void add_segment(unsigned protocol, unsigned destination, int filling, size_t length)
{
	add_type(0x0800);
	add_ipv4(&b, protocol, 8 + length);
	add_udp(&b, destination, length);
	add_fill(&b, filling, length);
}

static void test_ordinary(void)
{
	add_type(0x0806);
	add_fill(&b, 0xff, 46);
	is_dropped("ARP");
	add_type(0x88cc);
	add_fill(&b, 0xff, 46);
	is_dropped("LLDP");
	add_type(38);
	add_fill(&b, 0x42, 3);
	add_fill(&b, 0xff, 43);
	is_dropped("spanning tree");
	add_segment(6, 9, 0xff, 1400);
	is_dropped("TCP");
	add_segment(1, 9, 0xff, 1400);
	is_dropped("ICMP");
	add_segment(17, 53, 0x20, 40);
	is_dropped("DNS");
	add_segment(17, 4789, 0xff, 5);
	is_dropped("five 0xff to any port");
	add_fill(&b, 0x20, 200);
	is_dropped("five 0xff and something else to any port");
	add_segment(17, 4789, 0, 1400);
	memset(b.at + 43, 0xff, 1000);
	is_dropped("0xff behind the first byte to any port");
	add_segment(17, 9, 0xff, 500);
	for (unsigned offset = 1; offset < 0x2000; offset <<= 1) {
		set16(&b, 20, offset);
		is_dropped("a later fragment");
	}
	add_type(0x86dd);
	add_ipv6(&b, 58, 64);
	add_fill(&b, 0xff, 64);
	is_dropped("ICMPv6");
	add_type(0x86dd);
	add_ipv6(&b, 0, 36);
	add_fill(&b, 0x3a, 1);
	add_fill(&b, 0, 35);
	is_dropped("a multicast listener report");
	add_type(0x8100);
	add_fill(&b, 0, 2);
	add16(&b, 0x0806);
	add_fill(&b, 0xff, 46);
	is_dropped("tagged ARP");
	add_type(0x0842);
	add_fill(&b, 0, 1500);
	ok(!passes(0, ARPHRD_ETHER), "a payload of an MTU without a stream is scanned to its end");
}

/* Datagrams to port 9 without a stream, up to what the filter can reach. */
static void test_noise(void)
{
	int passed[FILTER_SCAN_COUNT] = {0};

	for (int round = 0; round < 2000; round++) {
		add_segment(17, 9, 0, random_below(1473));
		for (size_t at = 42; at < b.length; at++)
			b.at[at] = (uint8_t)random_below(round % 2 ? 255 : 256);
		if (round % 2 == 0) /* 0xff now and then, but never two */
			for (size_t at = 43; at < b.length; at += 2)
				b.at[at] &= 0x7f;
		for (int i = 0; i < FILTER_SCAN_COUNT; i++)
			passed[i] += b.length - 42 + 6 <= FILTER_SCANS[i].reach &&
				     passes(i, ARPHRD_ETHER);
	}
	for (int i = 0; i < FILTER_SCAN_COUNT; i++)
		is_number(passed[i], 0, "filter %d drops noise to port 9", i);

	/* Three 0xff are no reason to wake anyone, with the full scan four may be. */
	add_segment(17, 9, 0, 1400);
	for (size_t at = 42; at + 4 < b.length; at += 4)
		memset(b.at + at, 0xff, 3);
	ok(!passes(0, ARPHRD_ETHER), "three 0xff each are noise");
}

static void test_links(void)
{
	static const uint16_t others[] = {ARPHRD_IEEE80211_RADIOTAP, ARPHRD_CAN, ARPHRD_NETLINK,
		ARPHRD_INFINIBAND, ARPHRD_IEEE80211};
	enum frame_link link;

	add_usual(&b, 9, 0);
	ok(passes(0, ARPHRD_ETHER), "Ethernet");
	ok(passes(0, ARPHRD_LOOPBACK), "loopback");
	ok(!passes(0, ARPHRD_NONE), "an Ethernet frame where IP should be");
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		ok(!passes(0, others[i]), "hardware type %u", others[i]);
		ok(!filter_link(others[i], &link), "which cannot be read");
	}
	b.length -= 14;
	memmove(b.at, b.at + 14, b.length);
	for (unsigned type = 0; type < 65536; type++) {
		bool readable = filter_link(type, &link) && link == FRAME_IP;

		if (passes(0, type) != readable)
			ok(false, "hardware type %u and IP", type);
	}
	ok(passes(0, ARPHRD_NONE) && passes(0, ARPHRD_PPP) && passes(0, ARPHRD_TUNNEL6),
		"IP without Ethernet");
	ok(filter_link(ARPHRD_LOOPBACK, &link) && link == FRAME_ETHERNET, "loopback is Ethernet");
}

/* A jump too far or a program too long is refused, not cut. */
static void test_assembler(void)
{
	static struct filter filter;
	const struct filter_scan too_long = {4, 60000}, too_many = {2, 3500};

	for (int i = 0; i < FILTER_SCAN_COUNT; i++) {
		ok(filter_build(&filters[i], &FILTER_SCANS[i]), "filter %d is built", i);
		ok(filters[i].length <= BPF_MAXINSNS, "with %u instructions", filters[i].length);
		is_number(BPF_CLASS(filters[i].code[filters[i].length - 1].code), BPF_RET,
			"the last of which returns");
	}
	ok(!filter_build(&filter, &too_long), "a scan that is far too long is refused");
	ok(!filter_build(&filter, &too_many), "a scan that just does not fit is refused");
}

int main(void)
{
	test_assembler();
	test_links();
	test_ordinary();
	test_noise();
	test_places();
	test_property();
	is_number(interpreter_failures, 0, "every program ended with a verdict");
	return tap_done();
}
