/* SPDX-License-Identifier: MIT */
#include "wake/policy.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/text.h"

static const char *const REFUSAL_NAMES[] = {
	"", "secureon", "sender", "interface", "vlan", "rate", "opted-out", "dry-run"};
static_assert(sizeof(REFUSAL_NAMES) / sizeof(REFUSAL_NAMES[0]) == REFUSED_DRY_RUN + 1,
	"a name for each refusal");

const char *refusal_name(enum refusal refusal)
{
	return REFUSAL_NAMES[refusal];
}

void wake_policy_defaults(struct wake_policy *policy)
{
	*policy = (struct wake_policy){.wake_unassigned = true};
}

static bool interface_allowed(const struct wake_policy *policy, const char *interface)
{
	for (unsigned i = 0; i < policy->interface_count; i++) {
		if (text_matches(policy->interfaces[i], interface))
			return true;
	}
	return policy->interface_count == 0;
}

static bool vlan_allowed(const struct wake_policy *policy, uint16_t vlan)
{
	for (unsigned i = 0; i < policy->vlan_count; i++) {
		if (vlan >= policy->vlans[i].first && vlan <= policy->vlans[i].last)
			return true;
	}
	return policy->vlan_count == 0;
}

/*
 * Each list that is there must be satisfied. A packet without an IP address (EtherType 0x0842)
 * never satisfies a list of networks.
 */
static bool sender_allowed(const struct wake_policy *policy, const struct magic_packet *packet)
{
	bool mac_good = policy->sender_count == 0;
	bool network_good = policy->network_count == 0;

	for (unsigned i = 0; i < policy->sender_count && !mac_good; i++)
		mac_good = mac_equal(&policy->senders[i], &packet->sender);
	if (packet->source_kind != SOURCE_MAC) {
		unsigned length = packet->source_kind == SOURCE_IPV4 ? 4 : 16;

		for (unsigned i = 0; i < policy->network_count && !network_good; i++)
			network_good =
				network_contains(&policy->networks[i], packet->source, length);
	}
	return mac_good && network_good;
}

enum refusal wake_policy_judge_packet(
	const struct wake_policy *policy, const struct magic_packet *packet, const char *interface)
{
	if (!vlan_allowed(policy, packet->vlan))
		return REFUSED_VLAN;
	if (!sender_allowed(policy, packet))
		return REFUSED_SENDER;
	if (!interface_allowed(policy, interface))
		return REFUSED_INTERFACE;
	return REFUSED_NOT;
}

/* Compares without stopping at the first difference, so that time tells nothing. */
static bool password_fits(const struct machine_wake *wake, const struct magic_packet *packet)
{
	uint8_t difference = 0;

	if (wake->secureon_unusable || packet->password_length != wake->secureon_length)
		return false;
	for (unsigned i = 0; i < wake->secureon_length; i++)
		difference |= (uint8_t)(wake->secureon[i] ^ packet->password[i]);
	return difference == 0;
}

enum refusal wake_policy_judge_machine(
	const struct machine_wake *wake, const struct magic_packet *packet)
{
	if (wake->denied)
		return REFUSED_OPTED_OUT;
	if ((wake->secureon_length || wake->secureon_unusable) && !password_fits(wake, packet))
		return REFUSED_SECUREON;
	return REFUSED_NOT;
}

static enum wake_step refuse(char reason_text[32], const char *prefix, const char *word)
{
	snprintf(reason_text, 32, "%s%s", prefix, word);
	return STEP_REFUSE;
}

static enum wake_step step_for_paused(
	enum machine_pause pause, enum host_action *action, char reason_text[32])
{
	switch (pause) {
	case PAUSE_ADMINISTRATOR:
	case PAUSE_FROM_CHECKPOINT:
	case PAUSE_UNKNOWN:
		*action = ACTION_RESUME;
		return STEP_ACT;
	default:
		return refuse(reason_text, "paused-", machine_pause_name(pause));
	}
}

enum wake_step wake_step_for(
	const struct machine_status *status, enum host_action *action, char reason_text[32])
{
	reason_text[0] = '\0';
	switch (status->state) {
	case STATE_RUNNING:
	case STATE_STARTING:
		return STEP_RUNS;
	case STATE_OFF:
		*action = ACTION_START;
		return STEP_ACT;
	case STATE_SAVED:
		*action = ACTION_RESTORE;
		return STEP_ACT;
	case STATE_SUSPENDED:
		*action = ACTION_WAKEUP;
		return STEP_ACT;
	case STATE_PAUSED:
		return step_for_paused(status->pause, action, reason_text);
	case STATE_STOPPING:
	case STATE_CRASHED:
		return refuse(reason_text, "", machine_state_name(status->state));
	case STATE_OTHER:
		break;
	}
	return refuse(reason_text, "", "state-unknown");
}

/* Dotted quad without leading zeros' octal trap: decimal only, four numbers. */
static bool parse_ipv4(const char *text, uint8_t bytes[4])
{
	for (int i = 0; i < 4; i++) {
		unsigned value = 0, digits = 0;

		for (; *text >= '0' && *text <= '9'; text++, digits++)
			value = value * 10 + (unsigned)(*text - '0');
		if (digits == 0 || digits > 3 || value > 255 || *text != (i < 3 ? '.' : '\0'))
			return false;
		bytes[i] = (uint8_t)value;
		text++;
	}
	return true;
}

/* RFC 4291, section 2.2, forms 1 to 3. */
static bool parse_ipv6(const char *text, uint8_t bytes[16])
{
	uint8_t parsed[16] = {0};
	int at = 0, gap = -1;

	if (text[0] == ':' && text[1] != ':')
		return false;
	while (*text) {
		if (text[0] == ':' && text[1] == ':') {
			if (gap >= 0)
				return false;
			gap = at;
			text += 2;
			continue;
		}
		if (at > 0 && *text == ':')
			text++;
		if (strchr(text, '.') && !strchr(text, ':')) {
			if (at > 12 || !parse_ipv4(text, parsed + at))
				return false;
			at += 4;
			break;
		}
		unsigned value = 0, digits = 0;
		for (; hex_digit(*text) >= 0; text++, digits++)
			value = value << 4 | (unsigned)hex_digit(*text);
		if (digits == 0 || digits > 4 || at > 14 || (*text && *text != ':'))
			return false;
		parsed[at++] = (uint8_t)(value >> 8);
		parsed[at++] = (uint8_t)value;
	}
	if (gap < 0 ? at != 16 : at > 14)
		return false;
	int before = gap < 0 ? 16 : gap, after = at - before;
	memset(bytes, 0, 16);
	memcpy(bytes, parsed, (size_t)before);
	if (after > 0)
		memcpy(bytes + 16 - after, parsed + before, (size_t)after);
	return true;
}

bool network_parse(const char *text, struct network *network)
{
	char address[64];
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	struct network result = {0};

	if (length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	if (parse_ipv4(address, result.bytes))
		result.length = 4;
	else if (parse_ipv6(address, result.bytes))
		result.length = 16;
	else
		return false;

	unsigned bits = result.length * 8u, prefix = bits;
	if (slash) {
		char *end;

		if (slash[1] < '0' || slash[1] > '9')
			return false;
		prefix = (unsigned)strtoul(slash + 1, &end, 10);
		if (*end || prefix > bits || end - slash > 4)
			return false;
	}
	result.prefix = (uint8_t)prefix;
	*network = result;
	return true;
}

bool network_contains(const struct network *network, const uint8_t *address, unsigned length)
{
	if (length != network->length)
		return false;
	unsigned whole = network->prefix / 8u, rest = network->prefix % 8u;

	if (memcmp(network->bytes, address, whole) != 0)
		return false;
	return rest == 0 || ((network->bytes[whole] ^ address[whole]) >> (8 - rest)) == 0;
}
