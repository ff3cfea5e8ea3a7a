/* SPDX-License-Identifier: MIT */
/*
 * capture.h - frames off the host's adapters
 *
 * A capture hears every adapter of the host, those of tomorrow too, and hands over only frames
 * that may be magic packets. It allocates when it is opened and never again.
 */
#ifndef HYPERVIVE_CAPTURE_CAPTURE_H
#define HYPERVIVE_CAPTURE_CAPTURE_H

#include "base/error.h"
#include "base/waitable.h"
#include "wake/frame.h"

struct capture;

struct capture_options {
	const char *const *interfaces; /* only these (shell patterns), or NULL for all */
	size_t interface_count;
};

/* The frame is borrowed for the time of the call. */
typedef void capture_frame_fn(void *context, const struct frame *frame);

struct capture_counters {
	uint64_t frames;  /* handed over */
	uint64_t dropped; /* lost because they came faster than they were read */
};

/* Fails with ERR_FAILED and the missing right or the cause. */
int capture_open(
	struct capture **capture, const struct capture_options *options, struct error *error);

/* Ready when there is something to read. */
waitable capture_waitable(const struct capture *capture);

/*
 * Hands over what has come, at most `budget` frames so that nothing else starves. Returns 0, or
 * a negative error after which the capture is to be opened anew.
 */
int capture_read(struct capture *capture, unsigned budget, capture_frame_fn *each, void *context,
	struct error *error);

void capture_counters(struct capture *capture, struct capture_counters *counters);

/* What kinds of magic packets this capture hears: for the administrator, as event 1102 or 1103. */
struct capture_reach {
	char heard[384];    /* a list for people, never empty */
	char unheard[384];  /* what is not heard, and why; empty: nothing is missing */
	char firewall[256]; /* what a firewall takes away before we hear it; empty: nothing */
};

/*
 * False while it is not known yet (asking a firewall takes its time); the capture becomes ready
 * when it is.
 */
bool capture_reach(struct capture *capture, struct capture_reach *reach);

void capture_close(struct capture *capture);

#endif
