/* SPDX-License-Identifier: MIT */
#include "wake/copies.h"

enum copies_state copies_find(const struct copies *copies, uint64_t digest, uint64_t now_ns)
{
	for (unsigned i = 0; i < COPIES_MAX; i++) {
		if (copies->seen[i].digest == digest && copies->seen[i].end_ns > now_ns)
			return copies->seen[i].state;
	}
	return COPY_NEW;
}

void copies_remember(
	struct copies *copies, uint64_t digest, enum copies_state state, uint64_t now_ns)
{
	unsigned place = copies->next;

	copies->seen[place].digest = digest;
	copies->seen[place].end_ns = now_ns + COPIES_WINDOW_NS;
	copies->seen[place].state = state;
	copies->next = (place + 1) % COPIES_MAX;
}

bool copies_hold(struct copies *copies, uint64_t digest, enum refusal refusal,
	const struct event *event, uint64_t now_ns)
{
	for (unsigned i = 0; i < COPIES_HELD_MAX; i++) {
		if (copies->held[i].tell_ns)
			continue;
		copies->held[i].digest = digest;
		copies->held[i].tell_ns = now_ns + COPIES_HOLD_NS;
		copies->held[i].refusal = refusal;
		copies->held[i].event = *event;
		copies->held_count++;
		return true;
	}
	return false;
}

void copies_drop_held(struct copies *copies, uint64_t digest)
{
	if (copies->held_count == 0)
		return;
	for (unsigned i = 0; i < COPIES_HELD_MAX; i++) {
		if (copies->held[i].tell_ns && copies->held[i].digest == digest) {
			copies->held[i].tell_ns = 0;
			copies->held_count--;
		}
	}
}

uint64_t copies_next_end(const struct copies *copies)
{
	uint64_t next = UINT64_MAX;

	if (copies->held_count == 0)
		return next;
	for (unsigned i = 0; i < COPIES_HELD_MAX; i++) {
		if (copies->held[i].tell_ns && copies->held[i].tell_ns < next)
			next = copies->held[i].tell_ns;
	}
	return next;
}

const struct event *copies_take_held(struct copies *copies, uint64_t now_ns, enum refusal *refusal)
{
	if (copies->held_count == 0)
		return NULL;
	for (unsigned i = 0; i < COPIES_HELD_MAX; i++) {
		if (copies->held[i].tell_ns && copies->held[i].tell_ns <= now_ns) {
			copies->held[i].tell_ns = 0;
			copies->held_count--;
			*refusal = copies->held[i].refusal;
			return &copies->held[i].event;
		}
	}
	return NULL;
}
