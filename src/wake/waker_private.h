/* SPDX-License-Identifier: MIT */
/* waker_private.h - what waker.c and waker_inventory.c share; nobody else includes it */
#ifndef HYPERVIVE_WAKE_WAKER_PRIVATE_H
#define HYPERVIVE_WAKE_WAKER_PRIVATE_H

#include "wake/copies.h"
#include "wake/exclusion.h"
#include "wake/inventory.h"
#include "wake/rate.h"
#include "wake/waker.h"

struct waker {
	struct waker_ops ops;
	struct siphash_key key;
	struct wake_policy policy;
	struct inventory *inventory;
	struct exclusion *known, *unknown;
	struct rate_table *sender_rates;
	struct rate_bucket total_rate;
	struct rate_bucket refusal_log[REFUSED_DRY_RUN + 1];
	uint64_t suppressed[REFUSED_DRY_RUN + 1];
	struct copies copies;
	bool listed; /* an inventory was complete once: changes are told from now on */
	struct waker_counters counters;
};

static inline void waker_start_event(const struct waker *waker, struct event *event, int id)
{
	event_start(event, id, waker->ops.time_us(waker->ops.context));
}

static inline void waker_emit(const struct waker *waker, const struct event *event)
{
	waker->ops.emit(waker->ops.context, event);
}

static inline bool waker_debug(const struct waker *waker)
{
	return waker->ops.debug(waker->ops.context);
}

#endif
