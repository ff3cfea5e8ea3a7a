/* SPDX-License-Identifier: MIT */
/*
 * subscription.c - the news of a host
 *
 * Theory of operation: one notification query for each class that matters, and one thread for
 * each query, which waits in Next() for what happens, a second at a time, so that it can be
 * ended. A notification is only a hint: it names a machine, which is then read anew. WMI compares
 * whole objects and so tells of every tick of a machine's clock; what differs in nothing that we
 * show is dropped here, by a fingerprint of the properties before and after.
 *
 * Queries that end with an error are the end of the connection, whatever the error: what was
 * missed cannot be known, and everything is to be read anew. But vmms can also vanish without a
 * word (its classes are empty then, and no notification comes any more), so a thread of its own,
 * the pulse, asks for the host's own instance every few seconds. It also asks which machines there
 * are, as nobody promises when a query begins to look, and one may have been refused: a machine
 * that nobody told of, or that is still believed to be there, is then told as changed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/windows/wide.h"
#include "host/hyperv/hyperv_host.h"

enum { WAIT_MS = 1000, PULSE_MS = 5000, REST_MS = 200, BATCH = 32, STACK_SIZE = 256 * 1024 };

/* Which machine an object belongs to; false for what belongs to none. */
typedef bool identify_fn(IWbemClassObject *object, struct uuid *machine);

static bool identify_machine(IWbemClassObject *object, struct uuid *machine)
{
	char name[UUID_TEXT_SIZE + 4];

	return wmi_text(object, L"Name", name, sizeof(name), NULL) == 1 &&
	       guid_parse(name, machine);
}

/* Perhaps a checkpoint's: whoever reads it finds no such machine. */
static bool identify_adapter(IWbemClassObject *object, struct uuid *machine)
{
	struct instance_id id;
	char text[160];

	if (wmi_text(object, L"InstanceID", text, sizeof(text), NULL) != 1 ||
		!instance_id_parse(text, &id))
		return false;
	*machine = id.machine;
	return true;
}

/* A checkpoint's settings are in the same class, and have another type. */
static bool identify_settings(IWbemClassObject *object, struct uuid *machine)
{
	char text[80];

	if (wmi_text(object, L"VirtualSystemType", text, sizeof(text), NULL) == 1 &&
		strcmp(text, "Microsoft:Hyper-V:System:Realized") != 0)
		return false;
	return wmi_text(object, L"InstanceID", text, sizeof(text), NULL) == 1 &&
	       instance_id_parse_system(text, machine);
}

static const struct source {
	const char *class_name;
	identify_fn *identify;   /* NULL: of interest for themselves, when they appear */
	const wchar_t *shown[3]; /* properties that change what is told of the machine */
} SOURCES[] = {
	{"Msvm_ComputerSystem", identify_machine, {L"EnabledState", L"ElementName", NULL}},
	{"Msvm_SyntheticEthernetPortSettingData", identify_adapter, {L"Address", NULL}},
	{"Msvm_EmulatedEthernetPortSettingData", identify_adapter, {L"Address", NULL}},
	{"Msvm_VirtualSystemSettingData", identify_settings, {L"Notes", NULL}},
	{"Msvm_ConcreteJob", NULL, {NULL}},
};

enum { SOURCE_COUNT = sizeof(SOURCES) / sizeof(SOURCES[0]), MACHINE_SOURCE_COUNT = 4 };

struct stream {
	struct subscription *subscription;
	const struct source *source;
	IEnumWbemClassObject *events; /* NULL: refused */
	pthread_t thread;
	bool running;
};

struct subscription {
	struct host *host;
	struct host_listener listener;
	HANDLE stop; /* signalled at the end */
	struct stream streams[SOURCE_COUNT];
	pthread_t pulse;
	bool pulse_running;
};

static bool is_stopped(const struct subscription *subscription)
{
	return WaitForSingleObject(subscription->stop, 0) == WAIT_OBJECT_0;
}

/* Tells it once, whoever notices first; the others end then too. */
static void tell_lost(struct subscription *subscription, const char *reason)
{
	if (is_stopped(subscription) || atomic_exchange(&subscription->host->lost, true))
		return;
	subscription->listener.lost(subscription->listener.context, reason);
	SetEvent(subscription->stop);
}

/* Whether an event is a modification of nothing that we show. */
static bool changes_nothing(
	const struct source *source, IWbemClassObject *event, IWbemClassObject *target)
{
	IWbemClassObject *previous;
	char class_name[64];

	if (wmi_text(event, L"__CLASS", class_name, sizeof(class_name), NULL) != 1 ||
		strcmp(class_name, "__InstanceModificationEvent") != 0 ||
		wmi_object(event, L"PreviousInstance", &previous, NULL) != 1)
		return false;
	bool same = wmi_digest(target, source->shown) == wmi_digest(previous, source->shown);
	IWbemClassObject_Release(previous);
	return same;
}

static void tell_job(const struct host_listener *listener, IWbemClassObject *object)
{
	struct host_job job = {0};
	uint32_t type = 0;

	if (wmi_text(object, L"InstanceID", job.id, sizeof(job.id), NULL) != 1)
		return;
	wmi_number(object, L"JobType", &type, NULL);
	job.type = type;
	listener->job(listener->context, &job);
}

static void take_event(struct stream *stream, IWbemClassObject *event)
{
	const struct host_listener *listener = &stream->subscription->listener;
	const struct source *source = stream->source;
	IWbemClassObject *target;
	struct uuid machine;

	if (wmi_object(event, L"TargetInstance", &target, NULL) != 1)
		return;
	if (!source->identify)
		tell_job(listener, target);
	else if (source->identify(target, &machine) && !changes_nothing(source, event, target))
		listener->machine_changed(listener->context, &machine);
	IWbemClassObject_Release(target);
}

/* Waits for events and takes them; *count is how many came. */
static HRESULT take_events(struct stream *stream, long wait_ms, ULONG most, ULONG *count)
{
	IWbemClassObject *events[BATCH];

	*count = 0;
	HRESULT result = IEnumWbemClassObject_Next(stream->events, wait_ms, most, events, count);
	if (FAILED(result))
		*count = 0;
	for (ULONG i = 0; i < *count; i++) {
		take_event(stream, events[i]);
		IWbemClassObject_Release(events[i]);
	}
	return result;
}

static void *run_stream(void *argument)
{
	struct stream *stream = argument;
	struct subscription *subscription = stream->subscription;
	struct error error = {0};
	ULONG count;

	while (!is_stopped(subscription)) {
		/* One that wants several would wait for all of them: the rest is fetched after it.
		 */
		HRESULT result = take_events(stream, WAIT_MS, 1, &count);

		while (SUCCEEDED(result) && count > 0 && !is_stopped(subscription))
			result = take_events(stream, 0, BATCH, &count);
		if (FAILED(result)) {
			wmi_error(result, &error);
			tell_lost(subscription, error.text);
			break;
		}
		/* Nothing, and no waiting for it: never turn that into a busy loop. */
		if (result == (HRESULT)WBEM_S_FALSE)
			WaitForSingleObject(subscription->stop, REST_MS);
	}
	return NULL;
}

static void tell_changed(void *context, const struct uuid *machine)
{
	const struct host_listener *listener = context;

	listener->machine_changed(listener->context, machine);
}

static void *feel_pulse(void *argument)
{
	struct subscription *subscription = argument;
	struct error error = {0};

	while (WaitForSingleObject(subscription->stop, PULSE_MS) == WAIT_TIMEOUT) {
		int result = machines_compare(
			subscription->host, tell_changed, &subscription->listener, &error);

		if (result == -ERR_UNREACHABLE) {
			tell_lost(subscription, error.text);
			break;
		}
	}
	return NULL;
}

static bool start_thread(pthread_t *thread, void *(*run)(void *), void *argument)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	int failed = pthread_create(thread, &attributes, run, argument);
	pthread_attr_destroy(&attributes);
	return failed == 0;
}

/*
 * A semisynchronous query is refused by the call, or only by the first Next(). An event that
 * came already is taken on the spot.
 */
static int open_stream(struct stream *stream, struct error *error)
{
	struct host *host = stream->subscription->host;
	char query[160];
	ULONG count;

	snprintf(query, sizeof(query), "SELECT * FROM %s WITHIN 1 WHERE TargetInstance ISA '%s'",
		stream->source->identify ? "__InstanceOperationEvent" : "__InstanceCreationEvent",
		stream->source->class_name);
	HRESULT result = wmi_subscribe(&host->wmi, query, &stream->events);
	if (SUCCEEDED(result))
		result = take_events(stream, 0, 1, &count);
	if (SUCCEEDED(result))
		return 0;
	int code = hyperv_error(host, result, error);
	if (stream->events)
		IEnumWbemClassObject_Release(stream->events);
	stream->events = NULL;
	return code;
}

static bool is_wanted(const struct subscription *subscription, const struct source *source)
{
	return source->identify || subscription->listener.job;
}

/* How many of the queries for machines the host accepted; fails when the connection is dead. */
static int open_streams(struct subscription *subscription, struct error *error)
{
	int accepted = 0;

	for (size_t i = 0; i < SOURCE_COUNT; i++) {
		struct stream *stream = &subscription->streams[i];

		stream->subscription = subscription;
		stream->source = &SOURCES[i];
		if (!is_wanted(subscription, stream->source))
			continue;
		int result = open_stream(stream, error);
		if (result == -ERR_UNREACHABLE)
			return result;
		accepted += result == 0 && stream->source->identify;
	}
	return accepted;
}

static bool start_threads(struct subscription *subscription)
{
	for (size_t i = 0; i < SOURCE_COUNT; i++) {
		struct stream *stream = &subscription->streams[i];

		if (!stream->events)
			continue;
		stream->running = start_thread(&stream->thread, run_stream, stream);
		if (!stream->running)
			return false;
	}
	subscription->pulse_running = start_thread(&subscription->pulse, feel_pulse, subscription);
	return subscription->pulse_running;
}

int subscription_begin(struct host *host, const struct host_listener *listener, struct error *error)
{
	struct subscription *subscription = calloc(1, sizeof(*subscription));
	struct error local = {0};

	if (!error)
		error = &local;
	if (!subscription)
		return error_set(error, ERR_FAILED, "out of memory");
	subscription->host = host;
	subscription->listener = *listener;
	subscription->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
	host->subscription = subscription;
	if (!subscription->stop)
		return error_set_windows(error, ERR_FAILED, GetLastError(),
			"cannot wait for the host's notifications");
	int accepted = open_streams(subscription, error);
	if (accepted >= 0 && !start_threads(subscription))
		return error_set(error, ERR_FAILED, "cannot start a thread for notifications");
	if (accepted < 0)
		return accepted;
	if (accepted > 0)
		return accepted == MACHINE_SOURCE_COUNT ? 1 : 0;
	return error_wrap(error, "the host does not tell of changes");
}

void subscription_end(struct host *host)
{
	struct subscription *subscription = host->subscription;

	if (!subscription)
		return;
	if (subscription->stop)
		SetEvent(subscription->stop);
	for (size_t i = 0; i < SOURCE_COUNT; i++) {
		if (subscription->streams[i].running)
			pthread_join(subscription->streams[i].thread, NULL);
	}
	if (subscription->pulse_running)
		pthread_join(subscription->pulse, NULL);
	for (size_t i = 0; i < SOURCE_COUNT; i++) {
		if (subscription->streams[i].events)
			IEnumWbemClassObject_Release(subscription->streams[i].events);
	}
	if (subscription->stop)
		CloseHandle(subscription->stop);
	free(subscription);
	host->subscription = NULL;
}
