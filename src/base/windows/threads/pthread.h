/* SPDX-License-Identifier: MIT */
/*
 * pthread.h - the part of POSIX threads that hypervive uses, on Windows' own primitives
 *
 * Stands before the toolchain's header in the search path. The toolchain's condition variables
 * (winpthreads of mingw-w64 10) lose wake-ups when signals and time-outs meet on a busy machine:
 * tests/unit/test_watch hung in one run of three with four of them at once. Windows' own slim
 * locks and condition variables do not, and cost neither handles nor memory.
 *
 * As in POSIX (IEEE Std 1003.1-2017), but for what is left out: no cancellation, no error
 * checking, mutexes of the default kind only.
 */
#ifndef HYPERVIVE_BASE_WINDOWS_THREADS_PTHREAD_H
#define HYPERVIVE_BASE_WINDOWS_THREADS_PTHREAD_H

#include <stddef.h>
#include <time.h>

/* The toolchain's own are linked as well, for its C library: ours have names of their own. */
/* clang-format off */
#define pthread_attr_destroy hypervive_pthread_attr_destroy
#define pthread_attr_init hypervive_pthread_attr_init
#define pthread_attr_setdetachstate hypervive_pthread_attr_setdetachstate
#define pthread_attr_setstacksize hypervive_pthread_attr_setstacksize
#define pthread_cond_broadcast hypervive_pthread_cond_broadcast
#define pthread_cond_destroy hypervive_pthread_cond_destroy
#define pthread_cond_init hypervive_pthread_cond_init
#define pthread_cond_signal hypervive_pthread_cond_signal
#define pthread_cond_timedwait hypervive_pthread_cond_timedwait
#define pthread_cond_wait hypervive_pthread_cond_wait
#define pthread_condattr_destroy hypervive_pthread_condattr_destroy
#define pthread_condattr_init hypervive_pthread_condattr_init
#define pthread_condattr_setclock hypervive_pthread_condattr_setclock
#define pthread_create hypervive_pthread_create
#define pthread_detach hypervive_pthread_detach
#define pthread_join hypervive_pthread_join
#define pthread_mutex_destroy hypervive_pthread_mutex_destroy
#define pthread_mutex_init hypervive_pthread_mutex_init
#define pthread_mutex_lock hypervive_pthread_mutex_lock
#define pthread_mutex_unlock hypervive_pthread_mutex_unlock
#define pthread_once hypervive_pthread_once
/* clang-format on */

typedef struct {
	void *lock; /* an SRWLOCK */
} pthread_mutex_t;

typedef struct {
	void *variable; /* a CONDITION_VARIABLE */
	clockid_t clock;
} pthread_cond_t;

typedef struct {
	clockid_t clock;
} pthread_condattr_t;

typedef struct {
	void *once; /* an INIT_ONCE */
} pthread_once_t;

typedef struct {
	size_t stack_size;
	int detached;
} pthread_attr_t;

typedef struct pthread_windows *pthread_t;

enum { PTHREAD_CREATE_JOINABLE, PTHREAD_CREATE_DETACHED };

/* clang-format off */
#define PTHREAD_MUTEX_INITIALIZER {NULL}
#define PTHREAD_ONCE_INIT         {NULL}
/* clang-format on */

int pthread_mutex_init(pthread_mutex_t *mutex, const void *attributes);
int pthread_mutex_destroy(pthread_mutex_t *mutex);
int pthread_mutex_lock(pthread_mutex_t *mutex);
int pthread_mutex_unlock(pthread_mutex_t *mutex);

int pthread_condattr_init(pthread_condattr_t *attributes);
int pthread_condattr_setclock(pthread_condattr_t *attributes, clockid_t clock);
int pthread_condattr_destroy(pthread_condattr_t *attributes);
int pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes);
int pthread_cond_destroy(pthread_cond_t *condition);
int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex);
int pthread_cond_timedwait(
	pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *end);
int pthread_cond_signal(pthread_cond_t *condition);
int pthread_cond_broadcast(pthread_cond_t *condition);

int pthread_once(pthread_once_t *once, void (*run)(void));

int pthread_attr_init(pthread_attr_t *attributes);
int pthread_attr_destroy(pthread_attr_t *attributes);
int pthread_attr_setstacksize(pthread_attr_t *attributes, size_t size);
int pthread_attr_setdetachstate(pthread_attr_t *attributes, int detached);
int pthread_create(
	pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);
int pthread_join(pthread_t thread, void **result);
int pthread_detach(pthread_t thread);

#endif
