/* SPDX-License-Identifier: MIT */
/*
 * event_loop.c - the thread that runs libvirt's event loop
 *
 * libvirt has one event loop a process, and it must be registered before the first connection is
 * opened. virEventRunDefaultImpl() sleeps until something happens; to end the thread, a timer
 * that never fires by itself is made to fire at once.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "host/libvirt/libvirt_host.h"

static struct {
	pthread_mutex_t mutex;
	unsigned users;
	pthread_t thread;
	int timer; /* 0: the loop is not registered yet */
	atomic_bool stop;
} loop = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void wake_up(int timer, void *context)
{
	(void)context;
	virEventUpdateTimeout(timer, -1);
}

static void *run(void *argument)
{
	(void)argument;
	while (!atomic_load(&loop.stop)) {
		/* Fails only when nothing is registered, and our timer is. */
		if (virEventRunDefaultImpl() < 0)
			break;
	}
	return NULL;
}

static int start(struct error *error)
{
	sigset_t all, before;

	if (loop.timer == 0) {
		if (virEventRegisterDefaultImpl() < 0)
			return libvirt_error(NULL, error);
		loop.timer = virEventAddTimeout(-1, wake_up, NULL, NULL);
		if (loop.timer < 0) {
			loop.timer = 0;
			return libvirt_error(NULL, error);
		}
	}
	atomic_store(&loop.stop, false);
	/* Signals are for the threads that expect them. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	int failed = pthread_create(&loop.thread, NULL, run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed)
		return error_set_errno(error, ERR_FAILED, failed, "cannot start a thread");
	return 0;
}

int event_loop_acquire(struct error *error)
{
	int result = 0;

	pthread_mutex_lock(&loop.mutex);
	if (loop.users == 0)
		result = start(error);
	if (result == 0)
		loop.users++;
	pthread_mutex_unlock(&loop.mutex);
	return result;
}

void event_loop_release(void)
{
	pthread_mutex_lock(&loop.mutex);
	if (--loop.users == 0) {
		atomic_store(&loop.stop, true);
		virEventUpdateTimeout(loop.timer, 0);
		/* The loop never takes our mutex: it cannot wait for us. */
		pthread_join(loop.thread, NULL);
	}
	pthread_mutex_unlock(&loop.mutex);
}
