/* SPDX-License-Identifier: MIT */
/* The recorder with sinks that remember, fail and hang on demand. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "event/recorder.h"
#include "tap.h"

enum { KEPT = 8192 };

struct probe {
	pthread_mutex_t lock;
	pthread_cond_t opened;
	bool gate_closed; /* write() hangs */
	bool waiting;
	bool fails;
	int attempts, reopened;
	atomic_int closed;
	size_t count;
	struct {
		int id;
		int64_t number; /* of 1001 its count, -1 when absent; else FIELD_PID */
		char reason[64];
	} kept[KEPT];
};

static void probe_start(struct probe *probe)
{
	memset(probe, 0, sizeof(*probe));
	pthread_mutex_init(&probe->lock, NULL);
	pthread_cond_init(&probe->opened, NULL);
}

static void keep(struct probe *probe, const struct event *event)
{
	enum event_field field = event->id == 1001 ? FIELD_COUNT : FIELD_PID;
	const char *reason = event_text(event, FIELD_REASON);
	size_t at = probe->count++ % KEPT;

	probe->kept[at].id = event->id;
	probe->kept[at].number = -1;
	event_number(event, field, &probe->kept[at].number);
	snprintf(
		probe->kept[at].reason, sizeof(probe->kept[at].reason), "%s", reason ? reason : "");
}

static int probe_write(void *context, const struct event *event, struct error *error)
{
	struct probe *probe = context;
	int rc = 0;

	pthread_mutex_lock(&probe->lock);
	probe->attempts++;
	probe->waiting = probe->gate_closed;
	while (probe->gate_closed)
		pthread_cond_wait(&probe->opened, &probe->lock);
	probe->waiting = false;
	if (probe->fails)
		rc = error_set(error, ERR_FAILED, "the probe fails");
	else
		keep(probe, event);
	pthread_mutex_unlock(&probe->lock);
	return rc;
}

static void probe_reopen(void *context)
{
	struct probe *probe = context;

	pthread_mutex_lock(&probe->lock);
	probe->reopened++;
	pthread_mutex_unlock(&probe->lock);
}

static void probe_close(void *context)
{
	struct probe *probe = context;

	atomic_fetch_add(&probe->closed, 1);
}

static void set(struct probe *probe, bool *flag, bool value)
{
	pthread_mutex_lock(&probe->lock);
	*flag = value;
	pthread_cond_broadcast(&probe->opened);
	pthread_mutex_unlock(&probe->lock);
}

static size_t count_of(struct probe *probe)
{
	pthread_mutex_lock(&probe->lock);
	size_t count = probe->count;
	pthread_mutex_unlock(&probe->lock);
	return count;
}

/* Hangs at its next event, and the thread is in there. */
static void wait_for_hang(struct probe *probe)
{
	for (bool waiting = false; !waiting; clock_sleep_ms(1)) {
		pthread_mutex_lock(&probe->lock);
		waiting = probe->waiting;
		pthread_mutex_unlock(&probe->lock);
	}
}

static const struct sink_ops ONE = {"one", probe_write, probe_reopen, probe_close};
static const struct sink_ops TWO = {"two", probe_write, NULL, probe_close};

static struct recorder *start(struct probe *one, struct probe *two)
{
	struct recorder *recorder = recorder_new();
	struct error error;

	probe_start(one);
	ok(recorder_add(recorder, (struct sink){&ONE, one}, &error) == 0, "sink one is taken");
	if (two) {
		probe_start(two);
		ok(recorder_add(recorder, (struct sink){&TWO, two}, &error) == 0,
			"sink two is taken");
	}
	return recorder;
}

static void emit(struct recorder *recorder, int first, int last)
{
	struct event event;

	for (int i = first; i <= last; i++) {
		event_start(&event, 3000, i);
		event_put_number(&event, FIELD_PID, i);
		recorder_emit(recorder, &event);
	}
}

/* One entry of what a probe kept. */
static void kept(const struct probe *probe, size_t at, int id, int64_t number)
{
	ok(at < probe->count, "entry %zu is there", at);
	is_number(probe->kept[at].id, id, "  its id");
	is_number(probe->kept[at].number, number, "  its number");
}

static void plain(void)
{
	static struct probe one, two;
	struct recorder *recorder = start(&one, &two);
	struct recorder_counters rows[2];
	struct event debug;

	emit(recorder, 1, 500);
	ok(recorder_flush(recorder, 5000), "the queues empty");
	is_number(one.count, 500, "sink one has all");
	is_number(two.count, 500, "sink two has all");
	int wrong = 0;
	for (int i = 0; i < 500; i++)
		wrong += one.kept[i].number != i + 1 || two.kept[i].number != i + 1;
	is_number(wrong, 0, "in order");

	event_start(&debug, 9015, 0);
	recorder_emit(recorder, &debug);
	recorder_flush(recorder, 5000);
	is_number(one.count, 500, "debug events go nowhere");
	recorder_set_debug(recorder, true);
	ok(recorder_debug(recorder), "debug mode is on");
	recorder_emit(recorder, &debug);
	recorder_flush(recorder, 5000);
	is_number(one.count, 501, "now they do");

	recorder_reopen(recorder);
	recorder_flush(recorder, 5000);
	is_number(one.reopened, 1, "a reopen is passed on, without an event");
	is_number(recorder_counters(recorder, rows, 2), 2, "two rows of counters");
	is_text(rows[0].sink, "one", "the name");
	ok(rows[1].written == 501 && rows[1].lost == 0, "the counts");
	is_number(recorder_counters(recorder, rows, 0), 2, "no room for rows is fine");
	recorder_free(recorder);
	ok(one.closed == 1 && two.closed == 1, "each sink was closed once");
}

static void failing(void)
{
	static struct probe one, two;
	struct recorder *recorder = start(&one, &two);
	struct recorder_counters rows[2];

	emit(recorder, 1, 1);
	recorder_flush(recorder, 5000);
	set(&one, &one.fails, true);
	emit(recorder, 2, 11);
	ok(recorder_flush(recorder, 5000), "a failing sink empties its queue too");
	clock_sleep_ms(50);
	is_number(one.attempts, 11, "one attempt an event, and no loop");
	is_number(two.count, 12, "the other sink has everything and one remark");
	int told = 0;
	for (size_t i = 0; i < two.count; i++)
		told += two.kept[i].id == 1001 && two.kept[i].number == -1 &&
			strcmp(two.kept[i].reason, "the probe fails") == 0;
	is_number(told, 1, "the outage is told once, with its cause");
	recorder_counters(recorder, rows, 2);
	ok(rows[0].written == 1 && rows[0].lost == 10, "ten are counted as lost");

	set(&one, &one.fails, false);
	emit(recorder, 12, 12);
	recorder_flush(recorder, 5000);
	is_number(one.count, 3, "after that sink one has three entries");
	kept(&one, 0, 3000, 1);
	kept(&one, 1, 1001, 10);
	kept(&one, 2, 3000, 12);
	recorder_flush(recorder, 5000);
	kept(&two, 13, 1001, 10);
	is_text(two.kept[13].reason, "works again", "the other is told too");

	set(&one, &one.fails, true);
	emit(recorder, 13, 13);
	recorder_flush(recorder, 5000);
	set(&one, &one.fails, false);
	recorder_free(recorder);
	kept(&one, 3, 1001, 1);
	is_number(one.count, 4, "what was lost is said at the end, where nothing follows");
}

static void both_failing(void)
{
	static struct probe one, two;
	struct recorder *recorder = start(&one, &two);

	set(&one, &one.fails, true);
	set(&two, &two.fails, true);
	emit(recorder, 1, 100);
	ok(recorder_flush(recorder, 5000), "two sinks that fail come to rest");
	ok(one.attempts <= 101 && two.attempts <= 101, "they tell each other once (%d, %d)",
		one.attempts, two.attempts);
	recorder_free(recorder);
}

static void overflowing(void)
{
	static struct probe one, two;
	struct recorder *recorder = start(&one, &two);
	struct recorder_counters rows[2];

	set(&one, &one.gate_closed, true);
	emit(recorder, 0, 0);
	wait_for_hang(&one);
	uint64_t began = clock_monotonic_ns();
	for (int i = 1; i <= 5000; i += 100) {
		emit(recorder, i, i + 99);
		while (count_of(&two) < (size_t)i) /* let the other keep up */
			clock_sleep_ms(1);
	}
	ok(clock_monotonic_ns() - began < 5 * NS_PER_S, "nobody waits for a sink that hangs");
	ok(!recorder_flush(recorder, 30), "its queue does not empty");
	is_number(two.count, 5002, "the other sink has all and the remark");
	recorder_counters(recorder, rows, 2);
	uint64_t lost = rows[0].lost;
	ok(lost >= 5000 - 4096 && lost <= 5001 - 4096 + 1, "what did not fit is counted: %" PRIu64,
		lost);

	set(&one, &one.gate_closed, false);
	ok(recorder_flush(recorder, 5000), "once it works the queue empties");
	size_t last = one.count - 1;
	kept(&one, last, 1001, (int64_t)lost);
	ok(one.kept[last - 1].id == 3000 || one.kept[last - 1].id == 1001,
		"the remark stands behind what did fit");
	is_number(one.kept[1000].number, 1000, "which is in order");
	is_number(two.kept[5002].number, (int64_t)lost, "the other is told the same count");

	emit(recorder, 9999, 9999);
	recorder_flush(recorder, 5000);
	kept(&one, last + 1, 3000, 9999);
	recorder_free(recorder);
}

/* A gap in the middle: the remark stands in it, not behind all that was queued. */
static void gap(void)
{
	static struct probe one;
	struct recorder *recorder = start(&one, NULL);

	set(&one, &one.gate_closed, true);
	emit(recorder, 0, 0);
	wait_for_hang(&one);
	emit(recorder, 1, 4102); /* 4097 to 4102 are lost */
	set(&one, &one.gate_closed, false);
	ok(recorder_flush(recorder, 5000), "the queue empties");
	emit(recorder, 5000, 5000);
	recorder_flush(recorder, 5000);
	kept(&one, 4096, 3000, 4096);
	kept(&one, 4097, 1001, 6);
	kept(&one, 4098, 3000, 5000);
	recorder_free(recorder);
}

static void left_behind(void)
{
	static struct probe one, two;
	struct recorder *recorder = start(&one, &two);

	set(&one, &one.gate_closed, true);
	emit(recorder, 1, 3);
	wait_for_hang(&one);
	uint64_t began = clock_monotonic_ns();
	recorder_free(recorder);
	uint64_t took = clock_monotonic_ns() - began;
	ok(took >= NS_PER_S && took < 4 * NS_PER_S, "a sink that hangs holds the end for 2 s");
	ok(two.closed == 1 && one.closed == 0, "the other sink is closed, this one is left");
	is_number(two.count, 3, "and the other has everything");
	set(&one, &one.gate_closed, false);
	for (int i = 0; i < 2000 && !one.closed; i++)
		clock_sleep_ms(1);
	is_number(one.closed, 1, "should it come back, it cleans up");
	clock_sleep_ms(20);
}

struct emitter {
	struct recorder *recorder;
	int first;
};

static void *emitter_main(void *argument)
{
	struct emitter *emitter = argument;

	for (int i = 0; i < 400; i += 20) {
		emit(emitter->recorder, emitter->first + i, emitter->first + i + 19);
		recorder_reopen(emitter->recorder);
		recorder_flush(emitter->recorder, 1000);
	}
	return NULL;
}

static void many_threads(void)
{
	static struct probe one, two;
	struct recorder *recorder = start(&one, &two);
	struct emitter emitters[4];
	pthread_t threads[4];

	for (int i = 0; i < 4; i++) {
		emitters[i] = (struct emitter){recorder, i * 1000};
		pthread_create(&threads[i], NULL, emitter_main, &emitters[i]);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	recorder_flush(recorder, 5000);
	is_number(one.count, 1600, "four threads at once: sink one has all");
	is_number(two.count, 1600, "sink two has all");
	recorder_free(recorder);
}

static void replacing(void)
{
	static struct probe one, two, three;
	struct recorder *recorder = start(&one, &two);
	struct error error;

	probe_start(&three);
	emit(recorder, 1, 300);
	ok(recorder_replace(recorder, "one", (struct sink){&ONE, &three}, &error) == 0, "replaced");
	recorder_flush(recorder, 5000);
	for (int i = 0; i < 2000 && !one.closed; i++)
		clock_sleep_ms(1);
	ok(one.count == 300 && one.closed == 1, "the old sink has what came before, and is closed");
	emit(recorder, 301, 310);
	recorder_flush(recorder, 5000);
	is_number(three.count, 10, "the new one has what comes after");
	ok(recorder_replace(recorder, "one", (struct sink){NULL, NULL}, &error) == 0, "removed");
	for (int i = 0; i < 2000 && !three.closed; i++)
		clock_sleep_ms(1);
	emit(recorder, 311, 311);
	recorder_flush(recorder, 5000);
	ok(three.count == 10 && three.closed == 1, "nothing comes to what was removed");
	is_number(two.count, 311, "the other sink has all");
	recorder_free(recorder);
	ok(one.closed == 1 && two.closed == 1 && three.closed == 1, "each was closed once");
}

static void edges(void)
{
	struct recorder *recorder = recorder_new();
	static struct probe probes[9];
	struct error error = {0};

	emit(recorder, 1, 10);
	ok(recorder_flush(recorder, 10), "without sinks there is nothing to wait for");
	int added = 0;
	for (int i = 0; i < 9; i++) {
		probe_start(&probes[i]);
		added += recorder_add(recorder, (struct sink){&ONE, &probes[i]}, &error) == 0;
	}
	is_number(added, 8, "eight sinks at most: %s", error.text);
	is_number(probes[8].closed, 1, "the one that is refused is closed");
	recorder_free(recorder);
	recorder_free(NULL);
}

/* A flood of debug events leaves room for the others. */
static void crowded(void)
{
	static struct probe one;
	struct recorder *recorder = start(&one, NULL);
	struct event event;
	size_t others = 0;

	recorder_set_debug(recorder, true);
	set(&one, &one.gate_closed, true);
	emit(recorder, 0, 0);
	wait_for_hang(&one);
	event_start(&event, 9010, 1);
	for (int i = 0; i < 5000; i++)
		recorder_emit(recorder, &event);
	emit(recorder, 1, 500);
	set(&one, &one.gate_closed, false);
	ok(recorder_flush(recorder, 5000), "the queue empties");
	for (size_t i = 0; i < one.count; i++)
		others += one.kept[i].id == 3000;
	is_number(others, 501, "none but debug events are lost in a flood of those");
	recorder_free(recorder);
}

int main(void)
{
	crowded();
	plain();
	failing();
	both_failing();
	overflowing();
	gap();
	left_behind();
	many_threads();
	replacing();
	edges();
	return tap_done();
}
