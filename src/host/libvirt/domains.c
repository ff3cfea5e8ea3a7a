/* SPDX-License-Identifier: MIT */
/*
 * domains.c - what machines there are, and how they are
 *
 * Theory of operation of a listing: libvirt names all machines in one call, and describes each in
 * a call of its own. Two threads make these calls and hand the descriptions over through a few
 * slots, while the caller's thread reads them: understanding one costs nearly nothing on top of
 * asking for the next. There are always two calls under way, as libvirt's client wakes its event
 * loop whenever it has none, which takes longer than the call. Not more than two: libvirtd works
 * on five calls of one client at a time (max_client_requests), and the other three are for those
 * who wake machines meanwhile.
 *
 * A machine that is gone between its naming and its description is left out. One that cannot be
 * described (libvirt refuses, or its description makes no sense) is told without adapters, with
 * one unusable: it must neither vanish nor spoil the listing of the others.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/libvirt/domain_xml.h"
#include "host/libvirt/libvirt_host.h"

enum { SLOTS = 64, BIG_LISTING = 256, FETCHERS = 2 };

/* What libvirt says of one machine, not yet understood. */
struct description {
	struct uuid id;
	char name[MACHINE_NAME_SIZE];
	struct machine_status status;
	char *xml; /* NULL: none was given */
};

struct listing {
	struct host *host;
	unsigned flags;
	virDomainPtr *domains;
	size_t count;
	struct uuid *saved; /* sorted: the machines with a saved image */
	size_t saved_count;
	pthread_t threads[FETCHERS];
	unsigned thread_count;
	/* All below is guarded by mutex. */
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	size_t next;        /* domains[next..count) are still to be described and freed */
	unsigned fetching;  /* threads that may still bring one */
	struct error error; /* why the listing ended early, if it did */
	int result;
	struct description slots[SLOTS];
	size_t first, filled;
	bool stop; /* no more are wanted */
};

static enum machine_state machine_state(int state)
{
	switch (state) {
	case VIR_DOMAIN_RUNNING:
	case VIR_DOMAIN_BLOCKED:
		return STATE_RUNNING;
	case VIR_DOMAIN_PAUSED:
		return STATE_PAUSED;
	case VIR_DOMAIN_SHUTDOWN:
		return STATE_STOPPING;
	case VIR_DOMAIN_SHUTOFF:
		return STATE_OFF;
	case VIR_DOMAIN_CRASHED:
		return STATE_CRASHED;
	case VIR_DOMAIN_PMSUSPENDED:
		return STATE_SUSPENDED;
	default:
		return STATE_OTHER;
	}
}

static enum machine_pause machine_pause(int reason)
{
	switch (reason) {
	case VIR_DOMAIN_PAUSED_USER:
		return PAUSE_ADMINISTRATOR;
	case VIR_DOMAIN_PAUSED_MIGRATION:
		return PAUSE_MIGRATION;
	case VIR_DOMAIN_PAUSED_SAVE:
		return PAUSE_SAVE;
	case VIR_DOMAIN_PAUSED_DUMP:
		return PAUSE_DUMP;
	case VIR_DOMAIN_PAUSED_IOERROR:
		return PAUSE_IO_ERROR;
	case VIR_DOMAIN_PAUSED_WATCHDOG:
		return PAUSE_WATCHDOG;
	case VIR_DOMAIN_PAUSED_FROM_SNAPSHOT:
		return PAUSE_FROM_CHECKPOINT;
	case VIR_DOMAIN_PAUSED_SHUTTING_DOWN:
		return PAUSE_SHUTTING_DOWN;
	case VIR_DOMAIN_PAUSED_SNAPSHOT:
		return PAUSE_CHECKPOINT;
	case VIR_DOMAIN_PAUSED_CRASHED:
		return PAUSE_CRASHED;
	case VIR_DOMAIN_PAUSED_STARTING_UP:
		return PAUSE_STARTING_UP;
	case VIR_DOMAIN_PAUSED_POSTCOPY:
		return PAUSE_POSTCOPY;
	case VIR_DOMAIN_PAUSED_POSTCOPY_FAILED:
		return PAUSE_POSTCOPY_FAILED;
	default:
		return PAUSE_UNKNOWN;
	}
}

static int get_status(
	struct host *host, virDomainPtr domain, struct machine_status *status, struct error *error)
{
	int state, reason;

	if (virDomainGetState(domain, &state, &reason, 0) < 0)
		return libvirt_error(host, error);
	*status = (struct machine_status){.state = machine_state(state)};
	if (status->state == STATE_PAUSED)
		status->pause = machine_pause(reason);
	/* Drivers that cannot save a machine fail here, and have none saved. */
	if (status->state == STATE_OFF && virDomainHasManagedSaveImage(domain, 0) == 1)
		status->state = STATE_SAVED;
	return 0;
}

/* Keeps the names of machines that are off; see domain_cache.h. */
static void keep(struct host *host, virDomainPtr domain, int result,
	const struct machine_status *status, const struct uuid *id)
{
	if (result == 0 && status->state == STATE_OFF)
		domain_cache_put(host->off, domain);
	else
		domain_cache_remove(host->off, id);
}

/* Whether a failure ends everything for this machine, or is only a fact left out. */
static bool is_final(int result)
{
	return result == -ERR_NOT_FOUND || result == -ERR_UNREACHABLE;
}

/* Fails when the machine is gone or the connection broke. */
static int describe(struct host *host, virDomainPtr domain, unsigned flags,
	struct description *description, struct error *error)
{
	int result = 0;

	*description = (struct description){0};
	virDomainGetUUID(domain, description->id.bytes);
	text_copy(description->name, sizeof(description->name), virDomainGetName(domain));
	/* Which machines are off is known without a call: they have no number. */
	if (virDomainGetID(domain) == (unsigned)-1)
		description->status.state = STATE_OFF;
	if (flags & HOST_LIST_STATUS)
		result = get_status(host, domain, &description->status, error);
	if (is_final(result))
		return result;
	description->xml = virDomainGetXMLDesc(domain, 0);
	result = description->xml ? 0 : libvirt_error(host, error);
	return is_final(result) ? result : 0;
}

/* Understands a description, frees it, and fills *machine. */
static void take_description(struct description *description, struct machine *machine)
{
	const char *xml = description->xml;

	*machine = (struct machine){0};
	if (!xml || domain_xml_parse(xml, strlen(xml), machine, NULL) < 0)
		machine->unusable_adapters = 1;
	/* libvirt's own answer; the description only repeats it. */
	machine->id = description->id;
	memcpy(machine->name, description->name, sizeof(machine->name));
	machine->status = description->status;
	free(description->xml);
	description->xml = NULL;
}

/* ---- the listing's two ends ---- */

static int compare_ids(const void *left, const void *right)
{
	return memcmp(left, right, sizeof(struct uuid));
}

/*
 * Which machines have a saved image, in one call for all of them. Without an answer none has:
 * then it is found out when one is to be woken.
 */
static void list_saved(struct listing *listing)
{
	virDomainPtr *domains;
	int count = virConnectListAllDomains(
		listing->host->connection, &domains, VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE);

	if (count < 0)
		return;
	listing->saved = count > 0 ? calloc((size_t)count, sizeof(*listing->saved)) : NULL;
	for (int i = 0; i < count; i++) {
		if (listing->saved)
			virDomainGetUUID(domains[i], listing->saved[listing->saved_count++].bytes);
		virDomainFree(domains[i]);
	}
	free(domains);
	if (listing->saved)
		qsort(listing->saved, listing->saved_count, sizeof(*listing->saved), compare_ids);
}

static bool is_saved(const struct listing *listing, const struct uuid *id)
{
	return listing->saved &&
	       bsearch(id, listing->saved, listing->saved_count, sizeof(*id), compare_ids) != NULL;
}

/* The machine whose turn it is; NULL at the end, or when no more are wanted. */
static virDomainPtr take_domain(struct listing *listing)
{
	virDomainPtr domain = NULL;

	pthread_mutex_lock(&listing->mutex);
	if (listing->next < listing->count && !listing->stop)
		domain = listing->domains[listing->next++];
	pthread_mutex_unlock(&listing->mutex);
	return domain;
}

static void set_failed(struct listing *listing, int result, const struct error *error)
{
	pthread_mutex_lock(&listing->mutex);
	listing->result = result;
	listing->error = *error;
	listing->stop = true;
	pthread_mutex_unlock(&listing->mutex);
}

/* The next machine that can be described; false when there is none any more. */
static bool fetch(struct listing *listing, struct description *description)
{
	struct error error = {0};
	virDomainPtr domain;

	while ((domain = take_domain(listing))) {
		int result = describe(listing->host, domain, listing->flags, description, &error);

		if (description->status.state == STATE_OFF && is_saved(listing, &description->id))
			description->status.state = STATE_SAVED;
		keep(listing->host, domain, result, &description->status, &description->id);
		virDomainFree(domain);
		if (result == 0)
			return true;
		if (result == -ERR_UNREACHABLE) {
			set_failed(listing, result, &error);
			return false;
		}
	}
	return false;
}

static void *fetch_all(void *argument)
{
	struct listing *listing = argument;
	struct description description;
	bool stop = false;

	while (!stop && fetch(listing, &description)) {
		pthread_mutex_lock(&listing->mutex);
		while (listing->filled == SLOTS && !listing->stop)
			pthread_cond_wait(&listing->changed, &listing->mutex);
		stop = listing->stop;
		if (stop) {
			free(description.xml);
		} else {
			listing->slots[(listing->first + listing->filled++) % SLOTS] = description;
			if (listing->filled == 1)
				pthread_cond_broadcast(&listing->changed);
		}
		pthread_mutex_unlock(&listing->mutex);
	}
	pthread_mutex_lock(&listing->mutex);
	listing->fetching--;
	pthread_cond_broadcast(&listing->changed);
	pthread_mutex_unlock(&listing->mutex);
	return NULL;
}

/* Without any thread a listing only takes longer. */
static void start_fetching(struct listing *listing)
{
	pthread_mutex_lock(&listing->mutex);
	while (listing->thread_count < FETCHERS && listing->count > 1 &&
		pthread_create(
			&listing->threads[listing->thread_count], NULL, fetch_all, listing) == 0) {
		listing->thread_count++;
		listing->fetching++;
	}
	pthread_mutex_unlock(&listing->mutex);
}

static bool take(struct listing *listing, struct description *description)
{
	if (listing->thread_count == 0)
		return fetch(listing, description);
	pthread_mutex_lock(&listing->mutex);
	while (listing->filled == 0 && listing->fetching > 0)
		pthread_cond_wait(&listing->changed, &listing->mutex);
	bool taken = listing->filled > 0;
	if (taken) {
		*description = listing->slots[listing->first];
		listing->first = (listing->first + 1) % SLOTS;
		/* Whoever waits for room is woken when there is plenty, not for each slot. */
		if (--listing->filled == SLOTS / 2)
			pthread_cond_broadcast(&listing->changed);
	}
	pthread_mutex_unlock(&listing->mutex);
	return taken;
}

static void tell_all(struct listing *listing, host_machine_fn *each, void *context)
{
	struct description description;
	bool wanted = true;

	while (wanted && take(listing, &description)) {
		struct machine machine;

		take_description(&description, &machine);
		wanted = each(context, &machine);
		machine_clear(&machine);
	}
}

/* Ends the other threads and frees what is left. */
static void finish(struct listing *listing)
{
	pthread_mutex_lock(&listing->mutex);
	listing->stop = true;
	pthread_cond_broadcast(&listing->changed);
	pthread_mutex_unlock(&listing->mutex);
	for (unsigned i = 0; i < listing->thread_count; i++)
		pthread_join(listing->threads[i], NULL);
	for (; listing->filled > 0; listing->filled--) {
		free(listing->slots[listing->first].xml);
		listing->first = (listing->first + 1) % SLOTS;
	}
	for (; listing->next < listing->count; listing->next++)
		virDomainFree(listing->domains[listing->next]);
	free(listing->domains);
	free(listing->saved);
	pthread_cond_destroy(&listing->changed);
	pthread_mutex_destroy(&listing->mutex);
}

int domains_list(struct host *host, unsigned flags, host_machine_fn *each, void *context,
	struct error *error)
{
	struct listing listing = {.host = host, .flags = flags};
	int count = virConnectListAllDomains(host->connection, &listing.domains, 0);

	if (count < 0) {
		int result = libvirt_error(host, error);
		error_wrap(error, "cannot list the machines");
		return result;
	}
	listing.count = (size_t)count;
	if (!(flags & HOST_LIST_STATUS))
		list_saved(&listing);
	pthread_mutex_init(&listing.mutex, NULL);
	pthread_cond_init(&listing.changed, NULL);
	start_fetching(&listing);
	tell_all(&listing, each, context);
	finish(&listing);
	/* The descriptions of thousands leave holes that the service never needs again. */
	if (count >= BIG_LISTING)
		malloc_trim(0);
	if (listing.result < 0 && error) {
		*error = listing.error;
		error_wrap(error, "cannot list the machines");
	}
	return listing.result;
}

int domains_read(struct host *host, const struct uuid *id, unsigned flags, struct machine *machine,
	struct error *error)
{
	struct description description;
	virDomainPtr domain;
	int result = libvirt_domain(host, id, &domain, error);

	if (result == -ERR_NOT_FOUND)
		domain_cache_remove(host->off, id);
	if (result < 0)
		return result;
	result = describe(host, domain, flags, &description, error);
	if (result == 0 && description.status.state == STATE_OFF &&
		virDomainHasManagedSaveImage(domain, 0) == 1)
		description.status.state = STATE_SAVED;
	keep(host, domain, result, &description.status, id);
	virDomainFree(domain);
	if (result == 0)
		take_description(&description, machine);
	return result;
}

int domains_status(struct host *host, const struct uuid *id, struct machine_status *status,
	struct error *error)
{
	virDomainPtr domain;
	int result = libvirt_domain(host, id, &domain, error);

	if (result < 0)
		return result;
	result = get_status(host, domain, status, error);
	virDomainFree(domain);
	return result;
}
