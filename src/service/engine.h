/* SPDX-License-Identifier: MIT */
/*
 * engine.h - the service without its system
 *
 * Ties the waker (which decides) to the watch (which knows the machines), the workers (which
 * wait for the host) and the recorder. The platform's loop owns it: it calls the engine from one
 * thread, with frames, with the time, and when it was notified.
 */
#ifndef HYPERVIVE_SERVICE_ENGINE_H
#define HYPERVIVE_SERVICE_ENGINE_H

#include "event/recorder.h"
#include "host/host.h"
#include "wake/waker.h"

struct engine;

struct engine_options {
	const struct host_ops *host;
	const char *connect; /* NULL: the local host's default */
	struct recorder *recorder;
	struct siphash_key key; /* random */
	/* Wakes the loop up, which then calls engine_messages(). From any thread. */
	void (*notify)(void *context);
	void *notify_context;
};

int engine_new(
	struct engine **new_engine, const struct engine_options *options, struct error *error);

void engine_set_policy(struct engine *engine, const struct wake_policy *policy);
void engine_reconnect(struct engine *engine, const char *connect);

void engine_frame(struct engine *engine, const struct frame *frame, uint64_t now_ns);
void engine_messages(struct engine *engine, uint64_t now_ns);

/* Returns when it wants to be called next (UINT64_MAX: never). */
uint64_t engine_tick(struct engine *engine, uint64_t now_ns);

/*
 * Whether the machines were read once, or could not be: from then on a packet gets its answer.
 * The loop records 1100 then, with engine_put_facts().
 */
bool engine_is_settled(const struct engine *engine);
void engine_put_facts(const struct engine *engine, struct event *event);

void engine_counters(const struct engine *engine, struct waker_counters *counters);

/*
 * Ends everything. Jobs that run get a few seconds, jobs that wait are recorded as 3001. False:
 * a thread hangs in the host's library and was left behind; the process must end now.
 */
bool engine_free(struct engine *engine);

/*
 * Asks for the machine's state, decides and acts; fills the job's result. Blocks. Shared with
 * `hypervive wake`. recorder may be NULL (debug event 9008 goes there).
 */
void engine_run_job(const struct host_ops *ops, struct host *host, struct wake_job *job,
	struct recorder *recorder);

#endif
