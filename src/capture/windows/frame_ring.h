/* SPDX-License-Identifier: MIT */
/*
 * frame_ring.h - frames on their way from a capturing thread to the loop
 *
 * Allocated once; what does not fit is counted and gone. Any number of threads put, one takes.
 */
#ifndef HYPERVIVE_CAPTURE_WINDOWS_FRAME_RING_H
#define HYPERVIVE_CAPTURE_WINDOWS_FRAME_RING_H

#include "wake/frame.h"

enum {
	FRAME_RING_SLOTS = 512,
	FRAME_RING_BYTES = 2048, /* of one frame; the rest is cut */
};

struct ring_frame {
	enum frame_link link;
	bool has_tag;
	uint16_t tag;
	uint32_t adapter; /* as the one who put it counts them */
	size_t length;    /* of bytes, at most FRAME_RING_BYTES */
	size_t wire_length;
	uint8_t bytes[FRAME_RING_BYTES];
};

struct frame_ring;

struct frame_ring *frame_ring_new(void);

/* Copies `about` but for its bytes, which are bytes[0..length). False: full, and counted. */
bool frame_ring_put(struct frame_ring *ring, const struct ring_frame *about, const uint8_t *bytes,
	size_t length);

/* The oldest; false when there is none. */
bool frame_ring_take(struct frame_ring *ring, struct ring_frame *frame);

/* Frames lost further below, as Windows counts them. */
void frame_ring_add_lost(struct frame_ring *ring, uint64_t count);

uint64_t frame_ring_lost(struct frame_ring *ring);

void frame_ring_free(struct frame_ring *ring);

#endif
