/* SPDX-License-Identifier: MIT */
/*
 * workers.h - the few threads that wait for the host
 *
 * A fixed number of threads and a bounded queue of jobs. Putting a job never blocks and
 * allocates nothing.
 */
#ifndef HYPERVIVE_SERVICE_WORKERS_H
#define HYPERVIVE_SERVICE_WORKERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "wake/waker.h"

struct workers;

/* Runs on a worker; may block for as long as it takes. */
typedef void workers_run_fn(void *context, struct wake_job *job);

int workers_new(struct workers **new_workers, unsigned threads, size_t queue, workers_run_fn *run,
	void *context, struct error *error);

/* Copies the job into the queue; false when it is full. */
bool workers_put(struct workers *workers, const struct wake_job *job);

/* Takes a job that nobody has begun; false when there is none. For a stop. */
bool workers_withdraw(struct workers *workers, struct wake_job *job);

/*
 * Ends the threads when each has ended its job, and frees everything. After timeout_ms threads
 * that hang in the host's library are left behind with their memory (false).
 */
bool workers_free(struct workers *workers, unsigned timeout_ms);

#endif
