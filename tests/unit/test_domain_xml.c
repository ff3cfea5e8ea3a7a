/* SPDX-License-Identifier: MIT */
/* What is read from a libvirt domain's description, and what is not. */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "host/libvirt/domain_xml.h"
#include "tap.h"

#define ID      "<uuid>c7a5fdbd-cdaf-9455-926a-d65c16db1809</uuid>"
#define HEAD    "<domain type='kvm'><name>web01</name>" ID
#define TAIL    "</domain>"
#define NIC(in) HEAD "<devices><interface type='bridge'>" in "</interface></devices>" TAIL
#define WAKE(attributes) \
	HEAD "<metadata><h:wake xmlns:h='urn:hypervive:1' " attributes "/></metadata>" TAIL
#define MAC "<mac address='52:54:00:aa:bb:01'/>"

static struct machine machine;
static struct error error;

static int parse(const char *xml)
{
	machine_clear(&machine);
	error = (struct error){0};
	return domain_xml_parse(xml, strlen(xml), &machine, &error);
}

static void test_identity(void)
{
	char text[UUID_TEXT_SIZE];

	is_number(parse(HEAD TAIL), 0, "the smallest domain");
	is_text(machine.name, "web01", "its name");
	is_text(uuid_format(&machine.id, text), "c7a5fdbd-cdaf-9455-926a-d65c16db1809", "its id");
	is_number(machine.adapter_count, 0, "no adapters");
	is_number(machine.unusable_adapters, 0, "none left out");
	is_number(machine.tools, TOOLS_ABSENT, "no channel: no guest tools");

	is_number(
		parse("<domain>" ID "<name>a&amp;b&#x41; <![CDATA[<c>]]>\xc3\xa9</name></domain>"),
		0, "a name with entities");
	is_text(machine.name, "a&bA <c>\xc3\xa9", "is decoded");

	struct buffer xml = {0};
	buffer_text(&xml, "<domain>" ID "<name>");
	for (int i = 0; i < 100000; i++)
		buffer_text(&xml, "\xc3\xa9");
	buffer_text(&xml, "</name></domain>");
	is_number(parse(xml.data), 0, "a name of 200,000 bytes");
	ok(strlen(machine.name) < sizeof(machine.name), "is cut");
	buffer_free(&xml);
}

static void test_adapters(void)
{
	char text[MAC_TEXT_SIZE];

	is_number(parse(HEAD
			  "<devices><interface type='network'>" MAC
			  "<source network='default' bridge='virbr0'/><model type='virtio'/>"
			  "</interface><interface type='direct'><mac address='52540000000F'/>"
			  "<source dev='eth0' mode='bridge'/><model type='e1000e'/></interface>"
			  "<interface type='hostdev'><mac address='52:54:00:00:00:03'/></interface>"
			  "</devices>" TAIL),
		0, "three adapters");
	is_number(machine.adapter_count, 3, "are found");
	if (machine.adapter_count == 3) {
		const struct adapter *a = machine.adapters;

		is_text(mac_format(&a[0].mac, text), "52:54:00:aa:bb:01", "the MAC");
		is_text(a[0].model, "virtio", "the model");
		is_number(a[0].kind, ADAPTER_SYNTHETIC, "virtio is synthetic");
		is_text(a[0].switch_name, "virbr0", "the bridge rather than the network");
		is_text(mac_format(&a[1].mac, text), "52:54:00:00:00:0f", "the second MAC");
		is_number(a[1].kind, ADAPTER_EMULATED, "e1000e is emulated");
		is_text(a[1].switch_name, "eth0", "the host's adapter");
		is_number(a[2].kind, ADAPTER_PASSTHROUGH, "hostdev is passed through");
		is_text(a[2].model, "", "and has no model");
		is_text(a[2].switch_name, "", "nor a switch");
	}
	is_number(parse(NIC("<source network='lan'/>" MAC)), 0, "a network that does not run");
	is_text(machine.adapters[0].switch_name, "lan", "is named itself");
}

static void test_kinds(void)
{
	static const struct {
		const char *model;
		enum adapter_kind kind;
	} KINDS[] = {
		{"virtio", ADAPTER_SYNTHETIC},
		{"virtio-non-transitional", ADAPTER_SYNTHETIC},
		{"netfront", ADAPTER_SYNTHETIC},
		{"vmxnet3", ADAPTER_SYNTHETIC},
		{"netvsc", ADAPTER_SYNTHETIC},
		{"rtl8139", ADAPTER_EMULATED},
		{"vmxnet2", ADAPTER_EMULATED},
		{"", ADAPTER_OTHER},
	};

	for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
		char xml[512];

		snprintf(xml, sizeof(xml), NIC(MAC "<model type='%s'/>"), KINDS[i].model);
		is_number(parse(xml), 0, "model '%s'", KINDS[i].model);
		is_number(machine.adapters[0].kind, KINDS[i].kind, "has its kind");
	}
	is_number(parse(NIC(MAC)), 0, "no model at all");
	is_number(machine.adapters[0].kind, ADAPTER_OTHER, "is of no known kind");
	is_number(parse(NIC(MAC "<model type='a-model-with-a-very-long-name-indeed'/>"
				"<source bridge='a-switch-name-that-is-longer-than-any-that-the-"
				"kernel-would-ever-take-for-a-bridge'/>")),
		0, "long names");
	ok(strlen(machine.adapters[0].model) < ADAPTER_MODEL_SIZE, "a long model is cut");
	ok(strlen(machine.adapters[0].switch_name) < ADAPTER_SWITCH_SIZE, "a long switch is cut");
}

static void test_unusable(void)
{
	static const char *const UNUSABLE[] = {
		NIC(""),
		NIC("<mac/>"),
		NIC("<mac address=''/>"),
		NIC("<mac address='52:54:00:aa:bb'/>"),
		NIC("<mac address='52:54:00:aa:bb:01:02'/>"),
		NIC("<mac address='52:54:00:aa:bb:0g'/>"),
		NIC("<mac address='ff:ff:ff:ff:ff:ff'/>"),
		NIC("<mac address='01:00:5e:00:00:01'/>"),
		NIC("<deep>" MAC "</deep>"),
		NIC("<mac x:address='52:54:00:aa:bb:01' xmlns:x='urn:x'/>"),
	};

	for (size_t i = 0; i < sizeof(UNUSABLE) / sizeof(UNUSABLE[0]); i++) {
		is_number(parse(UNUSABLE[i]), 0, "interface without a usable MAC %zu", i);
		is_number(machine.adapter_count, 0, "is no adapter");
		is_number(machine.unusable_adapters, 1, "and is counted");
	}
	is_number(parse(NIC("<mac address='00:00:00:00:00:00'/>")), 0, "a MAC of zeros");
	ok(machine.adapter_count == 1 && mac_is_zero(&machine.adapters[0].mac),
		"is an adapter that has none yet");
}

static void test_elsewhere(void)
{
	static const char *const ELSEWHERE[] = {
		HEAD "<interface>" MAC "</interface>" TAIL,
		HEAD "<metadata><devices><interface>" MAC "</interface></devices></metadata>" TAIL,
		HEAD "<devices><hostdev><interface>" MAC "</interface></hostdev></devices>" TAIL,
		HEAD "<devices/><devices2><interface>" MAC "</interface></devices2>" TAIL,
		HEAD "<devices><!-- <interface>" MAC "</interface> --></devices>" TAIL,
		HEAD "<os><devices><interface>" MAC "</interface></devices></os>" TAIL,
	};

	for (size_t i = 0; i < sizeof(ELSEWHERE) / sizeof(ELSEWHERE[0]); i++) {
		is_number(parse(ELSEWHERE[i]), 0, "an interface elsewhere %zu", i);
		is_number(machine.adapter_count + machine.unusable_adapters, 0, "does not count");
	}
	is_number(parse("<domain><os><name>no</name><uuid>6695eb01-f6a4-8304-79aa-97f2502e193f"
			"</uuid></os><name>yes</name>" ID "</domain>"),
		0, "a name elsewhere");
	is_text(machine.name, "yes", "is not the machine's");
}

static void test_many(void)
{
	struct buffer xml = {0};

	buffer_text(&xml, HEAD "<devices>");
	for (unsigned i = 0; i < 5000; i++)
		buffer_printf(&xml, "<interface><mac address='52:54:00:00:%02x:%02x'/></interface>",
			i >> 8, i & 255);
	buffer_text(&xml, "</devices>" TAIL);
	is_number(parse(xml.data), 0, "five thousand adapters");
	is_number(machine.adapter_count, 4096, "as many as fit");
	is_number(machine.unusable_adapters, 904, "and the rest is counted");
	buffer_free(&xml);
}

static void test_wake(void)
{
	is_number(parse(WAKE("allow='no'")), 0, "a machine that opts out");
	ok(machine.wake.denied, "is denied");
	is_text(machine.wake.trouble, "", "without trouble");
	is_number(parse(WAKE("allow='yes' secureon='01:02:03:04:05:06'")), 0, "a password");
	ok(!machine.wake.denied, "allowed");
	is_number(machine.wake.secureon_length, 6, "of six bytes");
	is_number(machine.wake.secureon[5], 6, "read to its end");
	is_number(parse(WAKE("secureon='xyz'")), 0, "a password that is none");
	ok(machine.wake.secureon_unusable, "fits nothing");
	is_number(parse(WAKE("alow='no'")), 0, "a misspelt key");
	is_text(machine.wake.trouble_key, "alow", "is told");
	is_number(parse(WAKE("h:allow='no' xml:lang='en'")), 0, "attributes with a namespace");
	ok(!machine.wake.denied, "are not ours");
	is_text(machine.wake.trouble_key, "", "and no trouble");
	is_number(parse(HEAD "<metadata><h:weak xmlns:h='urn:hypervive:1'/></metadata>" TAIL), 0,
		"a misspelt element");
	is_text(machine.wake.trouble_key, "weak", "is told");
	is_number(
		parse(HEAD "<metadata><wake xmlns='urn:hypervive:2' allow='no'/>"
			   "<wake allow='no'/><x><h:wake xmlns:h='urn:hypervive:1' allow='no'/></x>"
			   "</metadata>" TAIL),
		0, "a wake of others");
	ok(!machine.wake.denied, "is not ours");
	is_number(parse(HEAD "<metadata><wake xmlns='urn:hypervive:1' allow='no'>x<y/></wake>"
			     "</metadata><devices><interface>" MAC "</interface></devices>" TAIL),
		0, "our element without a prefix, and with content");
	ok(machine.wake.denied, "counts");
	is_number(machine.adapter_count, 1, "and what follows is read");
}

static void test_tools(void)
{
#define CHANNEL(attributes)                                                                  \
	HEAD "<devices><channel type='spicevmc'><target name='com.redhat.spice.0' "          \
	     "state='connected'/></channel><channel type='unix'><source path='/x'/><target " \
	     "type='virtio' " attributes "/></channel></devices>" TAIL
	is_number(
		parse(CHANNEL("name='org.qemu.guest_agent.0' state='connected'")), 0, "connected");
	is_number(machine.tools, TOOLS_CONNECTED, "tools are connected");
	is_number(parse(CHANNEL("name='org.qemu.guest_agent.0' state='disconnected'")), 0, "not");
	is_number(machine.tools, TOOLS_DISCONNECTED, "tools are disconnected");
	is_number(parse(CHANNEL("name='org.qemu.guest_agent.0'")), 0, "no state");
	is_number(machine.tools, TOOLS_DISCONNECTED, "nobody answers");
	is_number(parse(CHANNEL("name='org.other.0' state='connected'")), 0, "another channel");
	is_number(machine.tools, TOOLS_ABSENT, "is no guest tools");
}

static void test_broken(void)
{
	static const char *const BROKEN[] = {
		"",
		" ",
		"no XML",
		"<domain",
		"<domain>",
		"<domain/>",
		"<domain><name>x</name></domain>",
		"<domain><uuid>nonsense</uuid></domain>",
		"<network>" ID "</network>",
		"<x>" HEAD TAIL "</x>",
		HEAD,
		HEAD "</domains>",
		HEAD TAIL "<domain/>",
		HEAD "<devices><interface>" MAC "</interface></devices>",
		HEAD "<devices><interface>" MAC "</devices>" TAIL,
		HEAD "<name>\xff\xfe</name>" TAIL,
		HEAD "<name>\x01</name>" TAIL,
		HEAD "<x>&undefined;</x>" TAIL,
		"<!DOCTYPE domain [<!ENTITY e 'x'>]>" HEAD TAIL,
		"<!DOCTYPE domain SYSTEM 'file:///etc/passwd'>" HEAD TAIL,
	};

	for (size_t i = 0; i < sizeof(BROKEN) / sizeof(BROKEN[0]); i++) {
		is_number(parse(BROKEN[i]), -ERR_FAILED, "broken %zu is refused", i);
		ok(error.text[0] && !machine.adapters && !machine.name[0], "leaves nothing behind");
	}

	/* Cut anywhere, it is refused, and nothing is read past its end (the sanitizers look). */
	const char *whole = NIC(MAC "<model type='virtio'/>");
	size_t refused = 0;
	for (size_t length = 0; length < strlen(whole); length++) {
		char *cut = malloc(length + 1);

		memcpy(cut, whole, length);
		machine_clear(&machine);
		refused += domain_xml_parse(cut, length, &machine, &error) < 0;
		free(cut);
	}
	is_number(refused, strlen(whole), "a description that is cut is refused wherever");

	struct buffer deep = {0};
	buffer_text(&deep, HEAD);
	for (int i = 0; i < 100000; i++)
		buffer_text(&deep, "<x>");
	is_number(parse(deep.data), -ERR_FAILED, "nested 100,000 deep");
	buffer_free(&deep);
}

int main(void)
{
	test_identity();
	test_adapters();
	test_kinds();
	test_unusable();
	test_elsewhere();
	test_many();
	test_wake();
	test_tools();
	test_broken();
	machine_clear(&machine);
	return tap_done();
}
