/* SPDX-License-Identifier: MIT */
/*
 * event_query.h - which events are asked for
 *
 * The pure part of `hypervive events`: times, lists of ids and machines as people write them.
 */
#ifndef HYPERVIVE_COMMANDS_EVENT_QUERY_H
#define HYPERVIVE_COMMANDS_EVENT_QUERY_H

#include "base/clock.h"
#include "base/error.h"
#include "base/uuid.h"
#include "event/event.h"

enum { EVENT_QUERY_RANGES = 64, EVENT_QUERY_NAME_SIZE = 512 };

/* All zero: every event. */
struct event_query {
	bool has_since, has_until;
	int64_t since_us, until_us; /* both included */
	struct {
		int first, last;
	} ids[EVENT_QUERY_RANGES];
	size_t id_count;                /* 0: every id */
	char vm[EVENT_QUERY_NAME_SIZE]; /* "": every machine, and events without one */
	bool vm_is_id;                  /* vm can be read as an id; it may be a name all the same */
	struct uuid vm_id;
};

/* The time zone that local times are in: clock_local_to_seconds() and its counterpart. */
struct event_query_zone {
	int64_t (*to_seconds)(const struct clock_civil *civil);
	void (*to_civil)(int64_t seconds, struct clock_civil *civil);
};

/*
 * Reads a point in time:
 *   2026-11-21T20:15:30.5Z, …+01:00   RFC 3339
 *   2026-11-21, 2026-11-21 20:15[:30[.5]], 2026-11-21T20:15   local time
 *   20:15[:30]                        today, local time
 *   now, today, yesterday, tomorrow   the last three at their midnight
 *   @1795292130[.5]                   seconds since 1970
 *   -1h30m, 1h30m, 1h30m ago          that long before now
 *   +1h30m                            that long after now
 * Units: s, m (min), h, d, w, and their English names; blanks between the parts are allowed.
 */
int event_query_parse_time(const char *text, int64_t now_us, const struct event_query_zone *zone,
	int64_t *time_us, struct error *error);

/* Adds ids and ranges of ids, separated by commas: 2000,3000-3001. */
int event_query_add_ids(struct event_query *query, const char *text, struct error *error);

/* A machine's name, exactly, or its id in any case. */
void event_query_set_vm(struct event_query *query, const char *name_or_id);

bool event_query_matches(const struct event_query *query, const struct event *event);

#endif
