/* SPDX-License-Identifier: MIT */
/*
 * waker.h - from a frame to a wake
 *
 * Everything that is decided about waking, in one place and without a system call: which
 * machines have the address, whether the packet is a copy, whether the rules allow it, what is
 * recorded. The service feeds it frames, facts and results, each with the time, from one thread;
 * it answers through two functions. waker_frame() allocates nothing.
 */
#ifndef HYPERVIVE_WAKE_WAKER_H
#define HYPERVIVE_WAKE_WAKER_H

#include "base/siphash.h"
#include "event/event.h"
#include "wake/policy.h"

/* Where a request came from; what events tell of it. */
struct wake_origin {
	struct mac mac;
	bool has_mac; /* false: woken by name, and no adapter to name */
	char source[MAGIC_SOURCE_SIZE];
	char interface[FRAME_INTERFACE_SIZE];
	uint16_t vlan, inner_vlan;
	char user[64]; /* by command only */
};

/* One machine to be woken: travels to a worker and back. */
struct wake_job {
	struct uuid id;
	char name[MACHINE_NAME_SIZE];
	struct wake_origin origin;
	bool dry_run;
	bool believed_off; /* off when it was read last: may be tried without asking */
	/* Filled by the worker: */
	enum wake_step step;
	enum host_action action;
	bool acted;      /* the action was done; else error or reason says why not */
	char reason[32]; /* "" when there is none of our own */
	int64_t result_code;
	char result_text[512];
};

struct waker_ops {
	void *context;
	/* Now, microseconds since 1970, for event times. */
	int64_t (*time_us)(void *context);
	bool (*debug)(void *context); /* whether debug events are wanted at all */
	void (*emit)(void *context, const struct event *event);
	/* Takes a copy of the job; false when no more fit or the host is away (reason filled). */
	bool (*submit)(void *context, const struct wake_job *job, const char **reason);
};

struct waker;

struct waker *waker_new(const struct waker_ops *ops, const struct siphash_key *key);
void waker_free(struct waker *waker);

void waker_set_policy(struct waker *waker, const struct wake_policy *policy);

/* A frame, judged and acted on. */
void waker_frame(struct waker *waker, const struct frame *frame, uint64_t now_ns);

/* A job came back: records its end. */
void waker_job_done(struct waker *waker, const struct wake_job *job, uint64_t now_ns);

/* Inventory: see service/watch.h for the order. machine() returns false when memory is out. */
void waker_inventory_begin(struct waker *waker);
bool waker_inventory_machine(struct waker *waker, const struct machine *machine);
void waker_inventory_gone(struct waker *waker, const struct uuid *id);
void waker_inventory_complete(struct waker *waker);

struct waker_counters {
	uint64_t frames, magic, malformed, duplicates, unknown, accepted,
		refused[REFUSED_DRY_RUN + 1];
	uint64_t woken, failed, already_running;
	size_t machines, adapters;
};

void waker_counters(const struct waker *waker, struct waker_counters *counters);

/* Ends windows that are over, tells held refusals. Returns when to be called next, or UINT64_MAX.
 */
uint64_t waker_tick(struct waker *waker, uint64_t now_ns);

/* Puts where a request came from, all but its address. */
void wake_origin_put(const struct wake_origin *origin, struct event *event);

/* The end of a job as an event, shared with `hypervive wake`. */
void wake_job_event(const struct wake_job *job, struct event *event, int64_t time_us);

#endif
