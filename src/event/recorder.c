/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation: one mutex guards everything that is short: the queues, the counters and the
 * pool of slots. Nobody holds it while a sink writes.
 *
 * An event is copied once, into a slot of the pool; every queue that takes it holds a reference.
 * Each sink brings as many slots as its queue can hold, so the pool cannot run dry however long
 * one sink hangs. Free slots lie on a stack, and a slot that was never used comes last: memory is
 * touched only as deep as a backlog went.
 *
 * A lane is a sink with its queue and thread. Losses come about in two places. When a write
 * fails, the event just taken is lost, and the thread adds to `lost`. When the queue is full, the
 * event never gets in: it is noted at the tail, and travels through the queue as `lost_before` of
 * the next event that does get in, so that the remark about it ends up where the gap is. A full
 * queue stays closed until half of it is empty; else a slow sink would get one gap an event.
 *
 * While `lost` is not 0 the thread writes the remark (1001 with the count) before its next event.
 * That write is also the probe that tells whether the sink works again. There is no timer: a
 * sink that fails is tried once an event, and never in a loop.
 *
 * Remarks go straight to the queues of the others. They can fill those, which begins an outage
 * there with a remark of its own; as an outage is told once, this ends with the number of sinks.
 */
#include "event/recorder.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/pages.h"
#include "base/text.h"

enum {
	SINKS_MAX = 8,
	QUEUE_SIZE = 4096,
	SLOTS_A_LANE = QUEUE_SIZE + 4, /* the one being written, the one being emitted, remarks */
	STACK_SIZE = 256 * 1024,
	FREE_MS = 2000,
	EXIT_MS = 100,
	EVENT_MODULE_ERROR = 1001,
};

struct slot {
	struct slot *next; /* while it is free */
	unsigned references;
	struct event event;
};

struct item {
	struct slot *slot;
	uint64_t lost_before;
};

struct lane {
	struct recorder *recorder;
	struct sink sink;
	const char *name; /* of the sink that it was made for */
	pthread_t thread;
	pthread_cond_t work;
	struct pages slots; /* SLOTS_A_LANE, what this lane brought into the pool */
	size_t fresh;       /* of those, how many were ever used */
	struct item queue[QUEUE_SIZE];
	size_t head, count;
	bool closed;           /* was full, and is not yet half empty */
	uint64_t lost_at_tail; /* since the last item got in */
	uint64_t lost_queued;  /* lost_at_tail and every lost_before in the queue */
	uint64_t lost;         /* the thread knows of them, and the sink was not told yet */
	uint64_t lost_in_outage;
	bool failing;     /* from the first loss until the sink was told of all */
	bool tell;        /* the others are to hear that the outage began */
	char reason[512]; /* why it began */
	bool busy, reopen, exited;
	bool replace; /* by this one, when the queue is empty */
	struct sink replacement;
	uint64_t written, lost_ever;
};

struct recorder {
	pthread_mutex_t lock;
	unsigned references; /* the owner's and one a thread */
	bool stopping;
	atomic_bool debug;
	struct slot *free_slots;
	struct lane *lanes[SINKS_MAX];
	size_t lane_count;
};

struct recorder *recorder_new(void)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));

	if (!recorder)
		return NULL;
	if (pthread_mutex_init(&recorder->lock, NULL) != 0) {
		free(recorder);
		return NULL;
	}
	recorder->references = 1;
	return recorder;
}

/* Everything named *_locked is called with the lock held. */

/* A slot that was never used: its memory is touched now for the first time. */
static struct slot *fresh_slot_locked(struct recorder *recorder)
{
	for (size_t i = 0; i < recorder->lane_count; i++) {
		struct lane *lane = recorder->lanes[i];

		if (lane->fresh < SLOTS_A_LANE &&
			pages_grow(&lane->slots, (lane->fresh + 1) * sizeof(struct slot)))
			return (struct slot *)lane->slots.start + lane->fresh++;
	}
	return NULL;
}

static struct slot *slot_take_locked(struct recorder *recorder)
{
	struct slot *slot = recorder->free_slots;

	if (slot)
		recorder->free_slots = slot->next;
	else
		slot = fresh_slot_locked(recorder);
	if (slot)
		slot->references = 1;
	return slot;
}

static void slot_drop_locked(struct recorder *recorder, struct slot *slot)
{
	if (--slot->references == 0) {
		slot->next = recorder->free_slots;
		recorder->free_slots = slot;
	}
}

static void copy_event(struct event *target, const struct event *source)
{
	memcpy(target, source, offsetof(struct event, text) + source->used);
}

static void begin_outage_locked(struct lane *lane, const char *reason)
{
	if (lane->failing)
		return;
	lane->failing = true;
	lane->tell = true;
	text_copy(lane->reason, sizeof(lane->reason), reason);
}

/* The last quarter of a queue is for what matters: debug events do not crowd it out. */
static bool is_crowded_out(const struct lane *lane, const struct slot *slot)
{
	const struct event_info *info;

	if (lane->count < (size_t)QUEUE_SIZE * 3 / 4)
		return false;
	info = event_info(slot->event.id);
	return info && info->severity == SEVERITY_DEBUG;
}

static void lose_locked(struct lane *lane, const char *reason)
{
	lane->lost_at_tail++;
	lane->lost_queued++;
	lane->lost_in_outage++;
	lane->lost_ever++;
	begin_outage_locked(lane, reason);
}

/* slot is NULL where there was no memory for one. */
static void lane_push_locked(struct lane *lane, struct slot *slot)
{
	if (!slot) {
		lose_locked(lane, "no memory for an event");
		return;
	}
	if (lane->count == QUEUE_SIZE)
		lane->closed = true;
	else if (lane->count <= QUEUE_SIZE / 2)
		lane->closed = false;
	if (lane->closed || is_crowded_out(lane, slot)) {
		lose_locked(lane, "events come faster than they are taken");
		return;
	}
	lane->queue[(lane->head + lane->count) % QUEUE_SIZE] =
		(struct item){slot, lane->lost_at_tail};
	lane->lost_at_tail = 0;
	lane->count++;
	slot->references++;
	pthread_cond_signal(&lane->work);
}

/* To every lane but one (which may be NULL). */
static void push_locked(
	struct recorder *recorder, const struct event *event, const struct lane *except)
{
	struct slot *slot = slot_take_locked(recorder);

	if (slot)
		copy_event(&slot->event, event);
	for (size_t i = 0; i < recorder->lane_count; i++) {
		if (recorder->lanes[i] != except)
			lane_push_locked(recorder->lanes[i], slot);
	}
	if (slot)
		slot_drop_locked(recorder, slot);
}

static void start_remark(struct event *event, const struct lane *lane, const char *reason)
{
	event_start(event, EVENT_MODULE_ERROR, clock_realtime_us());
	event_put_text(event, FIELD_MODULE, lane->name);
	event_put_text(event, FIELD_REASON, reason);
}

static void start_recovery(struct event *event, const struct lane *lane, uint64_t lost)
{
	start_remark(event, lane, "works again");
	event_put_number(event, FIELD_COUNT, (int64_t)lost);
}

/* Tells of every outage that has begun; again, as telling may begin another. */
static void tell_outages_locked(struct recorder *recorder)
{
	for (size_t i = 0; i < recorder->lane_count;) {
		struct lane *lane = recorder->lanes[i];
		struct event event;

		if (!lane->tell) {
			i++;
			continue;
		}
		lane->tell = false;
		start_remark(&event, lane, lane->reason);
		push_locked(recorder, &event, lane);
		i = 0;
	}
}

void recorder_emit(struct recorder *recorder, const struct event *event)
{
	const struct event_info *info = event_info(event->id);

	if (info && info->severity == SEVERITY_DEBUG && !recorder_debug(recorder))
		return;
	pthread_mutex_lock(&recorder->lock);
	if (!recorder->stopping) {
		push_locked(recorder, event, NULL);
		tell_outages_locked(recorder);
	}
	pthread_mutex_unlock(&recorder->lock);
}

/* The remark that is due, if any, and the event, if any. Without the lock. */
static int write_through(struct lane *lane, const struct event *event, uint64_t *lost,
	uint64_t *written, struct error *error)
{
	const struct sink *sink = &lane->sink;
	int rc;

	if (*lost) {
		struct event remark;

		start_recovery(&remark, lane, *lost);
		rc = sink->ops->write(sink->context, &remark, error);
		if (rc < 0)
			return rc;
		*lost = 0;
		(*written)++;
	}
	if (event) {
		rc = sink->ops->write(sink->context, event, error);
		if (rc < 0)
			return rc;
		(*written)++;
	}
	return 0;
}

/* Takes one item, or what was lost at the tail, and writes it. Leaves the lock meanwhile. */
static void lane_step_locked(struct lane *lane)
{
	struct recorder *recorder = lane->recorder;
	struct item item = {NULL, lane->lost_at_tail};
	struct error error = {0};

	if (lane->count) {
		item = lane->queue[lane->head];
		lane->head = (lane->head + 1) % QUEUE_SIZE;
		lane->count--;
	} else {
		lane->lost_at_tail = 0;
	}
	lane->lost_queued -= item.lost_before;
	uint64_t lost = lane->lost + item.lost_before, written = 0;
	pthread_mutex_unlock(&recorder->lock);

	int rc = write_through(lane, item.slot ? &item.slot->event : NULL, &lost, &written, &error);

	pthread_mutex_lock(&recorder->lock);
	lane->lost = lost;
	lane->written += written;
	if (rc < 0 && item.slot) {
		lane->lost++;
		lane->lost_in_outage++;
		lane->lost_ever++;
		begin_outage_locked(lane, error.text);
	}
	if (item.slot)
		slot_drop_locked(recorder, item.slot);
	if (lane->failing && lane->lost == 0 && lane->lost_queued == 0) {
		struct event event;

		start_recovery(&event, lane, lane->lost_in_outage);
		lane->failing = false;
		lane->lost_in_outage = 0;
		push_locked(recorder, &event, lane);
	}
	tell_outages_locked(recorder);
}

static void destroy(struct recorder *recorder)
{
	for (size_t i = 0; i < recorder->lane_count; i++) {
		pthread_cond_destroy(&recorder->lanes[i]->work);
		pages_free(&recorder->lanes[i]->slots);
		free(recorder->lanes[i]);
	}
	pthread_mutex_destroy(&recorder->lock);
	free(recorder);
}

static void release(struct recorder *recorder)
{
	pthread_mutex_lock(&recorder->lock);
	bool last = --recorder->references == 0;
	pthread_mutex_unlock(&recorder->lock);
	if (last)
		destroy(recorder);
}

/* Leaves the lock while the old sink closes. */
static void lane_replace_locked(struct lane *lane)
{
	struct sink before = lane->sink;

	lane->replace = false;
	lane->sink = lane->replacement;
	pthread_mutex_unlock(&lane->recorder->lock);
	if (before.ops->close)
		before.ops->close(before.context);
	pthread_mutex_lock(&lane->recorder->lock);
}

static void *lane_main(void *argument)
{
	struct lane *lane = argument;
	struct recorder *recorder = lane->recorder;

	pthread_mutex_lock(&recorder->lock);
	while (!recorder->stopping) {
		lane->busy = true;
		if (lane->reopen) {
			lane->reopen = false;
			pthread_mutex_unlock(&recorder->lock);
			if (lane->sink.ops->reopen)
				lane->sink.ops->reopen(lane->sink.context);
			pthread_mutex_lock(&recorder->lock);
		} else if (lane->count || lane->lost_at_tail) {
			lane_step_locked(lane);
		} else if (lane->replace) {
			lane_replace_locked(lane);
		} else {
			lane->busy = false;
			pthread_cond_wait(&lane->work, &recorder->lock);
		}
	}
	/* A last chance to say what was lost, when nothing else stands in front of it. */
	if (lane->lost && lane->count == 0)
		lane_step_locked(lane);
	if (lane->replace)
		lane_replace_locked(lane);
	pthread_mutex_unlock(&recorder->lock);

	if (lane->sink.ops->close)
		lane->sink.ops->close(lane->sink.context);
	pthread_mutex_lock(&recorder->lock);
	lane->exited = true;
	pthread_mutex_unlock(&recorder->lock);
	release(recorder);
	return NULL;
}

/* Starts the thread, and adds the lane to the list and its slots to the pool. */
static int lane_start_locked(struct recorder *recorder, struct lane *lane)
{
	pthread_attr_t attributes;

	if (recorder->lane_count == SINKS_MAX || recorder->stopping)
		return -1;
	if (pthread_attr_init(&attributes) != 0)
		return -1;
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	int failed = pthread_create(&lane->thread, &attributes, lane_main, lane);
	pthread_attr_destroy(&attributes);
	if (failed)
		return -1;
	recorder->references++;
	recorder->lanes[recorder->lane_count++] = lane;
	return 0;
}

int recorder_add(struct recorder *recorder, struct sink sink, struct error *error)
{
	struct lane *lane = calloc(1, sizeof(*lane));

	if (lane)
		pages_reserve(&lane->slots, SLOTS_A_LANE * sizeof(struct slot));
	if (!lane || !lane->slots.start || pthread_cond_init(&lane->work, NULL) != 0)
		goto fail;
	lane->recorder = recorder;
	lane->sink = sink;
	lane->name = sink.ops->name;
	pthread_mutex_lock(&recorder->lock);
	int rc = lane_start_locked(recorder, lane);
	pthread_mutex_unlock(&recorder->lock);
	if (rc == 0)
		return 0;
	pthread_cond_destroy(&lane->work);
fail:
	if (lane)
		pages_free(&lane->slots);
	free(lane);
	error_set(error, ERR_FAILED, "the %s cannot be used: memory or threads are used up",
		sink.ops->name);
	if (sink.ops->close)
		sink.ops->close(sink.context);
	return -ERR_FAILED;
}

static int write_nothing(void *context, const struct event *event, struct error *error)
{
	(void)context;
	(void)event;
	(void)error;
	return 0;
}

/* What takes the place of a sink that was removed; the name is kept by the lane's first sink. */
static const struct sink_ops NO_SINK = {.name = "no sink", .write = write_nothing};

int recorder_replace(
	struct recorder *recorder, const char *name, struct sink sink, struct error *error)
{
	struct sink unused = {0};
	bool found = false;

	if (!sink.ops)
		sink.ops = &NO_SINK;
	pthread_mutex_lock(&recorder->lock);
	for (size_t i = 0; i < recorder->lane_count && !found; i++) {
		struct lane *lane = recorder->lanes[i];

		found = strcmp(lane->name, name) == 0;
		if (!found)
			continue;
		if (lane->replace)
			unused = lane->replacement;
		lane->replace = true;
		lane->replacement = sink;
		pthread_cond_signal(&lane->work);
	}
	pthread_mutex_unlock(&recorder->lock);
	if (unused.ops && unused.ops->close)
		unused.ops->close(unused.context);
	if (found || sink.ops == &NO_SINK)
		return 0;
	return recorder_add(recorder, sink, error);
}

void recorder_set_debug(struct recorder *recorder, bool on)
{
	atomic_store(&recorder->debug, on);
}

bool recorder_debug(const struct recorder *recorder)
{
	return atomic_load(&recorder->debug);
}

void recorder_reopen(struct recorder *recorder)
{
	pthread_mutex_lock(&recorder->lock);
	for (size_t i = 0; i < recorder->lane_count; i++) {
		recorder->lanes[i]->reopen = true;
		pthread_cond_signal(&recorder->lanes[i]->work);
	}
	pthread_mutex_unlock(&recorder->lock);
}

size_t recorder_counters(struct recorder *recorder, struct recorder_counters *rows, size_t most)
{
	pthread_mutex_lock(&recorder->lock);
	size_t count = recorder->lane_count;
	for (size_t i = 0; i < count && i < most; i++) {
		const struct lane *lane = recorder->lanes[i];
		rows[i] = (struct recorder_counters){lane->name, lane->written, lane->lost_ever};
	}
	pthread_mutex_unlock(&recorder->lock);
	return count;
}

static bool all_idle(struct recorder *recorder)
{
	bool idle = true;

	pthread_mutex_lock(&recorder->lock);
	for (size_t i = 0; i < recorder->lane_count; i++) {
		const struct lane *lane = recorder->lanes[i];
		idle = idle && !lane->busy && !lane->count && !lane->lost_at_tail &&
		       !lane->reopen && !lane->replace;
	}
	pthread_mutex_unlock(&recorder->lock);
	return idle;
}

static bool all_exited(struct recorder *recorder)
{
	bool exited = true;

	pthread_mutex_lock(&recorder->lock);
	for (size_t i = 0; i < recorder->lane_count; i++)
		exited = exited && recorder->lanes[i]->exited;
	pthread_mutex_unlock(&recorder->lock);
	return exited;
}

/*
 * Looks again every millisecond: this happens at shutdown and in tests only, and a timed wait on a
 * condition would follow the time of day, which may be set meanwhile.
 */
static bool wait_until(struct recorder *recorder, bool (*reached)(struct recorder *), uint64_t end)
{
	while (!reached(recorder)) {
		if (clock_monotonic_ns() >= end)
			return false;
		clock_sleep_ms(1);
	}
	return true;
}

bool recorder_flush(struct recorder *recorder, unsigned timeout_ms)
{
	return wait_until(recorder, all_idle, clock_monotonic_ns() + timeout_ms * NS_PER_MS);
}

void recorder_free(struct recorder *recorder)
{
	if (!recorder)
		return;
	recorder_flush(recorder, FREE_MS);
	pthread_mutex_lock(&recorder->lock);
	recorder->stopping = true;
	for (size_t i = 0; i < recorder->lane_count; i++)
		pthread_cond_signal(&recorder->lanes[i]->work);
	pthread_mutex_unlock(&recorder->lock);
	wait_until(recorder, all_exited, clock_monotonic_ns() + EXIT_MS * NS_PER_MS);

	for (size_t i = 0; i < recorder->lane_count; i++) {
		struct lane *lane = recorder->lanes[i];

		pthread_mutex_lock(&recorder->lock);
		bool exited = lane->exited;
		pthread_mutex_unlock(&recorder->lock);
		if (exited)
			pthread_join(lane->thread, NULL);
		else
			pthread_detach(lane->thread);
	}
	release(recorder);
}
