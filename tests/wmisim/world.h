/* SPDX-License-Identifier: MIT */
/*
 * world.h - what is so beside the instances: the host's name, refusals, losses, delays, counters
 */
#ifndef WMISIM_WORLD_H
#define WMISIM_WORLD_H

#include "status.h"
#include "store.h"

enum refusal { REFUSE_ACCESS, REFUSE_QUERY, REFUSE_METHOD, REFUSE_NOTIFICATIONS, REFUSALS };

enum { NAME_SIZE = 128, REFUSED_NAMES = 16, REMOTES = 8 };

struct refusal_list {
	unsigned count;
	struct {
		char name[NAME_SIZE]; /* a class or a method; "" for all */
		sim_status code;
	} list[REFUSED_NAMES];
};

struct remote {
	char name[NAME_SIZE], user[NAME_SIZE], password[NAME_SIZE];
	bool needs_user;
};

enum vmms_state { VMMS_UP, VMMS_FAILS, VMMS_EMPTY };

enum object_kind {
	COUNT_LOCATORS,
	COUNT_SERVICES,
	COUNT_ENUMERATORS,
	COUNT_SUBSCRIPTIONS,
	COUNT_OBJECTS,
	OBJECT_KINDS
};

enum { CALL_NAMES = 48 };

struct call_count {
	const char *name; /* a literal */
	unsigned long count;
};

struct world {
	uint64_t now; /* the moment whose changes are being made */
	char host[NAME_SIZE];
	struct remote remotes[REMOTES];
	unsigned remote_count;

	double within_factor;
	bool events_immediate;
	bool errors_at_call;

	struct refusal_list refusals[REFUSALS];
	bool like_refused, machines_hidden;
	enum vmms_state vmms;
	sim_status vmms_error;
	bool winmgmt_down;
	unsigned epoch; /* objects of an older one are dead */
	sim_status down_call, down_pending, down_connect;
	uint64_t hang_until;
	unsigned slow;

	long open[OBJECT_KINDS];
	struct call_count calls[CALL_NAMES];
	unsigned long call_total;
	unsigned long rejections;
	char last_rejection[320];
};

extern struct world world;

/* Everything as at the start: a host without machines. */
void world_reset(void);

/* Sets the clock and does what became due. With the lock held, at the start of every call. */
void world_enter(void);

/* Whether the scenario refuses it, and how. `name` may be NULL. */
bool world_refuses(enum refusal refusal, const char *name, sim_status *code);

void world_count_call(const char *name);
/* Remembers what the program did wrong, and gives the status back. */
__attribute__((format(gnu_printf, 3, 4))) sim_status world_reject(
	const char *call, sim_status status, const char *format, ...);

/* Whether a provider of the class can answer; SIM_OK also when it has nothing to say. */
sim_status world_provider(const struct class *class);
/* Whether instances of the class are to be seen at all. */
bool world_shows(const struct class *class);

#endif
