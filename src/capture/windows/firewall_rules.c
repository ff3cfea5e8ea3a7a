/* SPDX-License-Identifier: MIT */
#include "capture/windows/firewall_rules.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { PROTOCOL_UDP = 17, PROTOCOL_ANY = 256 };

const unsigned FIREWALL_PORTS[FIREWALL_PORT_COUNT] = {7, 9};

static const char *const PROFILE_NAMES[FIREWALL_PROFILE_COUNT] = {"domain", "private", "public"};

static bool empty(const char *text)
{
	return !text || !text[0];
}

/* Reads a decimal number up to 65535; false when there is none. */
static bool read_port(const char **text, unsigned *port)
{
	unsigned value = 0;
	const char *at = *text;

	while (*at == ' ')
		at++;
	if (!isdigit((unsigned char)*at))
		return false;
	for (; isdigit((unsigned char)*at); at++) {
		value = value * 10 + (unsigned)(*at - '0');
		if (value > 65535)
			return false;
	}
	while (*at == ' ')
		at++;
	*text = at;
	*port = value;
	return true;
}

/* One item of a list: "7", "1-10" or "*"; words such as "RPC" or "Teredo" name no port of ours. */
static bool item_contains(const char *item, unsigned port)
{
	unsigned first, last;

	while (*item == ' ')
		item++;
	if (*item == '*')
		return true;
	if (!read_port(&item, &first))
		return false;
	last = first;
	if (*item == '-') {
		item++;
		if (!read_port(&item, &last))
			return false;
	}
	return (*item == '\0' || *item == ',') && port >= first && port <= last;
}

bool firewall_ports_contain(const char *ports, unsigned port)
{
	if (empty(ports))
		return true;
	for (const char *item = ports; item; item = strchr(item, ',')) {
		if (*item == ',')
			item++;
		if (item_contains(item, port))
			return true;
	}
	return false;
}

static bool any_address(const char *addresses)
{
	return empty(addresses) || strcmp(addresses, "*") == 0 ||
	       text_equal_ignoring_case(addresses, "any") ||
	       strstr(addresses, "0.0.0.0/0.0.0.0") != NULL ||
	       strstr(addresses, "0.0.0.0-255.255.255.255") != NULL;
}

/* Without regard to case, as file names are compared. "System" is the kernel, none of ours. */
static bool is_ours(const struct firewall_rule *rule, const struct firewall_program *program)
{
	if (!empty(rule->application) && strcmp(rule->application, "*") != 0 &&
		!text_equal_ignoring_case(rule->application, program->path))
		return false;
	return empty(rule->service) || strcmp(rule->service, "*") == 0 ||
	       text_equal_ignoring_case(rule->service, program->service);
}

static bool every_interface(const struct firewall_rule *rule)
{
	return empty(rule->interface_types) ||
	       text_equal_ignoring_case(rule->interface_types, "All");
}

/* A block rule takes everything away only when nothing narrows it. */
static bool takes_all(const struct firewall_rule *rule)
{
	return any_address(rule->local_addresses) && any_address(rule->remote_addresses) &&
	       every_interface(rule);
}

void firewall_consider(struct firewall_verdict *verdict, const struct firewall_rule *rule,
	const struct firewall_program *program)
{
	if (!rule->enabled || !rule->inbound || !is_ours(rule, program))
		return;
	if (rule->protocol != PROTOCOL_UDP && rule->protocol != PROTOCOL_ANY)
		return;
	if (!rule->allow && !takes_all(rule))
		return;
	for (int profile = 0; profile < FIREWALL_PROFILE_COUNT; profile++) {
		if (!(rule->profiles & 1u << profile))
			continue;
		for (int port = 0; port < FIREWALL_PORT_COUNT; port++) {
			/* A rule for any protocol has no ports. */
			if (rule->protocol == PROTOCOL_UDP &&
				!firewall_ports_contain(rule->local_ports, FIREWALL_PORTS[port]))
				continue;
			if (rule->allow)
				verdict->allowed[profile][port] = true;
			else
				verdict->blocked[profile][port] = true;
		}
	}
}

bool firewall_drops(const struct firewall_verdict *verdict, int profile, int port)
{
	const struct firewall_profile *state = &verdict->profiles[profile];

	if (!verdict->known || !state->current || !state->enabled)
		return false;
	if (state->block_all || verdict->blocked[profile][port])
		return true;
	return state->default_block && !verdict->allowed[profile][port];
}

void firewall_describe(const struct firewall_verdict *verdict, char *text, size_t size)
{
	char profiles[64] = "";
	bool drops[FIREWALL_PORT_COUNT] = {false};
	int profile_count = 0;

	text[0] = '\0';
	for (int profile = 0; profile < FIREWALL_PROFILE_COUNT; profile++) {
		bool any = false;

		for (int port = 0; port < FIREWALL_PORT_COUNT; port++) {
			any |= firewall_drops(verdict, profile, port);
			drops[port] |= firewall_drops(verdict, profile, port);
		}
		if (any) {
			size_t used = strlen(profiles);

			snprintf(profiles + used, sizeof(profiles) - used, "%s%s",
				profile_count++ ? ", " : "", PROFILE_NAMES[profile]);
		}
	}
	if (profile_count == 0)
		return;
	snprintf(text, size, "The Windows firewall (profile%s %s) drops UDP to %s",
		profile_count > 1 ? "s" : "", profiles,
		drops[0] && drops[1] ? "ports 7 and 9"
		: drops[0]           ? "port 7"
				     : "port 9");
}
