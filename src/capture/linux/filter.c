/* SPDX-License-Identifier: MIT */
/*
 * filter.c - the kernel filter of the packet socket
 *
 * Theory of operation
 *
 * The program runs in the kernel for each frame of each adapter, so the road of ordinary traffic
 * is short: the adapter's type, the EtherType, the IP protocol, the port, four bytes of payload.
 * X holds the offset of the header that is looked at; thus one piece of code serves frames with
 * no, one or two VLAN tags and frames that begin with IP. (The kernel takes the outer tag out of
 * what it receives; in what it sends the tag may still be in the bytes.)
 *
 * The program may let pass what the parser then drops, never the other way round. So it checks
 * less than the parser: no lengths, no checksums, no IP version behind an EtherType. A load behind
 * the end of the frame ends a classic BPF program with "drop". That is right here because each
 * load is of bytes that the parser needs too before it says anything but MAGIC_NONE.
 *
 * Where the synchronisation stream may be anywhere, the payload is scanned for it. Classic BPF
 * has no loops, so the scan is a row of looks. A look need not be at each offset: six bytes of
 * 0xFF in a row cover a 4-byte word at one of any three consecutive offsets, so words are looked
 * at every third byte; with 2-byte words every fifth. The end of the frame ends the scan (see
 * above), and what reaches the end of the row is longer than the scan and passes.
 *
 * Kernels before 6.7 give a socket only 20 KiB for its filter, counted after the kernel has
 * translated it (net.core.optmem_max; about 90 bytes a look). There the full scan does not fit,
 * and a coarser one is taken.
 */
#include "capture/linux/filter.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

/* The first covers the payload of every frame with an MTU of 1,500. */
const struct filter_scan FILTER_SCANS[FILTER_SCAN_COUNT] = {{4, 1602}, {2, 1100}, {2, 300}};

enum {
	STREAM_SIZE = 6,
	ACCEPT = 0x40000, /* bytes of the frame that are wanted: all */
	JUMP_MAX = 255,
	LOOKS_PER_EXIT = 100, /* of two instructions each: their jumps to the exit stay short */
};

enum {
	TYPE_WAKE_ON_LAN = 0x0842,
	ETHERNET_SIZE = 14,
	TAG_SIZE = 4,
	IPV6_SIZE = 40,
	UDP_SIZE = 8,
};

/* Places to jump to. Those within the scan follow LABEL_SCAN. */
enum {
	LABEL_NEXT, /* the following instruction */
	LABEL_DROP,
	LABEL_ACCEPT,
	LABEL_ETHERNET,
	LABEL_TYPE,
	LABEL_TAG,
	LABEL_INNER_TAG,
	LABEL_IP,
	LABEL_IPV4,
	LABEL_IPV6,
	LABEL_UDP,
	LABEL_DATAGRAM,
	LABEL_EXTENSION,
	LABEL_KNOWN_PORT,
	LABEL_SCAN,
	LABEL_COUNT = LABEL_SCAN + 16,
};

struct assembler {
	struct filter *filter;
	uint8_t yes[FILTER_SIZE], no[FILTER_SIZE]; /* labels of each jump */
	unsigned short place[LABEL_COUNT];         /* 0: not placed yet */
	unsigned labels;                           /* taken so far */
	bool failed;
};

static void emit(struct assembler *a, unsigned code, uint32_t k)
{
	struct filter *filter = a->filter;

	if (filter->length == FILTER_SIZE) {
		a->failed = true;
		return;
	}
	filter->code[filter->length++] = (struct sock_filter){.code = (uint16_t)code, .k = k};
}

static void jump(struct assembler *a, unsigned comparison, uint32_t k, unsigned yes, unsigned no)
{
	unsigned at = a->filter->length;

	emit(a, BPF_JMP | comparison | BPF_K, k);
	if (a->failed)
		return;
	a->yes[at] = (uint8_t)yes;
	a->no[at] = (uint8_t)no;
}

static void jump_if_equal(struct assembler *a, uint32_t k, unsigned yes, unsigned no)
{
	jump(a, BPF_JEQ, k, yes, no);
}

static void jump_always(struct assembler *a, unsigned label)
{
	jump(a, BPF_JA, 0, label, LABEL_NEXT);
}

static void place(struct assembler *a, unsigned label)
{
	a->place[label] = a->filter->length;
}

/* All jumps go forward. */
static unsigned distance(struct assembler *a, unsigned from, unsigned label)
{
	if (label == LABEL_NEXT)
		return 0;
	if (a->place[label] <= from) {
		a->failed = true;
		return 0;
	}
	return a->place[label] - from - 1u;
}

static void resolve(struct assembler *a)
{
	for (unsigned i = 0; i < a->filter->length; i++) {
		struct sock_filter *instruction = &a->filter->code[i];

		if (BPF_CLASS(instruction->code) != BPF_JMP)
			continue;

		unsigned yes = distance(a, i, a->yes[i]), no = distance(a, i, a->no[i]);

		if (BPF_OP(instruction->code) == BPF_JA) {
			instruction->k = yes;
			continue;
		}
		if (yes > JUMP_MAX || no > JUMP_MAX)
			a->failed = true;
		instruction->jt = (uint8_t)yes;
		instruction->jf = (uint8_t)no;
	}
}

/* Loads what is `offset` behind X; size is BPF_B, BPF_H or BPF_W. */
static void load(struct assembler *a, unsigned size, uint32_t offset)
{
	emit(a, BPF_LD | BPF_IND | size, offset);
}

/* Loads what is at a fixed place in the frame. */
static void load_at(struct assembler *a, unsigned size, uint32_t offset)
{
	emit(a, BPF_LD | BPF_ABS | size, offset);
}

/* A = A operation k */
static void calculate(struct assembler *a, unsigned operation, uint32_t k)
{
	emit(a, BPF_ALU | BPF_K | operation, k);
}

static void set_x(struct assembler *a, uint32_t value)
{
	emit(a, BPF_LDX | BPF_IMM, value);
}

/* X += A */
static void advance_x(struct assembler *a)
{
	emit(a, BPF_ALU | BPF_ADD | BPF_X, 0);
	emit(a, BPF_MISC | BPF_TAX, 0);
}

static void advance_x_by(struct assembler *a, uint32_t count)
{
	emit(a, BPF_MISC | BPF_TXA, 0);
	calculate(a, BPF_ADD, count);
	emit(a, BPF_MISC | BPF_TAX, 0);
}

static const struct {
	uint16_t hardware_type;
	enum frame_link link;
} LINKS[] = {
	{ARPHRD_ETHER, FRAME_ETHERNET},
	{ARPHRD_LOOPBACK, FRAME_ETHERNET},
	{ARPHRD_NONE, FRAME_IP},  /* tun, WireGuard */
	{ARPHRD_RAWIP, FRAME_IP}, /* mobile broadband */
	{ARPHRD_PPP, FRAME_IP},
	{ARPHRD_SLIP, FRAME_IP},
	{ARPHRD_CSLIP, FRAME_IP},
	{ARPHRD_TUNNEL, FRAME_IP},
	{ARPHRD_TUNNEL6, FRAME_IP},
	{ARPHRD_SIT, FRAME_IP},
	{ARPHRD_IPGRE, FRAME_IP},
	{ARPHRD_IP6GRE, FRAME_IP},
};

enum { LINK_COUNT = sizeof(LINKS) / sizeof(LINKS[0]) };

bool filter_link(unsigned hardware_type, enum frame_link *link)
{
	for (unsigned i = 0; i < LINK_COUNT; i++) {
		if (LINKS[i].hardware_type == hardware_type) {
			*link = LINKS[i].link;
			return true;
		}
	}
	return false;
}

static void emit_link(struct assembler *a)
{
	load_at(a, BPF_W, (uint32_t)(SKF_AD_OFF + SKF_AD_HATYPE));
	for (unsigned i = 0; i < LINK_COUNT; i++)
		jump_if_equal(a, LINKS[i].hardware_type,
			LINKS[i].link == FRAME_ETHERNET ? LABEL_ETHERNET : LABEL_IP, LABEL_NEXT);
	jump_always(a, LABEL_DROP);
}

/* From the EtherType on; X is where the header behind it begins. */
static void emit_ethernet(struct assembler *a)
{
	place(a, LABEL_ETHERNET);
	set_x(a, ETHERNET_SIZE);
	load_at(a, BPF_H, ETHERNET_SIZE - 2);
	jump_if_equal(a, ETH_P_IP, LABEL_IPV4, LABEL_NEXT);
	jump_if_equal(a, ETH_P_8021Q, LABEL_TAG, LABEL_NEXT);
	jump_if_equal(a, ETH_P_8021AD, LABEL_TAG, LABEL_TYPE);

	place(a, LABEL_TAG);
	set_x(a, ETHERNET_SIZE + TAG_SIZE);
	load_at(a, BPF_H, ETHERNET_SIZE + TAG_SIZE - 2);
	jump_if_equal(a, ETH_P_8021Q, LABEL_INNER_TAG, LABEL_NEXT);
	jump_if_equal(a, ETH_P_8021AD, LABEL_INNER_TAG, LABEL_TYPE);

	place(a, LABEL_INNER_TAG);
	set_x(a, ETHERNET_SIZE + 2 * TAG_SIZE);
	load_at(a, BPF_H, ETHERNET_SIZE + 2 * TAG_SIZE - 2);

	place(a, LABEL_TYPE);
	jump_if_equal(a, ETH_P_IP, LABEL_IPV4, LABEL_NEXT);
	jump_if_equal(a, ETH_P_IPV6, LABEL_IPV6, LABEL_NEXT);
	jump_if_equal(a, TYPE_WAKE_ON_LAN, LABEL_SCAN, LABEL_DROP);
}

static void emit_ip(struct assembler *a)
{
	place(a, LABEL_IP);
	set_x(a, 0);
	load_at(a, BPF_B, 0);
	calculate(a, BPF_AND, 0xf0);
	jump_if_equal(a, 0x40, LABEL_IPV4, LABEL_NEXT);
	jump_if_equal(a, 0x60, LABEL_IPV6, LABEL_DROP);

	/* The word at 6: flags and fragment offset, time to live, protocol. */
	place(a, LABEL_IPV4);
	load(a, BPF_W, 6);
	jump(a, BPF_JSET, 0x1fff0000, LABEL_DROP, LABEL_NEXT);
	calculate(a, BPF_AND, 0xff);
	jump_if_equal(a, IPPROTO_UDP, LABEL_NEXT, LABEL_DROP);
	load(a, BPF_B, 0);
	calculate(a, BPF_AND, 0x0f);
	calculate(a, BPF_LSH, 2);
	advance_x(a);
	jump_always(a, LABEL_UDP);

	place(a, LABEL_IPV6);
	load(a, BPF_B, 6);
	jump_if_equal(a, IPPROTO_UDP, LABEL_DATAGRAM, LABEL_NEXT);
	jump_if_equal(a, IPPROTO_HOPOPTS, LABEL_EXTENSION, LABEL_NEXT);
	jump_if_equal(a, IPPROTO_DSTOPTS, LABEL_EXTENSION, LABEL_NEXT);
	jump_if_equal(a, IPPROTO_ROUTING, LABEL_EXTENSION, LABEL_NEXT);
	jump_if_equal(a, IPPROTO_FRAGMENT, LABEL_EXTENSION, LABEL_NEXT);
	jump_if_equal(a, IPPROTO_AH, LABEL_EXTENSION, LABEL_DROP);

	/* Rare: to follow the headers is left to the parser. */
	place(a, LABEL_EXTENSION);
	advance_x_by(a, IPV6_SIZE);
	jump_always(a, LABEL_SCAN);

	place(a, LABEL_DATAGRAM);
	advance_x_by(a, IPV6_SIZE);
}

static void emit_udp(struct assembler *a)
{
	place(a, LABEL_UDP);
	load(a, BPF_H, 2);
	jump_if_equal(a, 9, LABEL_KNOWN_PORT, LABEL_NEXT);
	jump_if_equal(a, 7, LABEL_KNOWN_PORT, LABEL_NEXT);
	jump_if_equal(a, 0, LABEL_KNOWN_PORT, LABEL_NEXT);
	load(a, BPF_W, UDP_SIZE);
	jump_if_equal(a, 0xffffffff, LABEL_NEXT, LABEL_DROP);
	load(a, BPF_H, UDP_SIZE + 4);
	jump_if_equal(a, 0xffff, LABEL_ACCEPT, LABEL_DROP);

	place(a, LABEL_KNOWN_PORT);
	advance_x_by(a, UDP_SIZE);
	jump_always(a, LABEL_SCAN);
}

static void emit_verdicts(struct assembler *a)
{
	place(a, LABEL_DROP);
	emit(a, BPF_RET | BPF_K, 0);
	place(a, LABEL_ACCEPT);
	emit(a, BPF_RET | BPF_K, ACCEPT);
}

/* A few looks, and behind them their way out, which is passed by when nothing was found. */
static void emit_looks(
	struct assembler *a, const struct filter_scan *scan, unsigned from, unsigned count)
{
	unsigned stride = STREAM_SIZE + 1 - scan->width;
	unsigned found = a->labels++, on = a->labels++;

	if (a->labels > LABEL_COUNT) {
		a->failed = true;
		return;
	}
	for (unsigned i = from; i < from + count; i++) {
		if (scan->width == 4) {
			load(a, BPF_W, i * stride);
			jump_if_equal(a, 0xffffffff, found, LABEL_NEXT);
		} else {
			load(a, BPF_H, i * stride);
			jump_if_equal(a, 0xffff, found, LABEL_NEXT);
		}
	}
	jump_always(a, on);
	place(a, found);
	emit(a, BPF_RET | BPF_K, ACCEPT);
	place(a, on);
}

static void emit_scan(struct assembler *a, const struct filter_scan *scan)
{
	unsigned looks = scan->reach / (STREAM_SIZE + 1 - scan->width);

	place(a, LABEL_SCAN);
	for (unsigned done = 0; done < looks && !a->failed; done += LOOKS_PER_EXIT) {
		unsigned left = looks - done;

		emit_looks(a, scan, done, left < LOOKS_PER_EXIT ? left : LOOKS_PER_EXIT);
	}
	emit(a, BPF_RET | BPF_K, ACCEPT);
}

bool filter_build(struct filter *filter, const struct filter_scan *scan)
{
	struct assembler a = {.filter = filter, .labels = LABEL_SCAN + 1};

	filter->length = 0;
	emit_link(&a);
	emit_ethernet(&a);
	emit_ip(&a);
	emit_udp(&a);
	emit_verdicts(&a);
	emit_scan(&a, scan);
	resolve(&a);
	return !a.failed;
}

int filter_attach(int fd, struct error *error)
{
	struct filter filter;

	for (unsigned i = 0; i < FILTER_SCAN_COUNT; i++) {
		struct sock_fprog program = {.filter = filter.code};

		if (!filter_build(&filter, &FILTER_SCANS[i]))
			return error_set(error, ERR_FAILED, "the packet filter cannot be built");
		program.len = filter.length;
		if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0)
			return 0;
		if (errno != ENOMEM)
			break;
	}
	return error_set_errno(error, ERR_FAILED, errno, "the kernel refuses the packet filter");
}
