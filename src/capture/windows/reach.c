/* SPDX-License-Identifier: MIT */
#include "capture/windows/reach.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const FAMILIES[REACH_FAMILY_COUNT] = {"IPv4", "IPv6"};
static const unsigned PORTS[REACH_PORT_COUNT] = {7, 9};

/* Adds an item to a list for people; one that does not fit is left out whole. */
__attribute__((format(printf, 3, 4))) static void add(
	char *list, size_t size, const char *format, ...)
{
	char item[256];
	size_t used = strlen(list);
	const char *comma = used ? ", " : "";
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(item, sizeof(item), format, arguments);
	va_end(arguments);
	if (strlen(comma) + strlen(item) < size - used)
		snprintf(list + used, size - used, "%s%s", comma, item);
}

/* "UDP ports 7 and 9", "UDP port 9", or NULL. */
static const char *open_ports(const struct reach_port ports[REACH_PORT_COUNT])
{
	if (ports[REACH_PORT_7].open && ports[REACH_PORT_9].open)
		return "UDP ports 7 and 9";
	if (ports[REACH_PORT_7].open)
		return "UDP port 7";
	return ports[REACH_PORT_9].open ? "UDP port 9" : NULL;
}

static void describe_ports(const struct reach_facts *facts, char *heard, size_t size)
{
	const char *over4 = open_ports(facts->ports[REACH_IPV4]);
	const char *over6 = open_ports(facts->ports[REACH_IPV6]);

	if (over4 && over6 && strcmp(over4, over6) == 0) {
		add(heard, size, "%s over IPv4 and IPv6", over4);
		return;
	}
	if (over4)
		add(heard, size, "%s over IPv4", over4);
	if (over6)
		add(heard, size, "%s over IPv6", over6);
}

static void describe_heard(const struct reach_facts *facts, char *heard, size_t size)
{
	describe_ports(facts, heard, size);
	if (facts->raw[REACH_IPV4] && facts->raw[REACH_IPV6])
		add(heard, size, "UDP on any other port");
	else if (facts->raw[REACH_IPV4] || facts->raw[REACH_IPV6])
		add(heard, size, "UDP on any other port over %s",
			FAMILIES[facts->raw[REACH_IPV4] ? REACH_IPV4 : REACH_IPV6]);
	if (facts->below == REACH_BELOW_PKTMON)
		add(heard, size, "EtherType 0x0842 and VLANs of the virtual switch (PktMon)");
	else if (facts->below == REACH_BELOW_NDIS)
		add(heard, size, "EtherType 0x0842 (NDIS capture, up to a second late)");
}

static void describe_port_trouble(const struct reach_facts *facts, char *unheard, size_t size)
{
	for (int family = 0; family < REACH_FAMILY_COUNT; family++) {
		const struct reach_port *ports = facts->ports[family];

		/* One cause for the whole family, mostly that it is switched off. */
		if (!ports[0].open && !ports[1].open && !facts->raw[family] &&
			strcmp(ports[0].why, ports[1].why) == 0) {
			add(unheard, size, "UDP over %s (%s)", FAMILIES[family], ports[0].why);
			continue;
		}
		for (int port = 0; port < REACH_PORT_COUNT; port++) {
			if (ports[port].shared)
				add(unheard, size,
					"some of what is sent to UDP port %u over %s (another "
					"program has that port too)",
					PORTS[port], FAMILIES[family]);
			else if (!ports[port].open && !facts->raw[family])
				add(unheard, size, "UDP port %u over %s (%s)", PORTS[port],
					FAMILIES[family], ports[port].why);
		}
	}
}

static void describe_unheard(const struct reach_facts *facts, char *unheard, size_t size)
{
	describe_port_trouble(facts, unheard, size);
	if (!facts->raw[REACH_IPV4] && !facts->raw[REACH_IPV6])
		add(unheard, size, "UDP on other ports (needs an administrator's rights)");
	if (facts->below == REACH_BELOW_NOT)
		add(unheard, size,
			"EtherType 0x0842 and VLANs in which this host has no address (%s)",
			facts->below_missing);
	else if (facts->below == REACH_BELOW_NDIS && facts->below_missing[0])
		add(unheard, size, "EtherType 0x0842 on %s", facts->below_missing);
	if (facts->below == REACH_BELOW_NDIS)
		add(unheard, size, "the VLAN a frame came from");
}

/* Below IP the firewall has not looked yet. */
static bool below_firewall(const struct reach_facts *facts)
{
	return facts->below == REACH_BELOW_PKTMON ||
	       (facts->below == REACH_BELOW_NDIS && !facts->below_missing[0]);
}

bool reach_any(const struct reach_facts *facts)
{
	for (int family = 0; family < REACH_FAMILY_COUNT; family++) {
		if (facts->raw[family] || open_ports(facts->ports[family]))
			return true;
	}
	return facts->below != REACH_BELOW_NOT;
}

void reach_describe(const struct reach_facts *facts, struct capture_reach *reach)
{
	memset(reach, 0, sizeof(*reach));
	describe_heard(facts, reach->heard, sizeof(reach->heard));
	describe_unheard(facts, reach->unheard, sizeof(reach->unheard));
	if (!below_firewall(facts))
		firewall_describe(&facts->firewall, reach->firewall, sizeof(reach->firewall));
}
