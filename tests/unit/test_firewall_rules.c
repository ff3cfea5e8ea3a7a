/* SPDX-License-Identifier: MIT */
#include "capture/windows/firewall_rules.h"

#include "tap.h"

static const struct firewall_program PROGRAM = {
	.path = "C:\\Program Files\\HyperVive\\hypervive.exe", .service = "HyperVive"};

static char text[256];

/* The default of Windows Server: on in all profiles, and what no rule allows is dropped. */
static struct firewall_verdict usual(void)
{
	struct firewall_verdict verdict = {.known = true};

	for (int i = 0; i < FIREWALL_PROFILE_COUNT; i++)
		verdict.profiles[i] = (struct firewall_profile){
			.current = i == 2, .enabled = true, .default_block = true};
	return verdict;
}

static struct firewall_rule allow(const char *ports)
{
	return (struct firewall_rule){.enabled = true,
		.inbound = true,
		.allow = true,
		.protocol = 17,
		.profiles = 0x7fffffff,
		.local_ports = ports,
		.remote_addresses = "*",
		.local_addresses = "*",
		.interface_types = "All"};
}

static const char *judge(struct firewall_verdict verdict, const struct firewall_rule *rule)
{
	if (rule)
		firewall_consider(&verdict, rule, &PROGRAM);
	firewall_describe(&verdict, text, sizeof(text));
	return text;
}

#define BOTH "The Windows firewall (profile public) drops UDP to ports 7 and 9"

static void test_ports(void)
{
	ok(firewall_ports_contain("9", 9) && !firewall_ports_contain("9", 7), "one port");
	ok(firewall_ports_contain("7,9", 7) && firewall_ports_contain("7, 9", 9), "a list");
	ok(firewall_ports_contain("1-8", 7) && !firewall_ports_contain("1-8", 9), "a range");
	ok(firewall_ports_contain("5355,1-8,53", 7), "a range in a list");
	ok(firewall_ports_contain("*", 9) && firewall_ports_contain("", 9) &&
			firewall_ports_contain(NULL, 9),
		"all ports");
	ok(!firewall_ports_contain("90", 9) && !firewall_ports_contain("19", 9) &&
			!firewall_ports_contain("97", 7),
		"other ports with such digits");
	ok(!firewall_ports_contain("RPC,Teredo,IPHTTPS", 9), "words");
	ok(!firewall_ports_contain("9-1", 7) && !firewall_ports_contain("9x", 9) &&
			!firewall_ports_contain("-9", 9) && !firewall_ports_contain("7-", 9) &&
			!firewall_ports_contain(",,", 9) &&
			!firewall_ports_contain("4294967305", 9),
		"garbage");
}

static void test_allow(void)
{
	struct firewall_rule rule = allow("7,9");

	is_text(judge(usual(), NULL), BOTH, "no rule");
	is_text(judge(usual(), &rule), "", "a rule for the ports");
	rule = allow("9");
	is_text(judge(usual(), &rule), "The Windows firewall (profile public) drops UDP to port 7",
		"a rule for one of them");
	rule = allow("*");
	rule.application = "c:\\program files\\hypervive\\HYPERVIVE.EXE";
	is_text(judge(usual(), &rule), "", "a rule for our program");
	rule.application = "C:\\Windows\\System32\\svchost.exe";
	is_text(judge(usual(), &rule), BOTH, "a rule for another program");
	rule = allow(NULL);
	rule.protocol = 256;
	is_text(judge(usual(), &rule), "", "a rule for any protocol");
	rule.protocol = 6;
	is_text(judge(usual(), &rule), BOTH, "a rule for TCP");
	rule = allow("*");
	rule.service = "Dnscache";
	is_text(judge(usual(), &rule), BOTH, "a rule for another service");
	rule.service = "hypervive";
	is_text(judge(usual(), &rule), "", "a rule for our service");
	rule.service = "*";
	is_text(judge(usual(), &rule), "", "a rule for any service");
	rule.remote_addresses = "LocalSubnet";
	is_text(judge(usual(), &rule), "", "a rule for the local network allows what is usual");
	rule.enabled = false;
	is_text(judge(usual(), &rule), BOTH, "a rule that is switched off");
	rule = allow("*");
	rule.inbound = false;
	is_text(judge(usual(), &rule), BOTH, "an outbound rule");
	rule = allow("*");
	rule.profiles = FIREWALL_DOMAIN | FIREWALL_PRIVATE;
	is_text(judge(usual(), &rule), BOTH, "a rule for other profiles");
}

static void test_block(void)
{
	struct firewall_verdict verdict = usual();
	struct firewall_rule rule = allow("*");

	firewall_consider(&verdict, &rule, &PROGRAM);
	rule.allow = false;
	is_text(judge(verdict, &rule), BOTH, "a block rule beats an allow rule");
	rule.remote_addresses = "203.0.113.0/255.255.255.0";
	is_text(judge(verdict, &rule), "", "one for some senders does not drop everything");
	rule.remote_addresses = "*";
	rule.interface_types = "Wireless";
	is_text(judge(verdict, &rule), "", "nor does one for some adapters");
	verdict.profiles[2].block_all = true;
	is_text(judge(verdict, NULL), BOTH, "all inbound traffic blocked");
	verdict = usual();
	rule = allow("7");
	rule.allow = false;
	verdict.profiles[2].default_block = false;
	is_text(judge(verdict, NULL), "", "a profile that allows by default");
	is_text(judge(verdict, &rule), "The Windows firewall (profile public) drops UDP to port 7",
		"but for its block rules");
}

static void test_profiles(void)
{
	struct firewall_verdict verdict = usual();

	verdict.profiles[0].current = true;
	is_text(judge(verdict, NULL),
		"The Windows firewall (profiles domain, public) drops UDP to ports 7 and 9",
		"two profiles");
	verdict.profiles[2].enabled = false;
	is_text(judge(verdict, NULL),
		"The Windows firewall (profile domain) drops UDP to ports 7 and 9",
		"one switched off");
	verdict.known = false;
	is_text(judge(verdict, NULL), "", "nothing is said of what is not known");
}

int main(void)
{
	test_ports();
	test_allow();
	test_block();
	test_profiles();
	return tap_done();
}
