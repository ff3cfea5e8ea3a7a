/* SPDX-License-Identifier: MIT */
/*
 * The waker from frames to events: each gate, copies on several adapters, machines that share
 * an address, floods. Time is an argument, so five seconds pass at once.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "tap.h"
#include "wake/waker.h"

#define S NS_PER_S

static struct {
	int ids[512];
	char text[512][200];
	size_t count;
	struct wake_job jobs[64];
	size_t job_count;
	const char *refuse_jobs; /* reason, or NULL */
	bool debug;
} seen;

static int64_t time_us(void *context)
{
	(void)context;
	return 1;
}

static bool debug(void *context)
{
	(void)context;
	return seen.debug;
}

static void emit(void *context, const struct event *event)
{
	struct buffer buffer = {0};

	(void)context;
	event_message(event, &buffer);
	if (seen.count < 512) {
		seen.ids[seen.count] = event->id;
		snprintf(seen.text[seen.count++], sizeof(seen.text[0]), "%s", buffer.data);
	}
	buffer_free(&buffer);
}

static bool submit(void *context, const struct wake_job *job, const char **reason)
{
	(void)context;
	if (seen.refuse_jobs) {
		*reason = seen.refuse_jobs;
		return false;
	}
	if (seen.job_count < 64)
		seen.jobs[seen.job_count] = *job;
	seen.job_count++;
	return true;
}

static size_t count_of(int id)
{
	size_t count = 0;

	for (size_t i = 0; i < seen.count; i++)
		count += seen.ids[i] == id;
	return count;
}

static const char *text_of(int id)
{
	for (size_t i = 0; i < seen.count; i++) {
		if (seen.ids[i] == id)
			return seen.text[i];
	}
	return "";
}

static void forget(void)
{
	seen.count = seen.job_count = 0;
}

static struct waker *new_waker(void)
{
	const struct waker_ops ops = {NULL, time_us, debug, emit, submit};
	const struct siphash_key key = {1, 2};

	memset(&seen, 0, sizeof(seen));
	return waker_new(&ops, &key);
}

static void add(struct waker *waker, uint8_t id, const char *name, uint8_t mac, const char *key,
	const char *value)
{
	struct machine machine = {.id = {{id}}};

	snprintf(machine.name, sizeof(machine.name), "%s", name);
	machine_add_adapter(&machine)->mac =
		mac ? (struct mac){{0x52, 0x54, 0, 0, 0, mac}} : (struct mac){{0}};
	if (key)
		machine_wake_set(&machine.wake, key, value);
	ok(waker_inventory_machine(waker, &machine), "machine %s is known", name);
	machine_clear(&machine);
}

struct sent {
	uint8_t mac;
	uint8_t source; /* last byte of 192.0.2.x */
	uint8_t ip_id;  /* tells packets from copies */
	const char *interface;
	uint16_t vlan;
	const char *password; /* 4 bytes, or NULL */
	bool broken;
	bool bare;   /* heard by a socket: without its Ethernet header */
	bool summed; /* with a UDP checksum, as behind an adapter that adds it */
};

/* A frame by hand: Ethernet, IPv4, UDP to port 9. */
static void send(struct waker *waker, struct sent sent, uint64_t now)
{
	uint8_t bytes[200] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, sent.source, 8, 0};
	size_t payload = 102 + (sent.password ? 4 : 0), at = 42;
	uint8_t ip[20] = {0x45, 0, 0, (uint8_t)(28 + payload), 0, sent.ip_id, 0, 0, 64, 17, 0, 0,
		192, 0, 2, sent.source, 255, 255, 255, 255};
	uint8_t udp[8] = {4, 0, 0, 9, 0, (uint8_t)(8 + payload), 0, 0};
	uint8_t mac[6] = {0x52, 0x54, 0, 0, 0, sent.mac};

	memcpy(bytes + 14, ip, sizeof(ip));
	memcpy(bytes + 34, udp, sizeof(udp));
	memset(bytes + at, 0xff, 6);
	for (int i = 0; i < 16; i++) {
		if (sent.mac)
			memcpy(bytes + at + 6 + 6 * i, mac, 6);
	}
	if (sent.password)
		memcpy(bytes + at + 102, sent.password, 4);
	bytes[40] = sent.summed ? 0x5a : 0;
	if (sent.broken)
		bytes[at + 100] ^= 1;

	size_t skipped = sent.bare ? 14 : 0;
	struct frame frame = {.bytes = bytes + skipped,
		.length = at + payload - skipped,
		.wire_length = at + payload - skipped,
		.link = sent.bare ? FRAME_IP : FRAME_ETHERNET,
		.has_tag = sent.vlan != 0,
		.tag = sent.vlan};
	snprintf(frame.interface, sizeof(frame.interface), "%s",
		sent.interface ? sent.interface : "br0");
	waker_frame(waker, &frame, now);
}

static void plain_wake(void)
{
	struct waker *waker = new_waker();

	add(waker, 1, "web01", 1, NULL, NULL);
	send(waker, (struct sent){.mac = 1, .source = 7, .vlan = 10}, 100 * S);
	is_number(count_of(2000), 1, "one 2000");
	is_text(text_of(2000), "Magic packet for 52:54:00:00:00:01 from 192.0.2.7 on br0, VLAN 10",
		"with its facts");
	is_number(seen.job_count, 1, "one job");
	is_text(seen.jobs[0].name, "web01", "for the machine");
	send(waker, (struct sent){.mac = 1, .source = 7, .interface = "vnet0"}, 100 * S + 1);
	send(waker, (struct sent){.mac = 1, .source = 9, .ip_id = 3}, 104 * S);
	is_number(count_of(2000), 1, "copies and repetitions within five seconds are one wake");
	ok(waker_tick(waker, 104 * S) == UINT64_MAX,
		"nobody has to wake up for the end of the window");
	seen.jobs[0].acted = true;
	seen.jobs[0].action = ACTION_START;
	waker_job_done(waker, &seen.jobs[0], 101 * S);
	is_text(text_of(3000), "web01 runs (start), woken by 192.0.2.7 for 52:54:00:00:00:01",
		"3000");
	send(waker, (struct sent){.mac = 1, .source = 7}, 105 * S);
	is_number(count_of(2000), 2,
		"after five seconds it is listened to again, copies did not extend it");
	send(waker, (struct sent){.mac = 2, .source = 7}, 100 * S);
	send(waker, (struct sent){.mac = 1, .source = 7, .broken = true}, 120 * S);
	is_number(seen.count, 3, "an unknown address and a malformed packet record nothing");
	waker_free(waker);
}

static void in_debug_mode(void)
{
	struct waker *waker = new_waker();

	seen.debug = true;
	waker_inventory_begin(waker);
	add(waker, 1, "web01", 1, NULL, NULL);
	is_number(count_of(9004), 0, "the first listing tells no single adapter");
	waker_inventory_complete(waker);
	is_number(count_of(9003), 1, "but how many there are");
	add(waker, 2, "web02", 2, NULL, NULL);
	is_number(count_of(9004), 1, "a later one is told");
	add(waker, 2, "web02", 3, NULL, NULL);
	is_number(count_of(9005), 1, "its change too");
	waker_inventory_gone(waker, &(struct uuid){{2}});
	is_number(count_of(9007), 1, "and its end");
	forget();

	send(waker, (struct sent){.mac = 1, .source = 7, .broken = true}, 100 * S);
	is_number(count_of(9009), 1, "9009: malformed");
	send(waker, (struct sent){.mac = 1, .source = 7}, 100 * S);
	is_number(count_of(9010) + count_of(2000), 2,
		"a malformed packet opened no window: 9010, 2000");
	send(waker, (struct sent){.mac = 1, .source = 7}, 101 * S);
	is_number(count_of(9013), 1, "9013: a copy");
	send(waker, (struct sent){.mac = 9, .source = 7}, 101 * S);
	send(waker, (struct sent){.mac = 9, .source = 7}, 102 * S);
	is_number(count_of(9010), 2, "9010 for an unknown address too");
	is_number(count_of(9013), 2, "and 9013 for its copy");
	is_number(waker_tick(waker, 104 * S) / S, 105, "the next end of a window is known");
	is_number(count_of(9011), 0, "no window has ended yet");
	is_number(waker_tick(waker, 105 * S) / S, 106, "then the next");
	is_number(count_of(9011), 1, "9011: the window has ended");
	is_number(waker_tick(waker, 200 * S), -1, "nothing more to wait for");
	forget();
	send(waker, (struct sent){.mac = 1, .source = 7}, 300 * S);
	is_number(count_of(9015), 1, "9015: a machine whose job is still under way");
	waker_free(waker);
}

static void several_machines(void)
{
	struct waker *waker = new_waker();

	add(waker, 1, "a", 5, NULL, NULL);
	add(waker, 2, "b", 5, NULL, NULL);
	add(waker, 3, "c", 5, "allow", "no");
	add(waker, 4, "d", 5, "secureon", "1.2.3.4");
	send(waker, (struct sent){.mac = 5, .source = 7}, 100 * S);
	is_number(count_of(2000), 1, "one 2000 for all");
	is_number(seen.job_count, 2, "two machines are woken");
	is_number(count_of(2001), 2, "two refuse");
	waker_free(waker);
}

static void machine_refuses(void)
{
	struct waker *waker = new_waker();

	add(waker, 1, "safe", 1, "secureon", "1.2.3.4");
	send(waker, (struct sent){.mac = 1, .source = 7}, 100 * S);
	is_number(count_of(2000), 0, "no 2000 for a refused packet");
	is_text(text_of(2001),
		"Magic packet for 52:54:00:00:00:01 from 192.0.2.7 refused: secureon (safe) on br0",
		"2001 names machine and reason");
	send(waker, (struct sent){.mac = 1, .source = 7, .interface = "vnet3"}, 100 * S + 5);
	send(waker, (struct sent){.mac = 1, .source = 7, .interface = "eth0", .summed = true},
		100 * S + 5);
	is_number(count_of(2001), 1, "its copies elsewhere are not refused once more");
	send(waker, (struct sent){.mac = 1, .source = 7, .ip_id = 2, .password = "\1\2\3\5"},
		100 * S + 6);
	is_number(count_of(2001), 2, "another packet is");
	send(waker, (struct sent){.mac = 1, .source = 7, .ip_id = 3, .password = "\1\2\3\4"},
		100 * S + 7);
	is_number(count_of(2000), 1, "refusals open no window: the right password wakes at once");
	is_number(seen.job_count, 1, "the machine");
	waker_free(waker);
}

static void allowed_interfaces(void)
{
	struct waker *waker = new_waker();
	struct wake_policy policy;

	wake_policy_defaults(&policy);
	snprintf(policy.interfaces[0], sizeof(policy.interfaces[0]), "br0");
	policy.interface_count = 1;
	waker_set_policy(waker, &policy);
	add(waker, 1, "web01", 1, NULL, NULL);
	send(waker, (struct sent){.mac = 1, .source = 7, .interface = "eth0"}, 100 * S);
	is_number(seen.count, 0, "heard on another adapter: held for a moment");
	send(waker, (struct sent){.mac = 1, .source = 7, .interface = "br0"}, 100 * S + 1000);
	is_number(count_of(2000), 1, "the copy on the allowed adapter counts");
	waker_tick(waker, 101 * S);
	is_number(count_of(2001), 0, "and nothing was refused");
	forget();
	send(waker, (struct sent){.mac = 1, .source = 7, .ip_id = 1, .interface = "eth0"}, 200 * S);
	send(waker, (struct sent){.mac = 1, .source = 7, .ip_id = 1, .interface = "eth1"}, 200 * S);
	is_number(waker_tick(waker, 200 * S) - 200 * S, 100 * NS_PER_MS, "it is told after 100 ms");
	waker_tick(waker, 201 * S);
	is_number(count_of(2001), 1, "once, when no copy was allowed");
	is_number(seen.job_count, 0, "and nothing is woken");
	waker_free(waker);
}

static void allowed_vlans(void)
{
	struct waker *waker = new_waker();
	struct wake_policy policy;

	wake_policy_defaults(&policy);
	policy.vlan_count = 1; /* untagged only */
	waker_set_policy(waker, &policy);
	add(waker, 1, "web01", 1, NULL, NULL);
	send(waker, (struct sent){.mac = 1, .source = 7, .vlan = 20, .interface = "eth0"}, 100 * S);
	is_number(count_of(2001), 1, "VLAN 20 is refused");
	send(waker, (struct sent){.mac = 1, .source = 7, .interface = "eth0.20"}, 100 * S + 10);
	is_number(seen.job_count, 0, "its untagged copy on the VLAN device does not slip through");
	send(waker, (struct sent){.mac = 1, .source = 7, .ip_id = 2, .interface = "eth0"},
		100 * S + 20);
	is_number(seen.job_count, 1, "an untagged packet of its own wakes");
	waker_free(waker);
}

/* On Windows a socket hears a packet without its frame, and another capture hears the frame. */
static void heard_twice(void)
{
	struct waker *waker = new_waker();
	struct wake_policy policy;

	wake_policy_defaults(&policy);
	policy.senders[0] = (struct mac){{2, 0, 0, 0, 0, 7}};
	policy.sender_count = 1;
	waker_set_policy(waker, &policy);
	add(waker, 1, "web01", 1, NULL, NULL);
	send(waker, (struct sent){.mac = 1, .source = 7, .bare = true}, 100 * S);
	is_number(seen.count, 0, "a sender that is not known: held for a moment");
	send(waker, (struct sent){.mac = 1, .source = 7}, 100 * S + 1000);
	is_number(count_of(2000), 1, "the frame of the allowed sender counts");
	waker_tick(waker, 101 * S);
	is_number(count_of(2001), 0, "and nothing was refused");
	forget();
	send(waker, (struct sent){.mac = 1, .source = 8, .ip_id = 1, .bare = true}, 200 * S);
	send(waker, (struct sent){.mac = 1, .source = 8, .ip_id = 1}, 200 * S + 1000);
	waker_tick(waker, 201 * S);
	is_number(count_of(2001), 1, "another sender is refused once");
	is_text(text_of(2001),
		"Magic packet for 52:54:00:00:00:01 from 192.0.2.8 refused: sender (web01) on br0",
		"for being the sender");
	is_number(count_of(2000), 0, "and wakes nothing");
	waker_free(waker);
}

static void rate_limits(void)
{
	struct waker *waker = new_waker();
	struct wake_policy policy;

	wake_policy_defaults(&policy);
	policy.sender_rate = (struct rate){2, 60};
	policy.total_rate = (struct rate){3, 60};
	waker_set_policy(waker, &policy);
	for (uint8_t i = 1; i <= 9; i++)
		add(waker, i, "m", i, NULL, NULL);
	for (uint8_t i = 1; i <= 3; i++)
		send(waker, (struct sent){.mac = i, .source = 7, .ip_id = i}, 100 * S);
	is_number(count_of(2000), 2, "two of one sender");
	is_number(count_of(2001), 1, "the third is refused");
	send(waker, (struct sent){.mac = 4, .source = 8, .ip_id = 4}, 100 * S);
	is_number(count_of(2000), 3, "another sender has its own share");
	send(waker, (struct sent){.mac = 5, .source = 9, .ip_id = 5}, 100 * S);
	is_number(count_of(2000), 3, "of the total");
	send(waker, (struct sent){.mac = 3, .source = 7, .ip_id = 6}, 161 * S);
	is_number(count_of(2000), 4, "a minute later it is listened to again");
	waker_free(waker);
}

static void unassigned(void)
{
	struct waker *waker = new_waker();
	struct wake_policy policy;

	add(waker, 1, "a", 0, NULL, NULL);
	add(waker, 2, "b", 0, NULL, NULL);
	add(waker, 3, "c", 1, NULL, NULL);
	uint8_t bytes[14 + 102] = {[12] = 0x08, [13] = 0x42};
	memset(bytes + 14, 0xff, 6);
	struct frame frame = {
		.bytes = bytes, .length = sizeof(bytes), .wire_length = sizeof(bytes)};
	waker_frame(waker, &frame, 100 * S);
	is_number(seen.job_count, 2, "00:00:00:00:00:00 wakes those without an address");
	wake_policy_defaults(&policy);
	policy.wake_unassigned = false;
	waker_set_policy(waker, &policy);
	forget();
	waker_frame(waker, &frame, 200 * S);
	is_number(seen.count + seen.job_count, 0, "wake-unassigned = no switches that off");
	waker_free(waker);
}

static void host_away(void)
{
	struct waker *waker = new_waker();

	add(waker, 1, "web01", 1, NULL, NULL);
	seen.refuse_jobs = "host-unreachable";
	send(waker, (struct sent){.mac = 1, .source = 7}, 100 * S);
	is_number(count_of(2000), 1, "accepted");
	is_text(text_of(3001),
		"web01 was not woken for 52:54:00:00:00:01 by 192.0.2.7: host-unreachable",
		"and 3001 says why it does not run");
	seen.refuse_jobs = NULL;
	waker_tick(waker, 200 * S);
	is_number(seen.job_count, 0, "it is not woken later");
	send(waker, (struct sent){.mac = 1, .source = 7}, 201 * S);
	is_number(seen.job_count, 1, "but by the next packet");
	waker_free(waker);
}

static void dry_run(void)
{
	struct waker *waker = new_waker();
	struct wake_policy policy;

	wake_policy_defaults(&policy);
	policy.dry_run = true;
	waker_set_policy(waker, &policy);
	add(waker, 1, "web01", 1, NULL, NULL);
	send(waker, (struct sent){.mac = 1, .source = 7}, 100 * S);
	ok(seen.job_count == 1 && seen.jobs[0].dry_run, "the job knows that it is a dry run");
	seen.jobs[0].action = ACTION_RESUME;
	waker_job_done(waker, &seen.jobs[0], 100 * S);
	is_number(count_of(2000) + count_of(3000), 0, "neither 2000 nor 3000");
	is_text(text_of(2001),
		"Magic packet for 52:54:00:00:00:01 from 192.0.2.7 refused: dry-run (web01) on br0",
		"2001 with dry-run");
	waker_free(waker);
}

static void refused_jobs_and_results(void)
{
	struct wake_job job = {.step = STEP_ACT, .result_code = 55, .result_text = "no disk"};
	struct event event;
	int64_t code;

	wake_job_event(&job, &event, 1);
	is_number(event.id, 3001, "a start that failed");
	is_text(event_text(&event, FIELD_RESULT_TEXT), "no disk", "with the host's text");
	ok(event_number(&event, FIELD_RESULT_CODE, &code) && code == 55, "and number");
	job.step = STEP_RUNS;
	wake_job_event(&job, &event, 1);
	is_number(event.id, 9015, "a machine that runs is no error");
	job = (struct wake_job){.step = STEP_REFUSE, .reason = "paused-io-error"};
	wake_job_event(&job, &event, 1);
	is_text(event_text(&event, FIELD_REASON), "paused-io-error", "a state that forbids it");
	job = (struct wake_job){.step = STEP_ACT, .dry_run = true, .reason = "host-unreachable"};
	wake_job_event(&job, &event, 1);
	is_number(event.id, 3001, "a dry run that could not ask says so");
}

static void troubles(void)
{
	struct waker *waker = new_waker();

	add(waker, 1, "web01", 1, "allow", "nein");
	is_number(count_of(1050), 1, "a setting of a machine that cannot be used is told");
	add(waker, 1, "web01", 1, "allow", "nein");
	is_number(count_of(1050), 1, "once");
	add(waker, 1, "web01", 1, "allow", "niet");
	is_number(count_of(1050), 2, "and again when it has changed");

	struct machine machine = {.id = {{2}}, .name = "odd", .unusable_adapters = 1};
	waker_inventory_machine(waker, &machine);
	waker_inventory_machine(waker, &machine);
	is_number(count_of(1021), 1, "an adapter without a readable address is told once");
	waker_free(waker);
}

static void floods(void)
{
	struct waker *waker = new_waker();
	struct waker_counters counters;

	add(waker, 1, "safe", 1, "allow", "no");
	for (int i = 0; i < 100000; i++)
		send(waker,
			(struct sent){.mac = 1, .source = (uint8_t)i, .ip_id = (uint8_t)(i >> 8)},
			100 * S + (uint64_t)i * 1000);
	ok(count_of(2001) <= 61, "a flood of refused packets is %zu lines", count_of(2001));
	send(waker, (struct sent){.mac = 1, .source = 1, .ip_id = 9}, 200 * S);
	ok(strstr(seen.text[seen.count - 1], " more like it"), "the next line tells how many: %s",
		seen.text[seen.count - 1]);
	seen.debug = true;
	for (int i = 0; i < 100000; i++) {
		uint8_t bytes[14 + 102] = {[12] = 0x08, [13] = 0x42};
		memset(bytes + 14, 0xff, 6);
		for (int k = 0; k < 16; k++) {
			uint8_t mac[6] = {
				2, 0, 0, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
			memcpy(bytes + 20 + 6 * k, mac, 6);
		}
		struct frame frame = {
			.bytes = bytes, .length = sizeof(bytes), .wire_length = sizeof(bytes)};
		waker_frame(waker, &frame, 300 * S);
	}
	waker_counters(waker, &counters);
	is_number(counters.unknown, 100000, "a hundred thousand invented addresses are counted");
	is_number(counters.machines, 1, "and that is all they cost");
	waker_free(waker);
}

int main(void)
{
	plain_wake();
	in_debug_mode();
	several_machines();
	machine_refuses();
	allowed_interfaces();
	heard_twice();
	allowed_vlans();
	rate_limits();
	unassigned();
	host_away();
	dry_run();
	refused_jobs_and_results();
	troubles();
	floods();
	return tap_done();
}
