/* SPDX-License-Identifier: MIT */
/* The rules: networks, allow-lists, the machine's own settings, states, rates. */
#include <stdlib.h>

#include "base/clock.h"
#include "tap.h"
#include "wake/policy.h"
#include "wake/rate.h"

static void in_network(const char *network, const char *address, int want)
{
	struct network net, single;
	int got = -1;

	if (network_parse(network, &net) && network_parse(address, &single))
		got = network_contains(&net, single.bytes, single.length);
	is_number(got, want, "%s in %s", address, network);
}

static void networks(void)
{
	static const char *const BAD[] = {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4/33",
		"1.2.3.4/", "1.2.3.4/x", "1.2.3.4/-1", "::1/129", ":::", "1::2::3", "1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9", "12345::", "g::", ":1", "1.2.3.4/24 ", "::1.2.3",
		"fe80::1%eth0"};

	in_network("192.0.2.0/24", "192.0.2.255", 1);
	in_network("192.0.2.0/24", "192.0.3.0", 0);
	in_network("192.0.2.7", "192.0.2.7", 1);
	in_network("192.0.2.7", "192.0.2.8", 0);
	in_network("10.0.0.0/9", "10.127.255.255", 1);
	in_network("10.0.0.0/9", "10.128.0.0", 0);
	in_network("0.0.0.0/0", "203.0.113.9", 1);
	in_network("0.0.0.0/0", "2001:db8::1", 0);
	in_network("2001:db8::/32", "2001:db8:ffff::1", 1);
	in_network("2001:db8::/33", "2001:db8:8000::1", 0);
	in_network("::/0", "fe80::1", 1);
	in_network("::ffff:192.0.2.1", "::ffff:c000:201", 1);
	in_network("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", 1);
	in_network("1::", "1:0:0:0:0:0:0:0", 1);
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		struct network net;
		ok(!network_parse(BAD[i], &net), "'%s' is no network", BAD[i]);
	}
}

static void allow_lists(void)
{
	struct wake_policy policy;
	struct magic_packet packet = {.source_kind = SOURCE_IPV4,
		.source = {192, 0, 2, 7},
		.sender = {{2, 0, 0, 0, 0, 7}},
		.vlan = 10};

	wake_policy_defaults(&policy);
	is_number(wake_policy_judge_packet(&policy, &packet, "eth0"), REFUSED_NOT,
		"no list, no limit");

	snprintf(policy.interfaces[0], sizeof(policy.interfaces[0]), "br*");
	policy.interface_count = 1;
	is_number(wake_policy_judge_packet(&policy, &packet, "eth0"), REFUSED_INTERFACE,
		"eth0 is not br*");
	is_number(wake_policy_judge_packet(&policy, &packet, "br0"), REFUSED_NOT, "br0 is br*");

	policy.vlans[0] = (struct vlan_range){20, 30};
	policy.vlan_count = 1;
	is_number(wake_policy_judge_packet(&policy, &packet, "br0"), REFUSED_VLAN,
		"10 is not in 20-30");
	packet.vlan = 30;
	is_number(wake_policy_judge_packet(&policy, &packet, "br0"), REFUSED_NOT, "30 is");
	policy.vlan_count = 0;

	policy.senders[0] = (struct mac){{2, 0, 0, 0, 0, 8}};
	policy.sender_count = 1;
	is_number(wake_policy_judge_packet(&policy, &packet, "br0"), REFUSED_SENDER,
		"another sender");
	policy.senders[0].bytes[5] = 7;
	is_number(wake_policy_judge_packet(&policy, &packet, "br0"), REFUSED_NOT, "the sender");

	network_parse("198.51.100.0/24", &policy.networks[0]);
	policy.network_count = 1;
	is_number(wake_policy_judge_packet(&policy, &packet, "br0"), REFUSED_SENDER,
		"both lists must be satisfied");
	policy.sender_count = 0;
	packet.source_kind = SOURCE_MAC;
	is_number(wake_policy_judge_packet(&policy, &packet, "br0"), REFUSED_SENDER,
		"a packet without an IP address is in no network");
}

static enum refusal with_password(const char *demanded, const char *given, int length)
{
	struct machine_wake wake = {0};
	struct magic_packet packet = {.password_length = (uint8_t)length};

	machine_wake_set(&wake, "secureon", demanded);
	memcpy(packet.password, given, (size_t)length);
	return wake_policy_judge_machine(&wake, &packet);
}

static void machine_settings(void)
{
	struct magic_packet packet = {0};
	struct machine_wake wake = {0};

	is_number(with_password("01:02:03:04:05:06", "\1\2\3\4\5\6", 6), REFUSED_NOT,
		"six bytes fit");
	is_number(with_password("01-02-03-04", "\1\2\3\4", 4), REFUSED_NOT, "four bytes fit");
	is_number(with_password("01020304", "\1\2\3\4", 4), REFUSED_NOT, "without separators");
	is_number(with_password("192.0.2.1", "\300\0\2\1", 4), REFUSED_NOT, "a dotted quad");
	is_number(with_password("01:02:03:04:05:06", "\1\2\3\4\5\7", 6), REFUSED_SECUREON,
		"one byte is wrong");
	is_number(
		with_password("01:02:03:04", "\1\2\3\4\5\6", 6), REFUSED_SECUREON, "length counts");
	is_number(with_password("01:02:03:04:05:06", "", 0), REFUSED_SECUREON, "none given");
	is_number(with_password("secret", "\0\0\0\0\0\0", 6), REFUSED_SECUREON,
		"an unreadable password fits nothing");
	is_number(with_password("01:02:03:04:05", "\1\2\3\4", 4), REFUSED_SECUREON,
		"five bytes are unreadable");
	is_number(with_password("256.0.2.1", "\0\0\2\1", 4), REFUSED_SECUREON, "256 is no byte");
	is_number(with_password("", "", 0), REFUSED_SECUREON, "an empty password is unreadable");
	is_number(wake_policy_judge_machine(&wake, &packet), REFUSED_NOT,
		"nothing set, nothing demanded");
	packet.password_length = 6;
	is_number(wake_policy_judge_machine(&wake, &packet), REFUSED_NOT,
		"a password nobody asked for is tolerated");
	machine_wake_set(&wake, "allow", "YES");
	is_number(wake_policy_judge_machine(&wake, &packet), REFUSED_NOT, "allow=YES");
	machine_wake_set(&wake, "allow", "no");
	is_number(wake_policy_judge_machine(&wake, &packet), REFUSED_OPTED_OUT, "allow=no");
	is_text(wake.trouble, "", "plain words are no trouble");

	struct machine_wake odd = {0};
	machine_wake_set(&odd, "allow", "nein");
	is_number(wake_policy_judge_machine(&odd, &packet), REFUSED_OPTED_OUT,
		"a misspelt allow denies");
	is_text(odd.trouble_key, "allow", "and is told");
	struct machine_wake unknown = {0};
	machine_wake_set(&unknown, "alow", "no");
	is_text(unknown.trouble_key, "alow", "an unknown key is told");
}

static void state_is(enum machine_state state, enum machine_pause pause, enum wake_step want,
	int want_action, const char *want_reason)
{
	struct machine_status status = {state, pause};
	enum host_action action = (enum host_action) - 1;
	char reason[32];

	is_number(wake_step_for(&status, &action, reason), want, "%s/%s: the step",
		machine_state_name(state), machine_pause_name(pause));
	if (want == STEP_ACT)
		is_number(action, want_action, "… the action");
	is_text(reason, want_reason, "… the reason");
}

static void states(void)
{
	static const enum machine_pause OTHERS[] = {PAUSE_MIGRATION, PAUSE_SAVE, PAUSE_DUMP,
		PAUSE_IO_ERROR, PAUSE_WATCHDOG, PAUSE_SHUTTING_DOWN, PAUSE_CHECKPOINT,
		PAUSE_CRASHED, PAUSE_STARTING_UP, PAUSE_POSTCOPY, PAUSE_POSTCOPY_FAILED};

	state_is(STATE_OFF, 0, STEP_ACT, ACTION_START, "");
	state_is(STATE_SAVED, 0, STEP_ACT, ACTION_RESTORE, "");
	state_is(STATE_SUSPENDED, 0, STEP_ACT, ACTION_WAKEUP, "");
	state_is(STATE_PAUSED, PAUSE_ADMINISTRATOR, STEP_ACT, ACTION_RESUME, "");
	state_is(STATE_PAUSED, PAUSE_UNKNOWN, STEP_ACT, ACTION_RESUME, "");
	state_is(STATE_PAUSED, PAUSE_FROM_CHECKPOINT, STEP_ACT, ACTION_RESUME, "");
	for (size_t i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++) {
		char reason[32];
		snprintf(reason, sizeof(reason), "paused-%s", machine_pause_name(OTHERS[i]));
		state_is(STATE_PAUSED, OTHERS[i], STEP_REFUSE, 0, reason);
	}
	state_is(STATE_RUNNING, 0, STEP_RUNS, 0, "");
	state_is(STATE_STARTING, 0, STEP_RUNS, 0, "");
	state_is(STATE_STOPPING, 0, STEP_REFUSE, 0, "stopping");
	state_is(STATE_CRASHED, 0, STEP_REFUSE, 0, "crashed");
	state_is(STATE_OTHER, 0, STEP_REFUSE, 0, "state-unknown");
}

static int take_up_to(struct rate_bucket *bucket, const struct rate *rate, uint64_t now, int tries)
{
	int taken = 0;

	for (int i = 0; i < tries; i++) {
		if (!rate_bucket_has(bucket, rate, now))
			break;
		rate_bucket_take(bucket, rate, now);
		taken++;
	}
	return taken;
}

static void rates(void)
{
	struct rate ten_a_minute = {10, 60}, none = {0, 0}, one = {1, 1};
	struct rate_bucket bucket = {0}, other = {0}, free_one = {0};
	uint64_t now = 1000 * NS_PER_S;

	is_number(take_up_to(&bucket, &ten_a_minute, now, 100), 10, "ten at once");
	is_number(take_up_to(&bucket, &ten_a_minute, now + 5 * NS_PER_S, 100), 0, "then none");
	is_number(take_up_to(&bucket, &ten_a_minute, now + 6 * NS_PER_S, 100), 1,
		"one six seconds later");
	is_number(take_up_to(&bucket, &ten_a_minute, now + 3600 * NS_PER_S, 100), 10,
		"ten after a rest, not more");
	is_number(take_up_to(&free_one, &none, now, 100000), 100000, "no limit");
	is_number(take_up_to(&other, &one, now, 5), 1, "one a second: one");
	is_number(take_up_to(&other, &one, now + NS_PER_S - 1, 5), 0, "not a moment early");
	is_number(take_up_to(&other, &one, now + NS_PER_S, 5), 1, "the next in time");

	struct siphash_key key = {1, 2};
	struct rate_table *table = rate_table_new(&key);
	struct magic_packet a = {.source_kind = SOURCE_IPV4, .source = {192, 0, 2, 1}};
	struct magic_packet b = {.source_kind = SOURCE_IPV4, .source = {192, 0, 2, 2}};
	is_number(take_up_to(rate_table_get(table, &a, now), &one, now, 5), 1,
		"a sender has a bucket");
	is_number(
		take_up_to(rate_table_get(table, &b, now), &one, now, 5), 1, "another has its own");
	is_number(take_up_to(rate_table_get(table, &a, now), &one, now, 5), 0,
		"the first is remembered");
	for (uint32_t i = 0; i < 100000; i++) {
		struct magic_packet invented = {.source_kind = SOURCE_IPV4};
		memcpy(invented.source, &i, sizeof(i));
		rate_table_get(table, &invented, now + i);
	}
	ok(1, "a hundred thousand invented senders fit (the table does not grow)");
	rate_table_free(table);
}

int main(void)
{
	networks();
	allow_lists();
	machine_settings();
	states();
	rates();
	return tap_done();
}
