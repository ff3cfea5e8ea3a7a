/* SPDX-License-Identifier: MIT */
/*
 * watch_session.c - one connection of the watch, from its attempt to its close
 *
 * The host's listener is called on threads of the host's, and only writes down what it is told:
 * ids into a ring without repeats, so that a machine that changes a hundred times while the
 * watch is busy is read once.
 */
#include "service/watch_session.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t NS_IN_S = 1000000000;

void sessions_init(struct sessions *all, const struct host_ops *ops)
{
	pthread_condattr_t attributes;

	*all = (struct sessions){.ops = ops, .clock = CLOCK_MONOTONIC};
	pthread_mutex_init(&all->mutex, NULL);
	pthread_condattr_init(&attributes);
	/* Where conditions know only the time of day, a step of it ends or prolongs one wait. */
	if (pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) != 0)
		all->clock = CLOCK_REALTIME;
	pthread_cond_init(&all->changed, &attributes);
	pthread_condattr_destroy(&attributes);
}

void sessions_destroy(struct sessions *all)
{
	pthread_cond_destroy(&all->changed);
	pthread_mutex_destroy(&all->mutex);
}

static uint64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_IN_S + (uint64_t)now.tv_nsec;
}

uint64_t sessions_now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

void sessions_wait(struct sessions *all, uint64_t deadline)
{
	uint64_t now = sessions_now();
	struct timespec time;

	if (deadline == UINT64_MAX) {
		pthread_cond_wait(&all->changed, &all->mutex);
	} else if (deadline > now) {
		uint64_t end = read_clock(all->clock) + (deadline - now);

		time.tv_sec = (time_t)(end / NS_IN_S);
		time.tv_nsec = (long)(end % NS_IN_S);
		pthread_cond_timedwait(&all->changed, &all->mutex, &time);
	}
}

unsigned sessions_count_abandoned(const struct sessions *all)
{
	unsigned count = 0;

	for (const struct session *session = all->first; session; session = session->next)
		count += session->abandoned && !session->attempted;
	return count;
}

static bool start_thread(void *(*run)(void *), void *argument)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, argument) != 0)
		return false;
	pthread_detach(thread);
	return true;
}

static void *close_session(void *argument)
{
	struct session *session = argument;
	struct sessions *all = session->all;
	struct session **link = &all->first;

	if (session->host)
		all->ops->close(session->host);
	pthread_mutex_lock(&all->mutex);
	while (*link != session)
		link = &(*link)->next;
	*link = session->next;
	/* Whoever waits for the last one may free them all as soon as the mutex is free. */
	pthread_cond_broadcast(&all->changed);
	pthread_mutex_unlock(&all->mutex);
	free(session->uri);
	free(session);
	return NULL;
}

void session_unref(struct session *session)
{
	pthread_mutex_lock(&session->all->mutex);
	bool last = --session->references == 0;
	pthread_mutex_unlock(&session->all->mutex);
	if (last && !(session->host && start_thread(close_session, session)))
		close_session(session);
}

void session_set_lost(struct session *session, const char *reason)
{
	struct sessions *all = session->all;

	pthread_mutex_lock(&all->mutex);
	if (!session->lost) {
		session->lost = true;
		error_set(&session->error, ERR_UNREACHABLE, "%s", reason);
	}
	pthread_cond_broadcast(&all->changed);
	pthread_mutex_unlock(&all->mutex);
}

struct uuid session_take_change(struct session *session)
{
	struct uuid id = session->changes[session->change_first];

	session->change_first = (session->change_first + 1) % SESSION_CHANGES_MAX;
	session->change_count--;
	return id;
}

/* ---- the host's listener ---- */

static void on_changed(void *context, const struct uuid *id)
{
	struct session *session = context;
	struct sessions *all = session->all;
	size_t first, i = 0;

	pthread_mutex_lock(&all->mutex);
	first = session->change_first;
	while (i < session->change_count &&
		!uuid_equal(&session->changes[(first + i) % SESSION_CHANGES_MAX], id))
		i++;
	if (i == SESSION_CHANGES_MAX) {
		session->overflow = true;
	} else if (i == session->change_count) {
		session->changes[(first + i) % SESSION_CHANGES_MAX] = *id;
		session->change_count++;
	}
	pthread_cond_broadcast(&all->changed);
	pthread_mutex_unlock(&all->mutex);
}

static void on_lost(void *context, const char *reason)
{
	session_set_lost(context, reason);
}

static void on_job(void *context, const struct host_job *job)
{
	const struct session *session = context;

	session->all->job(session->all->job_context, job);
}

/* ---- the attempt ---- */

/* Connects and subscribes. *subscribed is what subscribe() gave: negative, no notifications
 * (error). */
static struct host *open_host(struct session *session, int *subscribed, struct error *error)
{
	const struct host_ops *ops = session->all->ops;
	struct host_listener listener = {
		session, on_changed, on_lost, session->all->job ? on_job : NULL};
	struct host *host = NULL;

	if (ops->connect(session->uri, HOST_READ_WRITE, &host, error) < 0)
		return NULL;
	*subscribed = ops->subscribe(host, &listener, error);
	if (*subscribed == -ERR_UNREACHABLE) {
		ops->close(host);
		return NULL;
	}
	return host;
}

static void *attempt(void *argument)
{
	struct session *session = argument;
	struct sessions *all = session->all;
	struct error error = {0};
	int subscribed = 0;
	struct host *host = open_host(session, &subscribed, &error);

	pthread_mutex_lock(&all->mutex);
	session->host = host;
	session->polling = host && subscribed < 0;
	session->complete = subscribed > 0;
	session->attempted = true;
	if (!session->lost)
		session->error = error;
	pthread_cond_broadcast(&all->changed);
	pthread_mutex_unlock(&all->mutex);
	session_unref(session);
	return NULL;
}

struct session *session_new(struct sessions *all, const char *uri)
{
	struct session *session = calloc(1, sizeof(*session));

	if (!session)
		return NULL;
	session->all = all;
	session->references = 2; /* the attempt's and the caller's */
	session->uri = uri ? strdup(uri) : NULL;
	pthread_mutex_lock(&all->mutex);
	session->next = all->first;
	all->first = session;
	pthread_mutex_unlock(&all->mutex);
	if ((session->uri || !uri) && start_thread(attempt, session))
		return session;
	session->references = 1;
	session_unref(session);
	return NULL;
}
