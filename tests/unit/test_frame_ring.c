/* SPDX-License-Identifier: MIT */
#include "capture/windows/frame_ring.h"

#include <pthread.h>
#include <stdatomic.h>

#include "tap.h"

enum { PER_THREAD = 20000, THREADS = 3 };

static struct frame_ring *ring;
static struct ring_frame frame;
static atomic_uint refused;

static void test_order_and_loss(void)
{
	uint8_t bytes[FRAME_RING_BYTES + 100];
	bool all = true, order = true;

	ok(!frame_ring_take(ring, &frame), "empty at first");
	memset(bytes, 0xab, sizeof(bytes));
	for (unsigned i = 0; i < FRAME_RING_SLOTS; i++) {
		struct ring_frame about = {
			.adapter = i, .has_tag = true, .tag = 5, .wire_length = 9000};

		all &= frame_ring_put(ring, &about, bytes, i % 2 ? sizeof(bytes) : 60);
	}
	ok(all, "everything fits");
	ok(!frame_ring_put(ring, &(struct ring_frame){0}, bytes, 60), "one more does not");
	is_number(frame_ring_lost(ring), 1, "and is counted");
	frame_ring_add_lost(ring, 41);
	is_number(frame_ring_lost(ring), 42, "with those lost elsewhere");
	for (unsigned i = 0; i < FRAME_RING_SLOTS; i++) {
		order &= frame_ring_take(ring, &frame) && frame.adapter == i && frame.tag == 5 &&
			 frame.has_tag && frame.wire_length == 9000 &&
			 frame.length == (i % 2 ? FRAME_RING_BYTES : 60) &&
			 frame.bytes[frame.length - 1] == 0xab;
	}
	ok(order, "all come out in order, long ones cut");
	ok(!frame_ring_take(ring, &frame), "then it is empty");
}

static void *put_many(void *context)
{
	uint32_t adapter = (uint32_t)(uintptr_t)context;

	for (uint32_t i = 0; i < PER_THREAD; i++) {
		if (!frame_ring_put(ring, &(struct ring_frame){.adapter = adapter},
			    (const uint8_t *)&i, sizeof(i)))
			atomic_fetch_add(&refused, 1);
	}
	return NULL;
}

static void test_threads(void)
{
	uint64_t before = frame_ring_lost(ring);
	pthread_t threads[THREADS];
	uint32_t last[THREADS] = {0};
	unsigned taken = 0;
	bool order = true, done = false;

	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, put_many, (void *)i);
	while (!done) {
		/* The last round is after the last put. */
		done = taken + atomic_load(&refused) == THREADS * PER_THREAD;
		while (frame_ring_take(ring, &frame)) {
			uint32_t number;

			memcpy(&number, frame.bytes, sizeof(number));
			order &= frame.length == sizeof(number) && number + 1 > last[frame.adapter];
			last[frame.adapter] = number + 1;
			taken++;
		}
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ok(order, "what each thread put comes in order");
	is_number(frame_ring_lost(ring) - before, atomic_load(&refused), "losses are counted");
	is_number(taken + atomic_load(&refused), THREADS * PER_THREAD, "nothing is lost uncounted");
}

int main(void)
{
	ring = frame_ring_new();
	ok(ring != NULL, "a ring");
	test_order_and_loss();
	test_threads();
	frame_ring_free(ring);
	frame_ring_free(NULL);
	return tap_done();
}
