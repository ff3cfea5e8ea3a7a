/* SPDX-License-Identifier: MIT */
/*
 * subscription.c - the news that come over a connection
 *
 * Theory of operation: libvirt calls back on whatever thread notices something: on the event
 * loop's mostly, and on that of any caller who finds the connection dead. A callback that was
 * deregistered may still be running, or about to. So nothing that libvirt holds points to struct
 * host: callbacks are given a gate, counted by everyone who may still use it. Ending a
 * subscription shuts the gate, waits until nobody is inside, and only then lets go of the
 * listener; who comes later finds it shut. No lock is held while a listener or libvirt is called.
 */
#include <pthread.h>
#include <stdlib.h>

#include "host/libvirt/libvirt_host.h"

struct gate {
	pthread_mutex_t mutex;
	pthread_cond_t left;
	unsigned references;
	unsigned inside; /* calls of the listener that run */
	bool open;       /* there is a listener to call */
	bool lost;       /* the connection is dead */
	struct host_listener listener;
};

struct gate *subscription_gate_new(void)
{
	struct gate *gate = calloc(1, sizeof(*gate));

	if (!gate)
		return NULL;
	pthread_mutex_init(&gate->mutex, NULL);
	pthread_cond_init(&gate->left, NULL);
	gate->references = 1;
	return gate;
}

struct gate *subscription_gate_ref(struct gate *gate)
{
	pthread_mutex_lock(&gate->mutex);
	gate->references++;
	pthread_mutex_unlock(&gate->mutex);
	return gate;
}

/* Also what libvirt calls when it forgets a callback. */
void subscription_gate_unref(void *argument)
{
	struct gate *gate = argument;

	pthread_mutex_lock(&gate->mutex);
	bool last = --gate->references == 0;
	pthread_mutex_unlock(&gate->mutex);
	if (!last)
		return;
	pthread_cond_destroy(&gate->left);
	pthread_mutex_destroy(&gate->mutex);
	free(gate);
}

static bool gate_enter(struct gate *gate)
{
	pthread_mutex_lock(&gate->mutex);
	bool open = gate->open;
	if (open) {
		gate->inside++;
		gate->references++;
	}
	pthread_mutex_unlock(&gate->mutex);
	return open;
}

static void gate_leave(struct gate *gate)
{
	pthread_mutex_lock(&gate->mutex);
	gate->inside--;
	pthread_cond_broadcast(&gate->left);
	pthread_mutex_unlock(&gate->mutex);
	subscription_gate_unref(gate);
}

bool subscription_gate_lost(struct gate *gate)
{
	pthread_mutex_lock(&gate->mutex);
	bool lost = gate->lost;
	pthread_mutex_unlock(&gate->mutex);
	return lost;
}

static void gate_shut(struct gate *gate)
{
	pthread_mutex_lock(&gate->mutex);
	gate->open = false;
	while (gate->inside > 0)
		pthread_cond_wait(&gate->left, &gate->mutex);
	pthread_mutex_unlock(&gate->mutex);
}

void subscription_tell(struct gate *gate, const struct uuid *id)
{
	if (!gate_enter(gate))
		return;
	gate->listener.machine_changed(gate->listener.context, id);
	gate_leave(gate);
}

static void tell_changed(struct gate *gate, virDomainPtr domain)
{
	struct uuid id;

	if (virDomainGetUUID(domain, id.bytes) == 0)
		subscription_tell(gate, &id);
}

/* Pausing, resuming and sleeping change no definition. */
static int on_lifecycle(
	virConnectPtr connection, virDomainPtr domain, int event, int detail, void *gate)
{
	(void)connection;
	(void)detail;
	switch (event) {
	case VIR_DOMAIN_EVENT_SUSPENDED:
	case VIR_DOMAIN_EVENT_RESUMED:
	case VIR_DOMAIN_EVENT_SHUTDOWN:
	case VIR_DOMAIN_EVENT_PMSUSPENDED:
		break;
	default:
		tell_changed(gate, domain);
	}
	return 0;
}

static void on_device(virConnectPtr connection, virDomainPtr domain, const char *alias, void *gate)
{
	(void)connection;
	(void)alias;
	tell_changed(gate, domain);
}

static void on_metadata(
	virConnectPtr connection, virDomainPtr domain, int type, const char *space, void *gate)
{
	(void)connection;
	(void)type;
	(void)space;
	tell_changed(gate, domain);
}

static const char *close_reason(int reason)
{
	switch (reason) {
	case VIR_CONNECT_CLOSE_REASON_EOF:
		return "libvirt's daemon closed the connection";
	case VIR_CONNECT_CLOSE_REASON_KEEPALIVE:
		return "libvirt's daemon does not answer any more";
	default:
		return "the connection to libvirt broke";
	}
}

static void on_close(virConnectPtr connection, int reason, void *argument)
{
	struct gate *gate = argument;

	(void)connection;
	pthread_mutex_lock(&gate->mutex);
	bool first = !gate->lost;
	gate->lost = true;
	pthread_mutex_unlock(&gate->mutex);
	if (!first || !gate_enter(gate))
		return;
	gate->listener.lost(gate->listener.context, close_reason(reason));
	gate_leave(gate);
}

/* ---- beginning and end ---- */

/* libvirt's callbacks have as many types as there are events; each is called by its own. */
static const struct {
	int event;
	virConnectDomainEventGenericCallback callback;
} EVENTS[HOST_EVENTS] = {
	/* The first must be there; drivers that lack the others lack what they tell of. */
	{VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle)},
	{VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, VIR_DOMAIN_EVENT_CALLBACK(on_device)},
	{VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, VIR_DOMAIN_EVENT_CALLBACK(on_device)},
	{VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, VIR_DOMAIN_EVENT_CALLBACK(on_metadata)},
};

int subscription_begin(struct host *host, const struct host_listener *listener, struct error *error)
{
	struct gate *gate = host->gate;

	pthread_mutex_lock(&gate->mutex);
	gate->listener = *listener;
	gate->open = true;
	pthread_mutex_unlock(&gate->mutex);

	/*
	 * Not counted: libvirt calls this one under a lock that taking it back waits for, and
	 * drivers that have no connection to lose forget it without a word.
	 */
	host->on_close =
		virConnectRegisterCloseCallback(host->connection, on_close, gate, NULL) == 0;
	for (int i = 0; i < HOST_EVENTS; i++) {
		/* The host holds a reference too. NOLINTBEGIN(clang-analyzer-unix.Malloc) */
		host->events[i] = virConnectDomainEventRegisterAny(host->connection, NULL,
			EVENTS[i].event, EVENTS[i].callback, subscription_gate_ref(gate),
			subscription_gate_unref);
		/* NOLINTEND(clang-analyzer-unix.Malloc) */
		if (host->events[i] >= 0)
			continue;
		if (i == 0)
			libvirt_error(host, error);
		subscription_gate_unref(gate);
		if (i == 0)
			return error_wrap(error, "the host does not tell of changes");
	}
	host->files = definition_files_watch(gate, host->uri);
	return host->files >= 0 ? 1 : 0;
}

void subscription_end(struct host *host)
{
	gate_shut(host->gate);
	if (host->files >= 0)
		virEventRemoveHandle(host->files);
	for (int i = 0; i < HOST_EVENTS; i++) {
		if (host->events[i] >= 0)
			virConnectDomainEventDeregisterAny(host->connection, host->events[i]);
	}
	if (host->on_close)
		virConnectUnregisterCloseCallback(host->connection, on_close);
	subscription_gate_unref(host->gate);
}
