/* SPDX-License-Identifier: MIT */
/*
 * notifications.h - event queries: who wants to know what, and when it is told
 */
#ifndef WMISIM_NOTIFICATIONS_H
#define WMISIM_NOTIFICATIONS_H

#include "wql.h"

struct subscription;

/* Checks the query as ExecNotificationQuery does. */
sim_status subscription_open(struct subscription **subscription, enum name_space space,
	const char *text, struct wql_fault *fault);
void subscription_close(struct subscription *subscription);

/*
 * The next event that is due, as an image for the caller; NULL where there is none. *wake: when
 * to ask again (UINT64_MAX: only after a change). *ended: not SIM_OK once the subscription ended.
 */
struct image *subscription_next(
	struct subscription *subscription, uint64_t now, uint64_t *wake, sim_status *ended);

const char *subscription_text(const struct subscription *subscription);
/* The subscriptions one after the other; NULL begins. */
struct subscription *subscription_after(struct subscription *subscription);

/* A store_observer_fn. */
void notifications_observe(struct image *old, struct image *fresh);
void notifications_end_all(sim_status status);
/* After within-factor changed: what waits comes at the new pace. */
void notifications_repace(void);
/* Tells everyone that all of Hyper-V's instances are gone, or are there again. */
void notifications_tell_all(bool gone);

#endif
