/* SPDX-License-Identifier: MIT */
/*
 * copies.h - refused packets, remembered for a moment
 *
 * A frame that crosses the host is heard at the network adapter, at the bridge and at the port;
 * on Windows also by a socket, which sees neither its VLAN nor always its sender's MAC address.
 * When the first copy was refused the others must not be refused once more; and when it was
 * refused only for where or how it was heard, a copy that was heard better counts. So refusals
 * are remembered by a digest of what stays the same in all copies, and such a refusal is told
 * only after a while in which no copy was accepted.
 */
#ifndef HYPERVIVE_WAKE_COPIES_H
#define HYPERVIVE_WAKE_COPIES_H

#include <stdbool.h>
#include <stdint.h>

#include "event/event.h"
#include "wake/policy.h"

enum { COPIES_MAX = 128, COPIES_HELD_MAX = 32 };

#define COPIES_WINDOW_NS UINT64_C(1000000000) /* how long a copy may be on its way */
#define COPIES_HOLD_NS   UINT64_C(100000000)  /* how long a refusal is held */

enum copies_state {
	COPY_NEW,     /* none was seen */
	COPY_OPEN,    /* refused only for where or how it was heard */
	COPY_REFUSED, /* refused for good */
};

struct copies {
	struct {
		uint64_t digest;
		uint64_t end_ns;
		enum copies_state state;
	} seen[COPIES_MAX];
	unsigned next; /* the place that is written next */
	struct {
		uint64_t digest;
		uint64_t tell_ns; /* 0: free */
		enum refusal refusal;
		struct event event;
	} held[COPIES_HELD_MAX];
	unsigned held_count;
};

enum copies_state copies_find(const struct copies *copies, uint64_t digest, uint64_t now_ns);

void copies_remember(
	struct copies *copies, uint64_t digest, enum copies_state state, uint64_t now_ns);

/* Keeps the refusal's event for a while. False: no place, tell it now. */
bool copies_hold(struct copies *copies, uint64_t digest, enum refusal refusal,
	const struct event *event, uint64_t now_ns);

/* A copy was accepted: the refusal is not told. */
void copies_drop_held(struct copies *copies, uint64_t digest);

/* When the next held refusal is to be told; UINT64_MAX when none is held. */
uint64_t copies_next_end(const struct copies *copies);

/* A held refusal whose time has come, or NULL. Borrowed until the next call. */
const struct event *copies_take_held(struct copies *copies, uint64_t now_ns, enum refusal *refusal);

#endif
