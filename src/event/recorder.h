/* SPDX-License-Identifier: MIT */
/*
 * recorder.h - every event to every sink, and no sink in the way of another
 *
 * recorder_emit() copies the event into one bounded queue a sink and returns; it allocates
 * nothing, never blocks on a sink and never fails. Each sink's own thread writes. What a sink
 * could not write (it failed, or its queue was full) is counted; the first loss of an outage is
 * told to the other sinks as event 1001, and when the sink works again one more 1001 with the
 * count goes to all. In the recovered sink itself it stands where the gap is: after the last
 * event before the loss, before the first one after it.
 *
 * The threads have the signal mask of the one that calls recorder_add(): block what a handler or
 * a signalfd is to get before that.
 */
#ifndef HYPERVIVE_EVENT_RECORDER_H
#define HYPERVIVE_EVENT_RECORDER_H

#include <stdbool.h>

#include "event/event.h"
#include "event/sink.h"

struct recorder;

struct recorder_counters {
	const char *sink;
	uint64_t written; /* events and remarks about lost ones that are in the sink */
	uint64_t lost;
};

struct recorder *recorder_new(void); /* NULL when memory is out */

/* Takes the sink (closes it when it fails); its thread starts now. Eight sinks at most. */
int recorder_add(struct recorder *recorder, struct sink sink, struct error *error);

/*
 * Puts the sink in the place of the one of that name, after what was emitted before; adds it when
 * there is none of that name. A sink without ops removes the one that is there.
 */
int recorder_replace(
	struct recorder *recorder, const char *name, struct sink sink, struct error *error);

/* From any thread. Events of severity debug go nowhere unless debug mode is on. */
void recorder_emit(struct recorder *recorder, const struct event *event);

void recorder_set_debug(struct recorder *recorder, bool on);
bool recorder_debug(const struct recorder *recorder);

/* Asks every sink's thread to reopen before its next event. */
void recorder_reopen(struct recorder *recorder);

/* Number of sinks; fills up to `most` rows. */
size_t recorder_counters(struct recorder *recorder, struct recorder_counters *rows, size_t most);

/*
 * Waits until all queues are empty and nothing is being written, at most that long; true when it
 * is so. A sink that fails empties its queue too.
 */
bool recorder_flush(struct recorder *recorder, unsigned timeout_ms);

/*
 * Flushes for at most two seconds, closes the sinks, frees everything. NULL is allowed. A thread
 * that hangs in its sink is left behind with what it needs; it cleans up should it ever come back.
 */
void recorder_free(struct recorder *recorder);

#endif
