/* SPDX-License-Identifier: MIT */
#include "capture/windows/frame_ring.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct frame_ring {
	pthread_mutex_t lock; /* held for the time of a copy */
	uint64_t lost;
	unsigned oldest, count;
	struct ring_frame slots[FRAME_RING_SLOTS];
};

struct frame_ring *frame_ring_new(void)
{
	struct frame_ring *ring = calloc(1, sizeof(*ring));

	if (ring && pthread_mutex_init(&ring->lock, NULL) != 0) {
		free(ring);
		return NULL;
	}
	return ring;
}

static void copy_about(struct ring_frame *target, const struct ring_frame *source)
{
	target->link = source->link;
	target->has_tag = source->has_tag;
	target->tag = source->tag;
	target->adapter = source->adapter;
	target->length = source->length;
	target->wire_length = source->wire_length;
}

bool frame_ring_put(struct frame_ring *ring, const struct ring_frame *about, const uint8_t *bytes,
	size_t length)
{
	bool room;

	pthread_mutex_lock(&ring->lock);
	room = ring->count < FRAME_RING_SLOTS;
	if (room) {
		unsigned place = (ring->oldest + ring->count) % FRAME_RING_SLOTS;
		struct ring_frame *slot = &ring->slots[place];

		copy_about(slot, about);
		slot->length = length < FRAME_RING_BYTES ? length : FRAME_RING_BYTES;
		memcpy(slot->bytes, bytes, slot->length);
		ring->count++;
	} else {
		ring->lost++;
	}
	pthread_mutex_unlock(&ring->lock);
	return room;
}

bool frame_ring_take(struct frame_ring *ring, struct ring_frame *frame)
{
	bool any;

	pthread_mutex_lock(&ring->lock);
	any = ring->count > 0;
	if (any) {
		const struct ring_frame *slot = &ring->slots[ring->oldest];

		copy_about(frame, slot);
		memcpy(frame->bytes, slot->bytes, slot->length);
		ring->oldest = (ring->oldest + 1) % FRAME_RING_SLOTS;
		ring->count--;
	}
	pthread_mutex_unlock(&ring->lock);
	return any;
}

void frame_ring_add_lost(struct frame_ring *ring, uint64_t count)
{
	pthread_mutex_lock(&ring->lock);
	ring->lost += count;
	pthread_mutex_unlock(&ring->lock);
}

uint64_t frame_ring_lost(struct frame_ring *ring)
{
	uint64_t lost;

	pthread_mutex_lock(&ring->lock);
	lost = ring->lost;
	pthread_mutex_unlock(&ring->lock);
	return lost;
}

void frame_ring_free(struct frame_ring *ring)
{
	if (!ring)
		return;
	pthread_mutex_destroy(&ring->lock);
	free(ring);
}
