/* SPDX-License-Identifier: MIT */
/* reach.h - what a capture hears on this Windows host, in words. Pure. */
#ifndef HYPERVIVE_CAPTURE_WINDOWS_REACH_H
#define HYPERVIVE_CAPTURE_WINDOWS_REACH_H

#include "capture/capture.h"
#include "capture/windows/firewall_rules.h"

enum { REACH_IPV4, REACH_IPV6, REACH_FAMILY_COUNT };
enum { REACH_PORT_7, REACH_PORT_9, REACH_PORT_COUNT };

/* How frames below IP are heard. */
enum reach_below { REACH_BELOW_NOT, REACH_BELOW_PKTMON, REACH_BELOW_NDIS };

struct reach_port {
	bool open;
	bool shared;   /* with a program that had it before */
	char why[128]; /* it is not open */
};

struct reach_facts {
	struct reach_port ports[REACH_FAMILY_COUNT][REACH_PORT_COUNT];
	bool raw[REACH_FAMILY_COUNT];
	enum reach_below below;
	char below_missing[128]; /* REACH_BELOW_NOT: why; REACH_BELOW_NDIS: adapters left out */
	struct firewall_verdict firewall;
};

/* False when nothing at all is heard; then *reach is not filled. */
bool reach_any(const struct reach_facts *facts);

void reach_describe(const struct reach_facts *facts, struct capture_reach *reach);

#endif
