/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <process.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <windows.h>

/* What is known of a thread: the thread itself and whoever may join it hold it. */
struct pthread_windows {
	HANDLE handle;
	atomic_int holders;
	void *(*run)(void *);
	void *argument, *result;
};

/* ---- mutexes ---- */

static PSRWLOCK lock_of(pthread_mutex_t *mutex)
{
	return (PSRWLOCK)&mutex->lock;
}

int pthread_mutex_init(pthread_mutex_t *mutex, const void *attributes)
{
	(void)attributes;
	InitializeSRWLock(lock_of(mutex));
	return 0;
}

int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
	mutex->lock = NULL; /* Windows keeps nothing else */
	return 0;
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	AcquireSRWLockExclusive(lock_of(mutex));
	return 0;
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	ReleaseSRWLockExclusive(lock_of(mutex));
	return 0;
}

/* ---- conditions ---- */

static PCONDITION_VARIABLE variable_of(pthread_cond_t *condition)
{
	return (PCONDITION_VARIABLE)&condition->variable;
}

int pthread_condattr_init(pthread_condattr_t *attributes)
{
	attributes->clock = CLOCK_REALTIME;
	return 0;
}

int pthread_condattr_setclock(pthread_condattr_t *attributes, clockid_t clock)
{
	attributes->clock = clock;
	return 0;
}

int pthread_condattr_destroy(pthread_condattr_t *attributes)
{
	attributes->clock = CLOCK_REALTIME;
	return 0;
}

int pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes)
{
	InitializeConditionVariable(variable_of(condition));
	condition->clock = attributes ? attributes->clock : CLOCK_REALTIME;
	return 0;
}

int pthread_cond_destroy(pthread_cond_t *condition)
{
	condition->variable = NULL;
	return 0;
}

static int wait_ms(pthread_cond_t *condition, pthread_mutex_t *mutex, DWORD ms)
{
	if (SleepConditionVariableSRW(variable_of(condition), lock_of(mutex), ms, 0))
		return 0;
	return GetLastError() == ERROR_TIMEOUT ? ETIMEDOUT : EINVAL;
}

int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
	return wait_ms(condition, mutex, INFINITE);
}

int pthread_cond_timedwait(
	pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *end)
{
	struct timespec now;

	clock_gettime(condition->clock, &now);
	int64_t ns = ((int64_t)end->tv_sec - now.tv_sec) * 1000000000 + end->tv_nsec - now.tv_nsec;
	if (ns <= 0)
		return ETIMEDOUT;
	/* At most a day: waking up too early is allowed. */
	int64_t ms = (ns + 999999) / 1000000;
	return wait_ms(condition, mutex, ms > 86400000 ? 86400000 : (DWORD)ms);
}

int pthread_cond_signal(pthread_cond_t *condition)
{
	WakeConditionVariable(variable_of(condition));
	return 0;
}

int pthread_cond_broadcast(pthread_cond_t *condition)
{
	WakeAllConditionVariable(variable_of(condition));
	return 0;
}

/* ---- once ---- */

static BOOL CALLBACK run_once(PINIT_ONCE once, void *run, void **context)
{
	(void)once;
	(void)context;
	(*(void (**)(void))run)();
	return TRUE;
}

int pthread_once(pthread_once_t *once, void (*run)(void))
{
	return InitOnceExecuteOnce((PINIT_ONCE)&once->once, run_once, &run, NULL) ? 0 : EINVAL;
}

/* ---- threads ---- */

int pthread_attr_init(pthread_attr_t *attributes)
{
	*attributes = (pthread_attr_t){0};
	return 0;
}

int pthread_attr_destroy(pthread_attr_t *attributes)
{
	*attributes = (pthread_attr_t){0};
	return 0;
}

int pthread_attr_setstacksize(pthread_attr_t *attributes, size_t size)
{
	attributes->stack_size = size;
	return 0;
}

int pthread_attr_setdetachstate(pthread_attr_t *attributes, int detached)
{
	attributes->detached = detached;
	return 0;
}

static void let_go(struct pthread_windows *thread)
{
	if (atomic_fetch_sub(&thread->holders, 1) != 1)
		return;
	CloseHandle(thread->handle);
	free(thread);
}

static unsigned __stdcall run_thread(void *context)
{
	struct pthread_windows *thread = context;

	thread->result = thread->run(thread->argument);
	let_go(thread);
	return 0;
}

int pthread_create(
	pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument)
{
	struct pthread_windows *made = calloc(1, sizeof(*made));
	size_t stack = attributes ? attributes->stack_size : 0;

	if (!made)
		return EAGAIN;
	made->run = run;
	made->argument = argument;
	atomic_init(&made->holders, 2);
	/* Suspended: its handle must be in place before it may end. */
	made->handle = (HANDLE)_beginthreadex(NULL, (unsigned)stack, run_thread, made,
		CREATE_SUSPENDED | STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
	if (!made->handle) {
		free(made);
		return EAGAIN;
	}
	*thread = made;
	ResumeThread(made->handle);
	if (attributes && attributes->detached)
		let_go(made);
	return 0;
}

int pthread_join(pthread_t thread, void **result)
{
	if (WaitForSingleObject(thread->handle, INFINITE) != WAIT_OBJECT_0)
		return EINVAL;
	if (result)
		*result = thread->result;
	let_go(thread);
	return 0;
}

int pthread_detach(pthread_t thread)
{
	let_go(thread);
	return 0;
}
