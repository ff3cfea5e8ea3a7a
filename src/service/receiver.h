/* SPDX-License-Identifier: MIT */
/*
 * receiver.h - a capture that is opened again when it fails, and tells what it missed
 *
 * Trouble is event 1031: once an outage, and once a minute at most for frames that came faster
 * than they were read. What it can hear at all is event 1102 or 1103, once. For the loop's
 * thread.
 */
#ifndef HYPERVIVE_SERVICE_RECEIVER_H
#define HYPERVIVE_SERVICE_RECEIVER_H

#include "capture/capture.h"
#include "event/recorder.h"
#include "service/backoff.h"

struct receiver {
	struct recorder *recorder;
	struct capture_options options;
	struct capture *capture; /* NULL while it cannot be opened */
	struct backoff backoff;
	uint64_t retry_at; /* UINT64_MAX: it is open */
	bool trouble_told, reach_told;
	uint64_t lost_told;
	uint64_t loss_check_at;  /* UINT64_MAX: nothing came since the last check */
	uint64_t loss_report_at; /* the next report not before */
};

/* options are borrowed. Fails like capture_open(); then it may be closed and that is all. */
int receiver_open(struct receiver *receiver, struct recorder *recorder,
	const struct capture_options *options, struct error *error);

/* WAITABLE_NONE while there is nothing to wait for. */
waitable receiver_waitable(const struct receiver *receiver);

void receiver_read(struct receiver *receiver, unsigned budget, capture_frame_fn *each,
	void *context, uint64_t now_ns);

/* Opens anew and tells of losses, when it is time. Returns when to be called next. */
uint64_t receiver_tick(struct receiver *receiver, uint64_t now_ns);

void receiver_close(struct receiver *receiver);

#endif
