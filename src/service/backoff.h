/* SPDX-License-Identifier: MIT */
/* backoff.h - how long to wait before the next try: 1 s, doubling to 60 s. Pure. */
#ifndef HYPERVIVE_SERVICE_BACKOFF_H
#define HYPERVIVE_SERVICE_BACKOFF_H

enum { BACKOFF_FIRST_MS = 1000, BACKOFF_LAST_MS = 60000 };

struct backoff {
	unsigned wait_ms; /* the wait that was given last; 0 at the beginning */
};

/* The wait before the next try, in milliseconds. */
unsigned backoff_next(struct backoff *backoff);

/* After a success: the next wait is the first again. */
void backoff_reset(struct backoff *backoff);

#endif
