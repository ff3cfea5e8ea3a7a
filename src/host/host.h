/* SPDX-License-Identifier: MIT */
/*
 * host.h - what every kind of virtualization host offers
 *
 * One table of functions, one implementation a folder: libvirt/ on Linux, hyperv/ on Windows.
 * All calls may block for as long as the host's management service likes, and are made from
 * worker threads (or from commands), never from the thread that decides. Every call may be made
 * from several threads at once. Listener functions are called on a thread of the host's own and
 * must only pass on what they are told.
 */
#ifndef HYPERVIVE_HOST_HOST_H
#define HYPERVIVE_HOST_HOST_H

#include "base/error.h"
#include "host/machine.h"

struct host; /* one connection */

enum host_access { HOST_READ_ONLY, HOST_READ_WRITE };

/* What to do to a machine so that it runs. */
enum host_action {
	ACTION_START,   /* off -> running */
	ACTION_RESTORE, /* saved -> running */
	ACTION_RESUME,  /* paused -> running */
	ACTION_WAKEUP,  /* guest sleep -> running */
};

/* Told, on the calling thread, of the job that the host made of a request. Hosts without jobs never
 * do. */
struct host_progress {
	void *context;
	void (*job)(void *context, const char *job_id);
};

/* A job that the host began, whoever asked for it. Hosts without jobs never tell of one. */
struct host_job {
	char id[64];
	unsigned type; /* the host's own number: JobType of Msvm_ConcreteJob */
};

struct host_listener {
	void *context;
	/* Something about this machine's definition changed: read it anew. */
	void (*machine_changed)(void *context, const struct uuid *id);
	/* The connection is dead; every further call on it fails. Told at most once. */
	void (*lost)(void *context, const char *reason);
	/* NULL: not of interest. */
	void (*job)(void *context, const struct host_job *job);
};

/*
 * Called once a machine, in any order, on the thread that lists; the machine is borrowed. False
 * ends the listing.
 */
typedef bool host_machine_fn(void *context, const struct machine *machine);

enum host_list_flags {
	HOST_LIST_STATUS = 1, /* fill status and tools too */
};

struct host_ops {
	/* Whether this URI (or name) can be meant for us; fails with ERR_USAGE and why not. */
	int (*check)(const char *uri, struct error *error);

	/* NULL means the local host's default. Fails with ERR_UNREACHABLE or ERR_USAGE. */
	int (*connect)(
		const char *uri, enum host_access access, struct host **host, struct error *error);

	/* Ends the connection and waits until no listener function runs. NULL is allowed. */
	void (*close)(struct host *host);

	/* The URI as the host itself writes it. Borrowed. */
	const char *(*uri)(const struct host *host);

	/* The host's own name for tables; fails where it has none. */
	int (*name)(struct host *host, char *name, size_t size, struct error *error);

	/*
	 * Begins to tell of changes. Call before list, so that no change falls between them.
	 * Returns 1 where every change is told, 0 where some are not (the caller reads machines
	 * again from time to time), and fails where the host has no such notifications (the
	 * caller lists at intervals). `lost` is told in any case.
	 */
	int (*subscribe)(
		struct host *host, const struct host_listener *listener, struct error *error);

	int (*list)(struct host *host, unsigned flags, host_machine_fn *each, void *context,
		struct error *error);

	/* One machine, freshly read. ERR_NOT_FOUND when it is gone. *machine must be zeroed. */
	int (*read)(struct host *host, const struct uuid *id, unsigned flags,
		struct machine *machine, struct error *error);

	int (*status)(struct host *host, const struct uuid *id, struct machine_status *status,
		struct error *error);

	/*
	 * Starts a machine that is believed to be off, without asking for its state first where
	 * the host itself refuses when it is paused. Tells what it was: a restore where it had
	 * saved state all the same. progress may be NULL. Fails as act() does; ERR_STATE when it is
	 * not off.
	 */
	int (*start)(struct host *host, const struct uuid *id, enum host_action *done,
		const struct host_progress *progress, struct error *error);

	/*
	 * Does it and waits for the end. The error holds the host's own number and text.
	 * ERR_UNREACHABLE when the connection broke, ERR_STATE when the host says that the
	 * machine's state does not allow it (somebody else was faster).
	 */
	int (*act)(struct host *host, const struct uuid *id, enum host_action action,
		const struct host_progress *progress, struct error *error);

	bool has_jobs; /* progress may be told */
};

const char *host_action_name(enum host_action action); /* "start" … */

/* The one implementation this program was built with. */
extern const struct host_ops host_ops;

#endif
