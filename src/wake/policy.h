/* SPDX-License-Identifier: MIT */
/*
 * policy.h - may this packet wake anything?
 *
 * Pure. The host's rules (allow-lists) are judged on the packet alone, the machine's rules
 * (its own allow and secureon) on packet and machine, and the machine's state last, when a
 * worker has asked the host for it.
 */
#ifndef HYPERVIVE_WAKE_POLICY_H
#define HYPERVIVE_WAKE_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "host/host.h"
#include "wake/magic_packet.h"

/* An IPv4 or IPv6 network. */
struct network {
	uint8_t bytes[16];
	uint8_t length; /* 4 or 16 */
	uint8_t prefix; /* bits */
};

struct vlan_range {
	uint16_t first, last; /* 0 to 4094; 0 is untagged */
};

enum { POLICY_LIST_MAX = 64 };

struct rate {
	uint32_t count;   /* 0: no limit */
	uint32_t seconds; /* per so many seconds */
};

/* An empty list allows everything. */
struct wake_policy {
	char interfaces[POLICY_LIST_MAX][FRAME_INTERFACE_SIZE]; /* shell patterns */
	unsigned interface_count;
	struct vlan_range vlans[POLICY_LIST_MAX];
	unsigned vlan_count;
	struct mac senders[POLICY_LIST_MAX];
	unsigned sender_count;
	struct network networks[POLICY_LIST_MAX];
	unsigned network_count;
	struct rate sender_rate, total_rate;
	bool wake_unassigned; /* 00:00:00:00:00:00 wakes machines without an assigned address */
	bool dry_run;
};

enum refusal {
	REFUSED_NOT,
	REFUSED_SECUREON,
	REFUSED_SENDER,
	REFUSED_INTERFACE,
	REFUSED_VLAN,
	REFUSED_RATE,
	REFUSED_OPTED_OUT,
	REFUSED_DRY_RUN,
};

const char *refusal_name(enum refusal refusal); /* the reason of event 2001 */

/* Everything allowed, wake_unassigned on. */
void wake_policy_defaults(struct wake_policy *policy);

/* The allow-lists. interface is where the packet was heard. */
enum refusal wake_policy_judge_packet(
	const struct wake_policy *policy, const struct magic_packet *packet, const char *interface);

/* The machine's own settings. */
enum refusal wake_policy_judge_machine(
	const struct machine_wake *wake, const struct magic_packet *packet);

bool network_parse(
	const char *text, struct network *network); /* 192.0.2.0/24, 2001:db8::/32, one address */
bool network_contains(const struct network *network, const uint8_t *address, unsigned length);

/* What a machine's state asks for. */
enum wake_step {
	STEP_ACT,    /* *action is to be done */
	STEP_RUNS,   /* event 9015 */
	STEP_REFUSE, /* event 3001 with *reason */
};

/* reason points into reason_text. */
enum wake_step wake_step_for(
	const struct machine_status *status, enum host_action *action, char reason_text[32]);

#endif
