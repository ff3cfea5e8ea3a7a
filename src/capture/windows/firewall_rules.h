/* SPDX-License-Identifier: MIT */
/*
 * firewall_rules.h - would the Windows firewall drop UDP 7 and 9 for this program?
 *
 * The judging alone, without COM. Inbound traffic that no rule allows is dropped where the
 * profile says so, and a block rule beats every allow rule ("Windows Firewall rules", Microsoft
 * Learn: explicit block, then explicit allow, then the default). Only rules that would take all
 * such packets away count as blocking: one that is limited to some senders leaves the others.
 */
#ifndef HYPERVIVE_CAPTURE_WINDOWS_FIREWALL_RULES_H
#define HYPERVIVE_CAPTURE_WINDOWS_FIREWALL_RULES_H

#include <stdbool.h>
#include <stddef.h>

enum { FIREWALL_PORT_COUNT = 2, FIREWALL_PROFILE_COUNT = 3 };

/* NET_FW_PROFILE_TYPE2 (netfw.h) */
enum { FIREWALL_DOMAIN = 1, FIREWALL_PRIVATE = 2, FIREWALL_PUBLIC = 4 };

extern const unsigned FIREWALL_PORTS[FIREWALL_PORT_COUNT]; /* 7 and 9 */

/* One rule as INetFwRule has it; texts are UTF-8, and NULL where it has none. */
struct firewall_rule {
	bool enabled, inbound, allow;
	long protocol;     /* 17 UDP, 256 any */
	unsigned profiles; /* FIREWALL_DOMAIN and so on, or 0x7fffffff for all */
	const char *local_ports;
	const char *application; /* with environment variables expanded */
	const char *service;     /* its short name, "*" for any service */
	const char *local_addresses, *remote_addresses;
	const char *interface_types; /* "All", or a list of Lan, Wireless, RemoteAccess */
};

/* Who we are. */
struct firewall_program {
	const char *path;
	const char *service;
};

/* What one profile says, and whether it is in force. */
struct firewall_profile {
	bool current;
	bool enabled;       /* the firewall is on */
	bool default_block; /* what no rule allows is dropped */
	bool block_all;     /* rules that allow are not looked at */
};

struct firewall_verdict {
	bool known; /* everything could be read */
	struct firewall_profile profiles[FIREWALL_PROFILE_COUNT];
	bool allowed[FIREWALL_PROFILE_COUNT][FIREWALL_PORT_COUNT];
	bool blocked[FIREWALL_PROFILE_COUNT][FIREWALL_PORT_COUNT];
};

/* The profiles must have been filled. */
void firewall_consider(struct firewall_verdict *verdict, const struct firewall_rule *rule,
	const struct firewall_program *program);

/* Packets to port FIREWALL_PORTS[port] are dropped while this profile is in force. */
bool firewall_drops(const struct firewall_verdict *verdict, int profile, int port);

/* A sentence for people, empty when nothing is dropped or nothing is known. */
void firewall_describe(const struct firewall_verdict *verdict, char *text, size_t size);

/* A rule's list of ports ("7,9", "1-10", "*", empty for all) names the port. */
bool firewall_ports_contain(const char *ports, unsigned port);

#endif
