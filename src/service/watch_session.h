/* SPDX-License-Identifier: MIT */
/*
 * watch_session.h - one connection of the watch, from its attempt to its close
 *
 * For watch.c only. A session is counted: by the attempt, by the watch's thread, and by each
 * worker that acquired it. Whoever lets go last has it closed, on a thread of its own.
 */
#ifndef HYPERVIVE_SERVICE_WATCH_SESSION_H
#define HYPERVIVE_SERVICE_WATCH_SESSION_H

#include <pthread.h>
#include <time.h>

#include "host/host.h"

enum { SESSION_CHANGES_MAX = 2048 };

/* All sessions that live. The mutex guards them, and is not held while anything is called. */
struct sessions {
	const struct host_ops *ops;
	void (*job)(void *context, const struct host_job *job); /* NULL: not of interest */
	void *job_context;
	pthread_mutex_t mutex;
	pthread_cond_t changed; /* anything */
	clockid_t clock;        /* of the condition */
	struct session *first;
};

struct session {
	struct sessions *all;
	struct session *next;
	unsigned references;
	char *uri;         /* NULL: the default */
	struct host *host; /* NULL: not connected */
	bool attempted;    /* the attempt has ended: host or error is set */
	bool abandoned;    /* nobody waits for the attempt any more */
	bool polling;      /* no notifications; error says why */
	bool complete;     /* every change is told */
	bool lost;         /* error says why */
	struct error error;
	/* Machines that changed: a ring without repeats. */
	struct uuid changes[SESSION_CHANGES_MAX];
	size_t change_first, change_count;
	bool overflow; /* there were more: everything is to be listed */
};

void sessions_init(struct sessions *all, const struct host_ops *ops);
void sessions_destroy(struct sessions *all); /* when none lives */

uint64_t sessions_now(void); /* nanoseconds that never jump */

/* Waits for any change, or until sessions_now() is deadline (UINT64_MAX: never). Mutex held. */
void sessions_wait(struct sessions *all, uint64_t deadline);

/* How many attempts hang that nobody waits for. Mutex held. */
unsigned sessions_count_abandoned(const struct sessions *all);

/* Begins an attempt to connect. NULL when memory or threads are out. To be given to unref. */
struct session *session_new(struct sessions *all, const char *uri);
void session_unref(struct session *session);

/* Writes down that the connection is of no use any more; the first reason counts. */
void session_set_lost(struct session *session, const char *reason);

/* Takes the change that waits longest out of the ring, which has one. Mutex held. */
struct uuid session_take_change(struct session *session);

#endif
