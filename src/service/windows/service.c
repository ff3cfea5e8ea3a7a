/* SPDX-License-Identifier: MIT */
/*
 * service.c - the service on Windows: one loop
 *
 * Theory of operation: the loop sleeps in WaitForMultipleObjects() on everything that can
 * happen: the request to stop, the engine's mailbox, frames, the service's key in the registry,
 * the settings file's folder and the control pipe. Windows names one event that is signalled, so
 * the others are asked afterwards: none starves another. Between two sleeps it does a bounded
 * amount of each. Times are deadlines that the parts return; the wait lasts until the nearest.
 *
 * Who started it, a console or the service manager, is service_manager.c's matter.
 */
#include "service/service.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/process.h"
#include "base/windows/wide.h"
#include "service/windows/service_manager.h"
#include "service/windows/service_state.h"

/* Behind our own: it makes `interface` a macro. */
#include <windows.h>

#include <ntsecapi.h>

#define RELOAD_DELAY_NS   (200 * NS_PER_MS) /* editors write several times */
#define STARTING_NS       (1 * NS_PER_S)    /* the service manager hears of us so often */
#define STARTING_LIMIT_NS (10 * NS_PER_S)   /* an unreachable host is no reason not to run */

/* Places in the wait; the control pipe's events stand behind them. */
enum { WAIT_STOP, WAIT_NOTIFY, WAIT_CAPTURE, WAIT_REGISTRY, WAIT_FILE, WAIT_RELOAD, WAIT_CONTROL };
enum { WAIT_MOST = WAIT_CONTROL + CONTROL_CLIENTS_MAX };

/* The loop */

static void notify(void *context)
{
	const struct service *service = context;

	SetEvent(service->notify);
}

/* Until we are ready, or have tried for long enough, the service manager hears of progress. */
static void tell_manager(struct service *service, uint64_t now_ns)
{
	if (service->starting_at == UINT64_MAX)
		return;
	if (service->core.ready || now_ns >= service->running_at) {
		service_manager_tell_running();
		service->starting_at = UINT64_MAX;
	} else if (now_ns >= service->starting_at) {
		service_manager_tell_starting();
		service->starting_at = now_ns + STARTING_NS;
	}
}

static DWORD timeout_ms(uint64_t deadline, uint64_t now_ns)
{
	if (deadline == UINT64_MAX)
		return INFINITE;
	if (deadline <= now_ns)
		return 0;
	uint64_t wait = (deadline - now_ns + NS_PER_MS - 1) / NS_PER_MS;
	return wait > 60000 ? 60000 : (DWORD)wait;
}

/* What there is to wait for; which[i] is the place of events[i]. */
static DWORD gather(const struct service *service, HANDLE events[WAIT_MOST], int which[WAIT_MOST])
{
	const waitable capture = receiver_waitable(&service->core.receiver);
	const HANDLE places[WAIT_CONTROL] = {
		[WAIT_STOP] = service_manager_stop_event(),
		[WAIT_NOTIFY] = service->notify,
		[WAIT_CAPTURE] = capture == WAITABLE_NONE ? NULL : (HANDLE)capture,
		[WAIT_REGISTRY] = registry_watch_event(service->watch),
		[WAIT_FILE] = service->file ? settings_file_event(service->file) : NULL,
		[WAIT_RELOAD] = service_manager_reload_event(),
	};
	DWORD count = 0;

	for (int i = 0; i < WAIT_CONTROL; i++) {
		if (!places[i])
			continue;
		events[count] = places[i];
		which[count++] = i;
	}
	size_t clients = service->control ? control_events(service->control, events + count,
						    CONTROL_CLIENTS_MAX)
					  : 0;
	for (size_t i = 0; i < clients; i++)
		which[count++] = WAIT_CONTROL;
	return count;
}

/* Waits; signalled[] is then true for what has happened. */
static void wait_for_events(
	const struct service *service, DWORD timeout, bool signalled[WAIT_CONTROL + 1])
{
	HANDLE events[WAIT_MOST];
	int which[WAIT_MOST];
	DWORD count = gather(service, events, which);
	DWORD first = WaitForMultipleObjects(count, events, FALSE, timeout);

	if (first == WAIT_FAILED) {
		Sleep(10); /* a handle that is none must not make the loop spin */
		first = 0;
		signalled[WAIT_CONTROL] = true;
	} else if (first < count) {
		signalled[which[first]] = true;
		first++;
	} else {
		return; /* the time is over */
	}
	/* Events that reset themselves are taken by being asked; the pipe looks for itself. */
	for (DWORD i = first; i < count && which[i] != WAIT_CONTROL; i++) {
		if (WaitForSingleObject(events[i], 0) == WAIT_OBJECT_0)
			signalled[which[i]] = true;
	}
}

static uint64_t next_deadline(struct service *service, uint64_t now_ns)
{
	/* Before the receiver's event is asked for: it may open anew. */
	uint64_t next = service_core_earliest(
		service_core_tick(&service->core, now_ns), service->reload_at);

	if (service->control)
		next = service_core_earliest(next, control_deadline(service->control));
	return service_core_earliest(next, service->starting_at);
}

/* The registry is watched again before it is read, so that no change falls in between. */
static void look_at_registry(struct service *service)
{
	registry_watch_rearm(service->watch);
	service_check_debug(service);
	service_check_settings(service);
}

static void reload(struct service *service)
{
	service->reload_at = UINT64_MAX;
	service_check_debug(service);
	service_reload_settings(service);
}

/* False when it was the last one. */
static bool turn_once(struct service *service)
{
	bool signalled[WAIT_CONTROL + 1] = {false};
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t next = next_deadline(service, now_ns);

	wait_for_events(service, timeout_ms(next, now_ns), signalled);
	now_ns = clock_monotonic_ns();
	if (signalled[WAIT_NOTIFY])
		engine_messages(service->core.engine, now_ns);
	if (signalled[WAIT_CAPTURE])
		service_core_read_frames(&service->core, now_ns);
	if (signalled[WAIT_REGISTRY])
		look_at_registry(service);
	if (signalled[WAIT_FILE] && settings_file_changed(service->file))
		service->reload_at = now_ns + RELOAD_DELAY_NS;
	if (signalled[WAIT_RELOAD]) {
		service->reload_at = now_ns;
		recorder_reopen(service->core.recorder);
	}
	if (service->control)
		control_serve(service->control, now_ns);
	if (now_ns >= service->reload_at)
		reload(service);
	service_core_tell_ready(&service->core);
	tell_manager(service, now_ns);
	return !signalled[WAIT_STOP];
}

/* Beginning and end */

static int begin_records(struct service *service, struct error *error)
{
	service->notify = CreateEventW(NULL, FALSE, FALSE, NULL);
	if (!service->notify)
		return error_set_windows(
			error, ERR_FAILED, GetLastError(), "cannot create an event");
	/* Watched before the first reading: what changes meanwhile is seen. */
	if (registry_watch_open(&service->watch, service->core.paths.state, error) < 0)
		return -error->code;
	return service_begin_settings(service, error);
}

static bool lacks_a_right(const struct error *error)
{
	return error->host_code == ERROR_ACCESS_DENIED || error->host_code == WSAEACCES ||
	       error->host_code == ERROR_PRIVILEGE_NOT_HELD;
}

static int check_rights(struct service *service, struct error *error)
{
	if (process_is_privileged())
		return 0;
	error_set(error, ERR_FAILED, "the service needs the rights of an administrator");
	error->host_code = ERROR_ACCESS_DENIED;
	service_core_emit(&service->core, 1003, error->text);
	service->told_failure = true;
	return -error->code;
}

static int begin_receiver(struct service *service, struct error *error)
{
	int failed = service_core_open_receiver(&service->core, lacks_a_right, error);

	service->told_failure = failed != 0;
	return failed;
}

static int begin_engine(struct service *service, struct error *error)
{
	struct siphash_key key;

	if (!RtlGenRandom(&key, sizeof(key)))
		error_set(error, ERR_FAILED, "no random numbers");
	else
		service_core_open_engine(&service->core, &key, notify, service, error);
	if (service->core.engine)
		return 0;
	service_core_emit(&service->core, 1000, error->text);
	service->told_failure = true;
	return -error->code;
}

/* Without control pipe the service works; only `hypervive debug` does not. */
static void begin_control(struct service *service)
{
	enum control_access access =
		service_manager_started_us() ? CONTROL_ADMINISTRATORS : CONTROL_OWNER_TOO;
	struct error error = {0};

	if (control_open(&service->control, service->core.paths.control, access,
		    service_core_answer, &service->core, &error) < 0)
		service_core_emit_module(&service->core, "control", error.text);
}

static int begin(
	struct service *service, const struct service_options *options, struct error *error)
{
	uint64_t now_ns = clock_monotonic_ns();

	service->starting_at = now_ns + STARTING_NS;
	service->running_at = now_ns + STARTING_LIMIT_NS;
	if (service_core_begin(&service->core, options, error) < 0 ||
		begin_records(service, error) < 0 || check_rights(service, error) < 0)
		return -error->code;
	service_begin_debug(service);
	service_manager_tell_starting();
	if (begin_receiver(service, error) < 0)
		return -error->code;
	service_manager_tell_starting();
	if (begin_engine(service, error) < 0)
		return -error->code;
	begin_control(service);
	return 0;
}

/* Why it cannot begin stands in an event: a service has nobody to print its error. */
static void tell_failure(struct service *service, const struct error *error)
{
	if (!service->core.recorder || service->told_failure || !service_manager_started_us())
		return;
	service_core_open_log(&service->core);
	service_core_emit(&service->core, 1000, error->text);
}

/* False: a thread hangs in the host's library. */
static bool end(struct service *service, int result)
{
	service_manager_tell_stopping();
	control_close(service->control);
	bool clean = service_core_end(&service->core, result == 0, service_manager_stop_reason());

	service_end_settings(service);
	registry_watch_close(service->watch);
	if (service->notify && clean)
		CloseHandle(service->notify);
	return clean;
}

static int run(void *context, struct error *error)
{
	struct service *service = calloc(1, sizeof(*service));

	if (!service)
		return error_set(error, ERR_FAILED, "no memory for the service");
	service->reload_at = UINT64_MAX;
	int result = begin(service, context, error);
	if (result < 0)
		tell_failure(service, error);
	while (result == 0 && turn_once(service))
		continue;
	if (!end(service, result))
		service_manager_exit(result, error);
	free(service);
	return result;
}

int service_run(const struct service_options *options, struct error *error)
{
	return service_manager_run(run, (void *)options, error);
}
