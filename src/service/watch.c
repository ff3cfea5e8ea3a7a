/* SPDX-License-Identifier: MIT */
/*
 * watch.c - keeps a host connected and its machines known
 *
 * Theory of operation: everything about one connection is a session. Any call into the host's
 * library may hang, so connecting, subscribing and closing are done on threads of their own, and
 * the watch's thread waits for them only as long as it likes:
 *
 *     watch's thread    session_new ─ waits ─ inventory, changes … ─ lets go ─ back-off ─ anew
 *     attempt thread    connect, subscribe ┘                             │
 *     closing thread                              when nobody uses it: close, free
 *
 * An attempt that hangs is told as an outage after a while, and after a longer while left to
 * itself and another one made: the daemon it waits for may have been replaced. Changes that are
 * told while the inventory is taken wait in the session until it is complete.
 *
 * Not every change is told by every host: libvirt's events are silent when an adapter is added to
 * a machine that is off, or a setting is changed for its next start. So known machines are read
 * again in turn, one at a time and whenever nothing else is to be done: all of them in a few
 * seconds where they are few, and for a five-hundredth of the time where reading is quick. What is
 * as it was is not told again.
 */
#include "service/watch.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "service/backoff.h"
#include "service/known_machines.h"
#include "service/watch_session.h"

enum {
	PATIENCE_MS = 10000,     /* then an attempt to connect counts as an outage */
	ABANDON_MS = 60000,      /* then another one is made … */
	ABANDONED_MAX = 4,       /* … unless so many hang already */
	INTERVAL_MS = 5000,      /* between listings of a host without notifications */
	ROUND_MS = 4000,         /* at least, for reading all machines again */
	REST_MIN_MS = 200,       /* between two of them, at least … */
	REST_FACTOR = 500,       /* … and so many times as long as reading one takes … */
	REST_MAX_MS = 5000,      /* … at most */
	REST_COMPLETE_MS = 5000, /* where the host tells of every change: to be sure */
};

static const uint64_t MS = 1000000;
static const uint64_t NEVER = UINT64_MAX;

struct watch {
	struct sessions sessions; /* its mutex guards what stands next */
	struct session *current;  /* what workers may acquire */
	char *uri;
	bool other_uri; /* since the thread looked last */
	bool reconnect;
	bool stop;
	bool ended; /* the thread has */

	pthread_t thread;
	struct watch_listener listener;
	/* The thread only. */
	struct backoff backoff;
	struct known_machines known;
	bool outage; /* told as lost */
};

static void lock(struct watch *watch)
{
	pthread_mutex_lock(&watch->sessions.mutex);
}

static void unlock(struct watch *watch)
{
	pthread_mutex_unlock(&watch->sessions.mutex);
}

/* Whether the thread must let go of this session. The mutex is held. */
static bool is_over(const struct watch *watch, const struct session *session)
{
	return session->lost || watch->reconnect || watch->stop;
}

static bool is_over_now(struct watch *watch, const struct session *session)
{
	lock(watch);
	bool over = is_over(watch, session);
	unlock(watch);
	return over;
}

static void tell_lost(struct watch *watch, const char *reason)
{
	if (watch->outage)
		return;
	watch->outage = true;
	watch->listener.lost(watch->listener.context, reason);
}

/* Says once that the attempt takes long. The mutex is held, and let go meanwhile. */
static void tell_no_answer(struct watch *watch, const char *uri)
{
	struct error error;

	error_set(&error, ERR_UNREACHABLE, "%s%s%s does not answer", uri ? "'" : "",
		uri ? uri : "the management service of this host", uri ? "'" : "");
	unlock(watch);
	tell_lost(watch, error.text);
	lock(watch);
}

/* Waits for the end of the attempt, or until nobody wants it any more. */
static bool await_attempt(struct watch *watch, struct session *session)
{
	uint64_t start = sessions_now();
	uint64_t patience = start + PATIENCE_MS * MS, abandon = start + ABANDON_MS * MS;

	lock(watch);
	while (!session->attempted && !is_over(watch, session)) {
		uint64_t now = sessions_now();

		if (now >= patience) {
			patience = NEVER;
			tell_no_answer(watch, session->uri);
		} else if (now < abandon) {
			sessions_wait(&watch->sessions, patience < abandon ? patience : abandon);
		} else if (sessions_count_abandoned(&watch->sessions) < ABANDONED_MAX) {
			break;
		} else {
			sessions_wait(&watch->sessions, NEVER);
		}
	}
	session->abandoned = !session->attempted;
	bool connected = session->attempted && session->host;
	if (connected)
		watch->current = session;
	unlock(watch);
	return connected;
}

struct inventory {
	struct watch *watch;
	struct session *session;
};

static bool tell_machine(void *context, const struct machine *machine)
{
	struct inventory *inventory = context;
	struct watch *watch = inventory->watch;

	if (is_over_now(watch, inventory->session))
		return false;
	known_machines_add(&watch->known, machine);
	watch->listener.machine(watch->listener.context, machine);
	return true;
}

static void take_inventory(struct watch *watch, struct session *session)
{
	const struct host_ops *ops = watch->sessions.ops;
	const struct watch_listener *listener = &watch->listener;
	struct inventory inventory = {watch, session};
	struct error error = {0};

	lock(watch);
	session->change_count = 0; /* what changed before is seen by the listing */
	session->overflow = false;
	unlock(watch);
	known_machines_clear(&watch->known);
	listener->begin(listener->context);
	if (ops->list(session->host, 0, tell_machine, &inventory, &error) < 0)
		session_set_lost(session, error.text);
	if (is_over_now(watch, session))
		return;
	listener->complete(listener->context, ops->uri(session->host));
	watch->outage = false;
	backoff_reset(&watch->backoff);
}

/* Reads one machine and tells what is new. False when it may be there and cannot be read. */
static bool read_machine(struct watch *watch, struct session *session, const struct uuid *id)
{
	const struct watch_listener *listener = &watch->listener;
	struct machine machine = {0};
	struct error error = {0};
	int result = watch->sessions.ops->read(session->host, id, 0, &machine, &error);

	if (result == -ERR_UNREACHABLE)
		session_set_lost(session, error.text);
	if (is_over_now(watch, session))
		result = -ERR_UNREACHABLE;
	if (result == 0 && known_machines_set(&watch->known, &machine))
		listener->machine(listener->context, &machine);
	else if (result == -ERR_NOT_FOUND && known_machines_remove(&watch->known, id))
		listener->gone(listener->context, id);
	machine_clear(&machine);
	return result == 0 || result == -ERR_NOT_FOUND;
}

/* Reads the machine whose turn it is. Returns when the next one's is. */
static uint64_t read_next(struct watch *watch, struct session *session)
{
	const struct uuid *next = known_machines_next(&watch->known);
	size_t count = watch->known.count;
	uint64_t start = sessions_now();

	if (!next)
		return start + ROUND_MS * MS;
	struct uuid id = *next; /* the list may change below it */
	read_machine(watch, session, &id);
	uint64_t end = sessions_now();
	uint64_t least = (session->complete ? REST_COMPLETE_MS : REST_MIN_MS) * MS;
	uint64_t rest = (end - start) * REST_FACTOR;
	if (rest < ROUND_MS * MS / count)
		rest = ROUND_MS * MS / count;
	if (rest > REST_MAX_MS * MS)
		rest = REST_MAX_MS * MS;
	return end + (rest < least ? least : rest);
}

/* Lists, and reads what changes, until the session is over. */
static void serve(struct watch *watch, struct session *session)
{
	uint64_t list_at = 0, next_at = NEVER;

	lock(watch);
	while (!is_over(watch, session)) {
		uint64_t now = sessions_now();

		if (session->overflow || now >= list_at) {
			unlock(watch);
			take_inventory(watch, session);
			now = sessions_now();
			list_at = session->polling ? now + INTERVAL_MS * MS : NEVER;
			next_at = session->polling ? NEVER : now + ROUND_MS * MS;
			lock(watch);
		} else if (session->change_count > 0) {
			struct uuid id = session_take_change(session);

			unlock(watch);
			/* What cannot be read now, and is not known yet, a listing will show. */
			if (!read_machine(watch, session, &id) && list_at == NEVER)
				list_at = now + INTERVAL_MS * MS;
			lock(watch);
		} else if (now >= next_at) {
			unlock(watch);
			next_at = read_next(watch, session);
			lock(watch);
		} else {
			sessions_wait(&watch->sessions, list_at < next_at ? list_at : next_at);
		}
	}
	watch->current = NULL;
	unlock(watch);
}

static struct session *begin_session(struct watch *watch)
{
	lock(watch);
	if (watch->other_uri)
		watch->outage = false; /* what was told concerned another host */
	watch->other_uri = watch->reconnect = false;
	char *uri = watch->uri ? strdup(watch->uri) : NULL;
	bool copied = uri || !watch->uri;
	unlock(watch);
	struct session *session = copied ? session_new(&watch->sessions, uri) : NULL;
	free(uri);
	return session;
}

/* One session, from its attempt until we let go of it. */
static void watch_once(struct watch *watch)
{
	struct session *session = begin_session(watch);
	struct error error;

	if (!session) {
		tell_lost(watch, "out of memory");
		return;
	}
	if (await_attempt(watch, session)) {
		lock(watch);
		bool polling = session->polling && !is_over(watch, session);
		error = session->error;
		unlock(watch);
		if (polling)
			watch->listener.polling(watch->listener.context, error.text);
		serve(watch, session);
	}
	lock(watch);
	bool failed = session->attempted && !watch->reconnect && !watch->stop;
	error = session->error;
	unlock(watch);
	if (failed)
		tell_lost(watch, error.text);
	session_unref(session);
}

static void *run(void *argument)
{
	struct watch *watch = argument;

	lock(watch);
	while (!watch->stop) {
		unlock(watch);
		watch_once(watch);
		uint64_t retry = sessions_now() + backoff_next(&watch->backoff) * MS;
		lock(watch);
		while (!watch->stop && !watch->reconnect && sessions_now() < retry)
			sessions_wait(&watch->sessions, retry);
		if (watch->reconnect)
			backoff_reset(&watch->backoff);
	}
	watch->ended = true;
	pthread_cond_broadcast(&watch->sessions.changed);
	unlock(watch);
	return NULL;
}

/* ---- for others ---- */

static void destroy(struct watch *watch)
{
	sessions_destroy(&watch->sessions);
	known_machines_clear(&watch->known);
	free(watch->uri);
	free(watch);
}

struct watch *watch_new(const struct host_ops *ops, const char *uri,
	const struct watch_listener *listener, struct error *error)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (!watch) {
		error_set(error, ERR_FAILED, "out of memory");
		return NULL;
	}
	watch->listener = *listener;
	sessions_init(&watch->sessions, ops);
	watch->sessions.job = listener->job;
	watch->sessions.job_context = listener->context;
	watch->uri = uri ? strdup(uri) : NULL;
	int failed = uri && !watch->uri ? ENOMEM : 0;
	if (!failed)
		failed = pthread_create(&watch->thread, NULL, run, watch);
	if (!failed)
		return watch;
	error_set_errno(error, ERR_FAILED, failed, "cannot start the watch over the host");
	destroy(watch);
	return NULL;
}

struct host *watch_acquire(struct watch *watch)
{
	struct host *host = NULL;

	lock(watch);
	struct session *session = watch->current;
	if (session && !session->lost) {
		session->references++;
		host = session->host;
	}
	unlock(watch);
	return host;
}

void watch_release(struct watch *watch, struct host *host)
{
	if (!host)
		return;
	lock(watch);
	struct session *session = watch->sessions.first;
	while (session && session->host != host)
		session = session->next;
	unlock(watch);
	if (session)
		session_unref(session);
}

void watch_reconnect(struct watch *watch, const char *uri)
{
	char *copy = uri ? strdup(uri) : NULL;

	lock(watch);
	bool same = uri && watch->uri ? strcmp(uri, watch->uri) == 0 : uri == watch->uri;
	if (!same && (copy || !uri)) {
		char *old = watch->uri;

		watch->uri = copy;
		copy = old;
		watch->other_uri = true;
	}
	watch->reconnect = true;
	pthread_cond_broadcast(&watch->sessions.changed);
	unlock(watch);
	free(copy);
}

bool watch_free(struct watch *watch, unsigned timeout_ms)
{
	uint64_t deadline = sessions_now() + timeout_ms * MS;

	if (!watch)
		return true;
	lock(watch);
	watch->stop = true;
	pthread_cond_broadcast(&watch->sessions.changed);
	while ((!watch->ended || watch->sessions.first) && sessions_now() < deadline)
		sessions_wait(&watch->sessions, deadline);
	bool done = watch->ended && !watch->sessions.first;
	unlock(watch);
	if (!done)
		return false;
	pthread_join(watch->thread, NULL);
	destroy(watch);
	return true;
}
