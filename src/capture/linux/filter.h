/* SPDX-License-Identifier: MIT */
/*
 * filter.h - the kernel filter of the packet socket
 *
 * A classic BPF program (Documentation/networking/filter.rst in the kernel's source), which a
 * process with no right but CAP_NET_RAW may attach. It lets pass whatever magic_packet_parse()
 * would not call MAGIC_NONE, and as little else as it can.
 */
#ifndef HYPERVIVE_CAPTURE_LINUX_FILTER_H
#define HYPERVIVE_CAPTURE_LINUX_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>

#include "base/error.h"
#include "wake/frame.h"

enum { FILTER_SIZE = 1280 }; /* instructions; the kernel takes up to BPF_MAXINSNS, 4096 */

/* How a payload is searched for the synchronisation stream where it may begin anywhere. */
struct filter_scan {
	unsigned width; /* bytes per look: 4 or 2 */
	unsigned reach; /* bytes of payload looked at; what is longer passes */
};

/* From the best to the cheapest; filter_attach() takes the first that the kernel takes. */
enum { FILTER_SCAN_COUNT = 3 };
extern const struct filter_scan FILTER_SCANS[FILTER_SCAN_COUNT];

struct filter {
	struct sock_filter code[FILTER_SIZE];
	unsigned short length;
};

/* False when the program does not fit, or a jump goes farther than classic BPF can. */
bool filter_build(struct filter *filter, const struct filter_scan *scan);

/* Attaches the filter to a packet socket. */
int filter_attach(int fd, struct error *error);

/* What a frame of an adapter of this ARPHRD_ type begins with; false for what we cannot read. */
bool filter_link(unsigned hardware_type, enum frame_link *link);

#endif
