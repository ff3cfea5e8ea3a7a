/* SPDX-License-Identifier: MIT */
#include "capture/windows/ndis_event.h"
#include "capture/windows/reach.h"
#include "tap.h"

static struct capture_reach reach;

static struct reach_facts everything(void)
{
	struct reach_facts facts = {.raw = {true, true}, .below = REACH_BELOW_PKTMON};

	for (int family = 0; family < REACH_FAMILY_COUNT; family++) {
		for (int port = 0; port < REACH_PORT_COUNT; port++)
			facts.ports[family][port].open = true;
	}
	facts.firewall.known = true;
	facts.firewall.profiles[2] =
		(struct firewall_profile){.current = true, .enabled = true, .default_block = true};
	return facts;
}

static void close_port(struct reach_port *port, const char *why)
{
	port->open = false;
	snprintf(port->why, sizeof(port->why), "%s", why);
}

static void test_everything(void)
{
	struct reach_facts facts = everything();

	reach_describe(&facts, &reach);
	is_text(reach.heard,
		"UDP ports 7 and 9 over IPv4 and IPv6, UDP on any other port, EtherType 0x0842 and "
		"VLANs of the virtual switch (PktMon)",
		"with PktMon");
	is_text(reach.unheard, "", "nothing is missing");
	is_text(reach.firewall, "", "PktMon hears below the firewall");
}

static void test_without_below(void)
{
	struct reach_facts facts = everything();

	facts.below = REACH_BELOW_NOT;
	snprintf(facts.below_missing, sizeof(facts.below_missing),
		"needs PktMon: Windows Server 2022 or later");
	reach_describe(&facts, &reach);
	is_text(reach.heard, "UDP ports 7 and 9 over IPv4 and IPv6, UDP on any other port",
		"an older Windows");
	is_text(reach.unheard,
		"EtherType 0x0842 and VLANs in which this host has no address (needs PktMon: "
		"Windows Server 2022 or later)",
		"and why");
	is_text(reach.firewall, "The Windows firewall (profile public) drops UDP to ports 7 and 9",
		"here the firewall counts");
	facts.raw[0] = facts.raw[1] = false;
	reach_describe(&facts, &reach);
	ok(strncmp(reach.unheard, "UDP on other ports (needs an administrator's rights), ", 50) ==
			0,
		"a user without rights");
}

static void test_ndis(void)
{
	struct reach_facts facts = everything();

	facts.below = REACH_BELOW_NDIS;
	reach_describe(&facts, &reach);
	ok(strstr(reach.heard, "EtherType 0x0842 (NDIS capture") != NULL, "NDIS capture");
	is_text(reach.unheard, "the VLAN a frame came from", "what it does not tell");
	is_text(reach.firewall, "", "on all adapters it hears below the firewall");
	snprintf(facts.below_missing, sizeof(facts.below_missing), "Ethernet 2");
	reach_describe(&facts, &reach);
	is_text(reach.unheard, "EtherType 0x0842 on Ethernet 2, the VLAN a frame came from",
		"an adapter left out");
	ok(reach.firewall[0], "where the firewall counts");
}

static void test_ports(void)
{
	struct reach_facts facts = everything();

	close_port(&facts.ports[REACH_IPV4][REACH_PORT_9], "another program has it");
	reach_describe(&facts, &reach);
	ok(strncmp(reach.heard, "UDP port 7 over IPv4, UDP ports 7 and 9 over IPv6, ", 51) == 0,
		"a busy port");
	is_text(reach.unheard, "", "which the raw socket hears all the same");
	facts.raw[REACH_IPV4] = false;
	reach_describe(&facts, &reach);
	ok(strstr(reach.heard, "UDP on any other port over IPv6,") != NULL, "raw for one family");
	is_text(reach.unheard, "UDP port 9 over IPv4 (another program has it)", "then it is told");
	close_port(&facts.ports[REACH_IPV6][REACH_PORT_7], "switched off on this host");
	close_port(&facts.ports[REACH_IPV6][REACH_PORT_9], "switched off on this host");
	facts.raw[REACH_IPV6] = false;
	reach_describe(&facts, &reach);
	ok(strstr(reach.unheard, "UDP over IPv6 (switched off on this host)") != NULL,
		"a family as a whole");
	facts = everything();
	facts.ports[REACH_IPV4][REACH_PORT_7].shared = true;
	reach_describe(&facts, &reach);
	ok(strstr(reach.unheard, "sent to UDP port 7 over IPv4 (another program has that port"),
		"a shared port");
}

static void test_worst(void)
{
	struct reach_facts facts = {.below = REACH_BELOW_NOT};

	ok(!reach_any(&facts), "nothing at all");
	facts.raw[REACH_IPV6] = true;
	ok(reach_any(&facts), "a raw socket is something");
	facts = everything();
	for (int family = 0; family < REACH_FAMILY_COUNT; family++) {
		for (int port = 0; port < REACH_PORT_COUNT; port++) {
			facts.ports[family][port].open = false;
			memset(facts.ports[family][port].why, 'a' + family * 2 + port, 127);
		}
		facts.raw[family] = false;
	}
	facts.below = REACH_BELOW_NOT;
	memset(facts.below_missing, 'x', sizeof(facts.below_missing) - 1);
	reach_describe(&facts, &reach);
	ok(strlen(reach.unheard) < sizeof(reach.unheard), "long causes fit or are left out whole");
	is_number(reach.unheard[strlen(reach.unheard) - 1], ')', "no item is cut");
	facts = everything();
	facts.below = REACH_BELOW_PKTMON;
	memset(facts.ports, 0, sizeof(facts.ports));
	facts.raw[0] = facts.raw[1] = false;
	reach_describe(&facts, &reach);
	is_text(reach.heard, "EtherType 0x0842 and VLANs of the virtual switch (PktMon)",
		"PktMon alone");
}

static void test_ndis_event(void)
{
	uint8_t data[40] = {5, 0, 0, 0, 6, 0, 0, 0, 20, 0, 0, 0, [12] = 0xaa};
	uint8_t out_of_band[48] = {[32] = 0xa5, [33] = 0x3e};
	const uint64_t whole = NDIS_KEYWORD_PACKET_START | NDIS_KEYWORD_PACKET_END;
	enum frame_link link;
	uint32_t index = 0;
	const uint8_t *frame = NULL;
	size_t length = 0;

	ok(ndis_event_link(whole | 1, &link) && link == FRAME_ETHERNET, "a whole Ethernet frame");
	ok(ndis_event_link(whole | NDIS_KEYWORD_WIRELESS_WAN, &link) && link == FRAME_IP,
		"mobile broadband has no Ethernet header");
	ok(!ndis_event_link(NDIS_KEYWORD_PACKET_START, &link), "a part of a frame");
	ok(!ndis_event_link(whole | NDIS_KEYWORD_NATIVE_802_11, &link), "802.11");
	ok(ndis_event_adapter_frame(data, sizeof(data), &index, &frame, &length) && index == 5 &&
			length == 20 && frame == data + 12,
		"an adapter's frame with what follows it");
	ok(ndis_event_adapter_frame(data, 32, &index, &frame, &length), "just long enough");
	ok(!ndis_event_adapter_frame(data, 31, &index, &frame, &length), "one byte short");
	ok(!ndis_event_adapter_frame(data, 11, &index, &frame, &length), "no head");
	data[11] = 0xff;
	ok(!ndis_event_adapter_frame(data, sizeof(data), &index, &frame, &length), "a huge length");
	/* 0x3ea5: VLAN 0x3ea, priority 5 */
	is_number(ndis_event_tag(out_of_band, sizeof(out_of_band)), 5 << 13 | 0x3ea, "the tag");
	is_number(ndis_event_tag(out_of_band, 39), 0, "data that does not reach so far");
}

int main(void)
{
	test_everything();
	test_without_below();
	test_ndis();
	test_ports();
	test_worst();
	test_ndis_event();
	return tap_done();
}
