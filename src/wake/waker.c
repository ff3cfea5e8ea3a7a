/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation
 *
 * A packet goes through these gates, in this order:
 *   1. magic_packet_parse(): none is dropped unseen, malformed is debug event 9009.
 *   2. the MAC index: an address that no machine has starts nothing and is only counted
 *      (with debug mode on it gets an exclusion window of its own, so that 9010 comes once).
 *   3. the exclusion window of the address: a copy, debug event 9013.
 *   4. copies of a packet that was refused a moment ago: see copies.h.
 *   5. the allow-lists, then each machine's own rules, then the rates. Rates are asked last,
 *      so that packets that are refused anyway use up nobody's share.
 *   6. accepted: the window opens, event 2000, and a job for each machine. Everything that
 *      needs the host (the machine's state, the start) happens in the job, on a worker.
 *
 * Only an accepted packet opens a window: otherwise a stranger could keep a machine asleep by
 * sending packets that are refused.
 */
#include "wake/waker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wake/waker_private.h"

enum { KNOWN_WINDOWS = 65536, UNKNOWN_WINDOWS = 4096 };

/* Refusals are recorded up to this rate for each reason; what is beyond is counted. */
static const struct rate REFUSAL_LOG_RATE = {.count = 60, .seconds = 60};

/* One packet on its way through the gates. */
struct passage {
	struct magic_packet packet;
	struct wake_origin origin;
	uint64_t digest;
	uint64_t now_ns;
};

struct waker *waker_new(const struct waker_ops *ops, const struct siphash_key *key)
{
	struct waker *waker = calloc(1, sizeof(*waker));

	if (!waker)
		return NULL;
	waker->ops = *ops;
	waker->key = *key;
	wake_policy_defaults(&waker->policy);
	waker->inventory = inventory_new(key->k0);
	waker->known = exclusion_new(KNOWN_WINDOWS, key->k1);
	waker->unknown = exclusion_new(UNKNOWN_WINDOWS, key->k1);
	waker->sender_rates = rate_table_new(key);
	if (!waker->inventory || !waker->known || !waker->unknown || !waker->sender_rates) {
		waker_free(waker);
		return NULL;
	}
	return waker;
}

void waker_free(struct waker *waker)
{
	if (!waker)
		return;
	inventory_free(waker->inventory);
	exclusion_free(waker->known);
	exclusion_free(waker->unknown);
	rate_table_free(waker->sender_rates);
	free(waker);
}

void waker_set_policy(struct waker *waker, const struct wake_policy *policy)
{
	waker->policy = *policy;
}

/* Events */

static void start_packet_event(
	const struct waker *waker, struct event *event, int id, const struct passage *passage)
{
	waker_start_event(waker, event, id);
	event_put_mac(event, FIELD_MAC, &passage->origin.mac);
	wake_origin_put(&passage->origin, event);
}

static void emit_packet_debug(const struct waker *waker, int id, const struct passage *passage)
{
	struct event event;

	if (!waker_debug(waker))
		return;
	start_packet_event(waker, &event, id, passage);
	waker_emit(waker, &event);
}

static void emit_mac_debug(const struct waker *waker, int id, const struct mac *mac)
{
	struct event event;

	if (!waker_debug(waker))
		return;
	waker_start_event(waker, &event, id);
	event_put_mac(&event, FIELD_MAC, mac);
	waker_emit(waker, &event);
}

/* Exclusion windows */

static void end_windows(const struct waker *waker, struct exclusion *windows, uint64_t now_ns)
{
	while (exclusion_next_end(windows) <= now_ns) {
		struct mac mac = exclusion_end_oldest(windows);

		emit_mac_debug(waker, 9011, &mac);
	}
}

static void open_window(const struct waker *waker, struct exclusion *windows, const struct mac *mac,
	uint64_t now_ns)
{
	if (exclusion_is_full(windows)) {
		struct mac oldest = exclusion_end_oldest(windows);

		emit_mac_debug(waker, 9011, &oldest);
	}
	exclusion_add(windows, mac, now_ns);
}

/* Refusals */

static void emit_refusal(
	struct waker *waker, struct event *event, enum refusal refusal, uint64_t now_ns)
{
	struct rate_bucket *bucket = &waker->refusal_log[refusal];

	if (!rate_bucket_has(bucket, &REFUSAL_LOG_RATE, now_ns)) {
		waker->suppressed[refusal]++;
		return;
	}
	rate_bucket_take(bucket, &REFUSAL_LOG_RATE, now_ns);
	if (waker->suppressed[refusal])
		event_put_number(event, FIELD_SUPPRESSED, (int64_t)waker->suppressed[refusal]);
	waker->suppressed[refusal] = 0;
	waker_emit(waker, event);
}

/* machine is NULL where the packet is refused for all that have the address. */
static void start_refusal(const struct waker *waker, struct event *event,
	const struct passage *passage, enum refusal refusal,
	const struct inventory_machine *machine)
{
	start_packet_event(waker, event, 2001, passage);
	event_put_text(event, FIELD_REASON, refusal_name(refusal));
	if (machine) {
		event_put_text(event, FIELD_VM_NAME, machine->name);
		event_put_uuid(event, FIELD_VM_ID, &machine->id);
	}
}

/* The machine with the address when it is just one, else NULL. */
static const struct inventory_machine *only_machine(
	const struct waker *waker, const struct passage *passage)
{
	const struct mac_index *macs = inventory_macs(waker->inventory);
	uint32_t at = mac_index_find(macs, &passage->packet.target), first, second;

	if (!mac_index_next(macs, &at, &first) || mac_index_next(macs, &at, &second))
		return NULL;
	return inventory_get(waker->inventory, first);
}

/* A socket hears a packet without its frame: no VLAN, and a sender only where it is known. */
static bool may_be_heard_better(const struct passage *passage, enum refusal refusal)
{
	return refusal == REFUSED_INTERFACE ||
	       ((refusal == REFUSED_SENDER || refusal == REFUSED_VLAN) &&
		       passage->packet.source_kind != SOURCE_MAC && !passage->packet.vlan &&
		       mac_is_zero(&passage->packet.sender));
}

static void refuse_packet(struct waker *waker, const struct passage *passage, enum refusal refusal)
{
	const bool open = may_be_heard_better(passage, refusal);
	struct event event;

	waker->counters.refused[refusal]++;
	copies_remember(
		&waker->copies, passage->digest, open ? COPY_OPEN : COPY_REFUSED, passage->now_ns);
	start_refusal(waker, &event, passage, refusal, only_machine(waker, passage));
	if (open && copies_hold(&waker->copies, passage->digest, refusal, &event, passage->now_ns))
		return;
	emit_refusal(waker, &event, refusal, passage->now_ns);
}

static void refuse_machine(struct waker *waker, const struct passage *passage, enum refusal refusal,
	const struct inventory_machine *machine)
{
	struct event event;

	waker->counters.refused[refusal]++;
	start_refusal(waker, &event, passage, refusal, machine);
	emit_refusal(waker, &event, refusal, passage->now_ns);
}

static enum refusal judge_machine(
	const struct inventory_machine *machine, const struct magic_packet *packet)
{
	return machine->wake ? wake_policy_judge_machine(machine->wake, packet) : REFUSED_NOT;
}

/* Jobs */

void waker_job_done(struct waker *waker, const struct wake_job *job, uint64_t now_ns)
{
	struct event event;
	uint32_t slot = inventory_find(waker->inventory, &job->id);

	if (slot)
		inventory_get(waker->inventory, slot)->waking = false;
	wake_job_event(job, &event, waker->ops.time_us(waker->ops.context));
	switch (event.id) {
	case 3000:
		waker->counters.woken++;
		break;
	case 3001:
		waker->counters.failed++;
		break;
	case 2001:
		waker->counters.refused[REFUSED_DRY_RUN]++;
		emit_refusal(waker, &event, REFUSED_DRY_RUN, now_ns);
		return;
	default:
		waker->counters.already_running++;
		break;
	}
	waker_emit(waker, &event);
}

static void wake_machine(
	struct waker *waker, const struct passage *passage, struct inventory_machine *machine)
{
	struct wake_job job = {.id = machine->id, .dry_run = waker->policy.dry_run};
	const char *reason = "";

	snprintf(job.name, sizeof(job.name), "%s", machine->name);
	job.origin = passage->origin;
	job.believed_off = machine->off;
	if (machine->waking) {
		job.step = STEP_RUNS;
		waker_job_done(waker, &job, passage->now_ns);
		machine->waking = true;
		return;
	}
	if (waker->ops.submit(waker->ops.context, &job, &reason)) {
		machine->waking = true;
		return;
	}
	job.step = STEP_REFUSE;
	snprintf(job.reason, sizeof(job.reason), "%s", reason);
	waker_job_done(waker, &job, passage->now_ns);
}

/* Whether any machine with the address accepts; tells the refusals when none does. */
static bool any_accepts(struct waker *waker, const struct passage *passage)
{
	const struct mac_index *macs = inventory_macs(waker->inventory);
	uint32_t at = mac_index_find(macs, &passage->packet.target), slot;

	while (mac_index_next(macs, &at, &slot)) {
		const struct inventory_machine *machine = inventory_get(waker->inventory, slot);

		if (judge_machine(machine, &passage->packet) == REFUSED_NOT)
			return true;
	}
	copies_remember(&waker->copies, passage->digest, COPY_REFUSED, passage->now_ns);
	at = mac_index_find(macs, &passage->packet.target);
	while (mac_index_next(macs, &at, &slot)) {
		const struct inventory_machine *machine = inventory_get(waker->inventory, slot);

		refuse_machine(waker, passage, judge_machine(machine, &passage->packet), machine);
	}
	return false;
}

static void accept_packet(struct waker *waker, const struct passage *passage)
{
	const struct mac_index *macs = inventory_macs(waker->inventory);
	uint32_t at = mac_index_find(macs, &passage->packet.target), slot;

	waker->counters.accepted++;
	copies_drop_held(&waker->copies, passage->digest);
	open_window(waker, waker->known, &passage->packet.target, passage->now_ns);
	if (!waker->policy.dry_run) {
		struct event event;

		start_packet_event(waker, &event, 2000, passage);
		waker_emit(waker, &event);
	}
	while (mac_index_next(macs, &at, &slot)) {
		struct inventory_machine *machine = inventory_get(waker->inventory, slot);
		enum refusal refusal = judge_machine(machine, &passage->packet);

		if (refusal == REFUSED_NOT)
			wake_machine(waker, passage, machine);
		else
			refuse_machine(waker, passage, refusal, machine);
	}
}

/* A token of the total and one of the sender's, both or none. */
static bool take_rates(struct waker *waker, const struct passage *passage)
{
	const struct wake_policy *policy = &waker->policy;
	struct rate_bucket *sender =
		rate_table_get(waker->sender_rates, &passage->packet, passage->now_ns);

	if (!rate_bucket_has(&waker->total_rate, &policy->total_rate, passage->now_ns) ||
		!rate_bucket_has(sender, &policy->sender_rate, passage->now_ns))
		return false;
	rate_bucket_take(&waker->total_rate, &policy->total_rate, passage->now_ns);
	rate_bucket_take(sender, &policy->sender_rate, passage->now_ns);
	return true;
}

/* The gates */

static void pass_unknown(struct waker *waker, const struct passage *passage)
{
	const struct mac *mac = &passage->packet.target;

	waker->counters.unknown++;
	if (!waker_debug(waker))
		return;
	if (exclusion_contains(waker->unknown, mac)) {
		emit_packet_debug(waker, 9013, passage);
		return;
	}
	emit_packet_debug(waker, 9010, passage);
	open_window(waker, waker->unknown, mac, passage->now_ns);
}

static void duplicate(struct waker *waker, const struct passage *passage)
{
	waker->counters.duplicates++;
	emit_packet_debug(waker, 9013, passage);
}

static void pass_known(struct waker *waker, const struct passage *passage)
{
	enum copies_state before;

	if (exclusion_contains(waker->known, &passage->packet.target)) {
		duplicate(waker, passage);
		return;
	}
	before = copies_find(&waker->copies, passage->digest, passage->now_ns);
	if (before == COPY_REFUSED) {
		duplicate(waker, passage);
		return;
	}
	enum refusal refusal = wake_policy_judge_packet(
		&waker->policy, &passage->packet, passage->origin.interface);
	if (before == COPY_OPEN && refusal != REFUSED_NOT) {
		duplicate(waker, passage);
		return;
	}
	if (before == COPY_NEW)
		emit_packet_debug(waker, 9010, passage);
	if (refusal != REFUSED_NOT)
		refuse_packet(waker, passage, refusal);
	else if (!any_accepts(waker, passage))
		return;
	else if (!take_rates(waker, passage))
		refuse_packet(waker, passage, REFUSED_RATE);
	else
		accept_packet(waker, passage);
}

static void fill_origin(struct passage *passage, const struct frame *frame)
{
	const struct magic_packet *packet = &passage->packet;
	struct wake_origin *origin = &passage->origin;

	origin->mac = packet->target;
	origin->has_mac = true;
	magic_packet_source(packet, origin->source);
	memcpy(origin->interface, frame->interface, sizeof(origin->interface));
	origin->vlan = packet->vlan;
	origin->inner_vlan = packet->inner_vlan;
}

static void malformed(struct waker *waker, const struct passage *passage)
{
	struct event event;

	waker->counters.malformed++;
	if (!waker_debug(waker))
		return;
	waker_start_event(waker, &event, 9009);
	wake_origin_put(&passage->origin, &event);
	event_put_text(&event, FIELD_REASON, passage->packet.problem);
	waker_emit(waker, &event);
}

/* The frame's part that all copies share, in one number; a bare frame's sender belongs to it. */
static uint64_t digest_of(
	const struct waker *waker, const struct frame *frame, const struct magic_packet *packet)
{
	size_t end = packet->body_offset + packet->body_length;
	size_t before = packet->checksum_offset ? packet->checksum_offset : end;
	size_t after = packet->checksum_offset ? packet->checksum_offset + 2 : end;
	uint64_t parts[3] = {0};

	if (packet->source_kind == SOURCE_MAC)
		memcpy(parts, packet->sender.bytes, sizeof(packet->sender.bytes));
	parts[1] = siphash13(
		&waker->key, frame->bytes + packet->body_offset, before - packet->body_offset);
	parts[2] = siphash13(&waker->key, frame->bytes + after, end - after);
	return siphash13(&waker->key, parts, sizeof(parts));
}

void waker_frame(struct waker *waker, const struct frame *frame, uint64_t now_ns)
{
	struct passage passage = {.now_ns = now_ns};
	enum magic_verdict verdict = magic_packet_parse(frame, &passage.packet);
	const struct mac *mac = &passage.packet.target;

	waker->counters.frames++;
	if (verdict == MAGIC_NONE)
		return;
	fill_origin(&passage, frame);
	if (verdict == MAGIC_MALFORMED) {
		malformed(waker, &passage);
		return;
	}
	waker->counters.magic++;
	end_windows(waker, waker->known, now_ns);
	end_windows(waker, waker->unknown, now_ns);
	if ((mac_is_zero(mac) && !waker->policy.wake_unassigned) ||
		!mac_index_find(inventory_macs(waker->inventory), mac)) {
		pass_unknown(waker, &passage);
		return;
	}
	passage.digest = digest_of(waker, frame, &passage.packet);
	pass_known(waker, &passage);
}

uint64_t waker_tick(struct waker *waker, uint64_t now_ns)
{
	const struct event *held;
	enum refusal refusal;

	end_windows(waker, waker->known, now_ns);
	end_windows(waker, waker->unknown, now_ns);
	while ((held = copies_take_held(&waker->copies, now_ns, &refusal))) {
		struct event event = *held;

		emit_refusal(waker, &event, refusal, now_ns);
	}
	uint64_t next = copies_next_end(&waker->copies);

	/* The end of a window is worth waking up for only when it is told; else the next frame sees
	 * it. */
	if (!waker_debug(waker))
		return next;
	uint64_t known = exclusion_next_end(waker->known);
	uint64_t unknown = exclusion_next_end(waker->unknown);
	if (known < next)
		next = known;
	return unknown < next ? unknown : next;
}

void waker_counters(const struct waker *waker, struct waker_counters *counters)
{
	*counters = waker->counters;
	counters->machines = inventory_machine_count(waker->inventory);
	counters->adapters = inventory_adapter_count(waker->inventory);
}
