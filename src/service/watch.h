/* SPDX-License-Identifier: MIT */
/*
 * watch.h - keeps a host connected and its machines known
 *
 * A thread of its own connects, subscribes, lists, reads what changed, notices the loss of the
 * connection and starts over with back-off. What it learns it tells through struct
 * watch_listener, on its own thread, in an order that can be trusted: begin, machine*, complete
 * for a whole inventory (machines not told between begin and complete are gone); then single
 * machines and gone as they come, when they differ from what was told; lost ends all that until
 * the next begin. An inventory may be broken off: begin or lost follows it then. It may also be
 * taken anew without a loss.
 */
#ifndef HYPERVIVE_SERVICE_WATCH_H
#define HYPERVIVE_SERVICE_WATCH_H

#include "host/host.h"

struct watch;

struct watch_listener {
	void *context;
	void (*begin)(void *context);
	void (*machine)(void *context, const struct machine *machine);
	void (*gone)(void *context, const struct uuid *id);
	void (*complete)(void *context, const char *uri);
	/* Once an outage, also when the first connection fails. reason is one sentence. */
	void (*lost)(void *context, const char *reason);
	/* No notifications on this host: listed at intervals. Once a connection. */
	void (*polling)(void *context, const char *reason);
	/* The host began a job. On a thread of the host's, at any time; may be NULL. */
	void (*job)(void *context, const struct host_job *job);
};

struct watch *watch_new(const struct host_ops *ops, const char *uri,
	const struct watch_listener *listener, struct error *error);

/*
 * The connection of the moment for a worker's call, or NULL while it is lost; to be given back
 * with watch_release() (the connection is closed only after that).
 */
struct host *watch_acquire(struct watch *watch);
void watch_release(struct watch *watch, struct host *host);

/* Connects anew, to another URI (NULL: the default). */
void watch_reconnect(struct watch *watch, const char *uri);

/*
 * Ends the thread. A call that hangs in the host's library cannot be ended: after timeout_ms
 * the thread is left behind (false) and the process should end.
 */
bool watch_free(struct watch *watch, unsigned timeout_ms);

#endif
