/* SPDX-License-Identifier: MIT */
#include "service/workers.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/pages.h"

enum { THREADS_MAX = 16, STACK_SIZE = 512 * 1024 };

struct workers {
	pthread_mutex_t lock;
	pthread_cond_t work, ended;
	workers_run_fn *run;
	void *context;
	bool stopping;
	unsigned running; /* threads that have not ended */
	size_t capacity, first, count;
	struct pages queue; /* of struct wake_job */
};

static struct wake_job *job_at(const struct workers *workers, size_t place)
{
	return (struct wake_job *)workers->queue.start + place;
}

static void take_first(struct workers *workers, struct wake_job *job)
{
	*job = *job_at(workers, workers->first);
	workers->count--;
	/* An empty queue begins at its start again, so that few of its pages are ever used. */
	workers->first = workers->count ? (workers->first + 1) % workers->capacity : 0;
}

static void *work(void *argument)
{
	struct workers *workers = argument;
	struct wake_job job;

	pthread_mutex_lock(&workers->lock);
	for (;;) {
		while (workers->count == 0 && !workers->stopping)
			pthread_cond_wait(&workers->work, &workers->lock);
		if (workers->stopping)
			break;
		take_first(workers, &job);
		pthread_mutex_unlock(&workers->lock);
		workers->run(workers->context, &job);
		pthread_mutex_lock(&workers->lock);
	}
	workers->running--;
	pthread_cond_signal(&workers->ended);
	pthread_mutex_unlock(&workers->lock);
	return NULL;
}

static int start_thread(struct workers *workers)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	int result = pthread_create(&thread, &attributes, work, workers);
	pthread_attr_destroy(&attributes);
	return result;
}

int workers_new(struct workers **new_workers, unsigned threads, size_t queue, workers_run_fn *run,
	void *context, struct error *error)
{
	struct workers *workers = calloc(1, sizeof(*workers));

	if (workers)
		pages_reserve(&workers->queue, queue * sizeof(struct wake_job));
	if (!workers || !workers->queue.start) {
		free(workers);
		return error_set(error, ERR_FAILED, "no memory for the workers' queue");
	}
	pthread_mutex_init(&workers->lock, NULL);
	pthread_cond_init(&workers->work, NULL);
	pthread_cond_init(&workers->ended, NULL);
	workers->run = run;
	workers->context = context;
	workers->capacity = queue;
	for (unsigned i = 0; i < threads && i < THREADS_MAX; i++) {
		pthread_mutex_lock(&workers->lock);
		int failed = start_thread(workers);
		workers->running += failed ? 0 : 1;
		pthread_mutex_unlock(&workers->lock);
		if (failed) {
			workers_free(workers, 1000);
			return error_set_errno(error, ERR_FAILED, failed, "cannot start a worker");
		}
	}
	*new_workers = workers;
	return 0;
}

bool workers_put(struct workers *workers, const struct wake_job *job)
{
	bool fits;

	pthread_mutex_lock(&workers->lock);
	size_t place = (workers->first + workers->count) % workers->capacity;

	fits = workers->count < workers->capacity &&
	       pages_grow(&workers->queue, (place + 1) * sizeof(*job));
	if (fits) {
		*job_at(workers, place) = *job;
		workers->count++;
		pthread_cond_signal(&workers->work);
	}
	pthread_mutex_unlock(&workers->lock);
	return fits;
}

bool workers_withdraw(struct workers *workers, struct wake_job *job)
{
	pthread_mutex_lock(&workers->lock);
	bool there = workers->count > 0;
	if (there)
		take_first(workers, job);
	pthread_mutex_unlock(&workers->lock);
	return there;
}

bool workers_free(struct workers *workers, unsigned timeout_ms)
{
	struct timespec end;

	if (!workers)
		return true;
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += timeout_ms / 1000;
	end.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (end.tv_nsec >= 1000000000) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&workers->lock);
	workers->stopping = true;
	pthread_cond_broadcast(&workers->work);
	while (workers->running > 0) {
		if (pthread_cond_timedwait(&workers->ended, &workers->lock, &end) != 0)
			break;
	}
	bool all_ended = workers->running == 0;
	pthread_mutex_unlock(&workers->lock);
	if (!all_ended)
		return false;
	pthread_cond_destroy(&workers->work);
	pthread_cond_destroy(&workers->ended);
	pthread_mutex_destroy(&workers->lock);
	pages_free(&workers->queue);
	free(workers);
	return true;
}
