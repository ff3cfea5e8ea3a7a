/* SPDX-License-Identifier: MIT */
/*
 * hyperv_host.h - what the files of this folder share, and nobody else
 */
#ifndef HYPERVIVE_HOST_HYPERV_HYPERV_HOST_H
#define HYPERVIVE_HOST_HYPERV_HYPERV_HOST_H

#include <pthread.h>
#include <stdatomic.h>

#include "host/host.h"
#include "host/hyperv/instance_id.h"
#include "host/hyperv/roster.h"
#include "host/hyperv/values.h"
#include "host/hyperv/wmi.h"

struct subscription;

struct host {
	struct wmi wmi;
	char *uri;
	atomic_bool lost; /* the connection is known to be dead */
	struct subscription *subscription;
	pthread_mutex_t mutex;                     /* guards what follows */
	IWbemClassObject *state_change_parameters; /* NULL until the first start */
	struct roster told;                        /* machines that were told of */
	bool listed;                               /* all of them were, once */
};

enum { OBJECT_PATH_SIZE = 1024 };

/* `Msvm_ComputerSystem.CreationClassName="…",Name="…"` */
void hyperv_machine_path(const struct uuid *id, char path[256]);

/*
 * Turns a failure of the last call of this thread into ours and returns its negative code. Where
 * the failure alone does not tell whether the connection or only this call is broken, the host
 * is asked for what is always there.
 */
int hyperv_error(struct host *host, HRESULT failure, struct error *error);

/* ERR_NOT_FOUND, in words about this machine. */
int hyperv_not_found(const struct uuid *id, struct error *error);

/* A query, see wmi_query(). */
int hyperv_query(struct host *host, const char *query, wmi_object_fn *each, void *context,
	struct error *error);

/*
 * 0 when the host's own instance is there and so its management service runs; ERR_UNREACHABLE
 * when it is not. name, which may be NULL, is filled with what people call the host.
 */
int hyperv_check(struct host *host, char *name, size_t size, struct error *error);

/* ---- machines.c ---- */

/* Machines that are being read, sorted by id once they all are there. */
struct machine_table {
	struct machine *all;
	size_t count, room;
	bool no_memory;
};

/* The machine with this id, or NULL. Borrowed. */
struct machine *machine_table_find(const struct machine_table *table, const struct uuid *id);

int machines_list(struct host *host, unsigned flags, host_machine_fn *each, void *context,
	struct error *error);
int machines_read(struct host *host, const struct uuid *id, unsigned flags, struct machine *machine,
	struct error *error);
int machines_status(struct host *host, const struct uuid *id, struct machine_status *status,
	struct error *error);

/* adapters.c: adds their adapters to the machines; only (may be NULL): the one that is there. */
int adapters_read(struct host *host, struct machine_table *table, const struct uuid *only,
	struct error *error);

/* guest_tools.c: fills tools and tools_version of machines that run. */
int guest_tools_read(struct host *host, struct machine_table *table, const struct uuid *only,
	struct error *error);

/*
 * Calls each for every machine that the host has and that was not told of, or the other way
 * round; nothing before the first listing. ERR_UNREACHABLE when the host is not there.
 */
int machines_compare(struct host *host, roster_fn *each, void *context, struct error *error);

/* ---- jobs.c ---- */

struct job {
	char id[64];
	uint32_t type;  /* JobType */
	uint32_t state; /* JobState, as it was last */
};

/*
 * Follows a job to its end. 0 when it succeeded; ERR_NOT_FOUND when it vanished before its end
 * was seen; else what the host says of its failure, with the job's ErrorCode as host_code.
 */
int jobs_follow(struct host *host, const char *path, const struct host_progress *progress,
	struct job *job, struct error *error);

/* ---- actions.c, subscription.c: see host/host.h ---- */

int actions_start(struct host *host, const struct uuid *id, enum host_action *done,
	const struct host_progress *progress, struct error *error);
int actions_act(struct host *host, const struct uuid *id, enum host_action action,
	const struct host_progress *progress, struct error *error);

int subscription_begin(
	struct host *host, const struct host_listener *listener, struct error *error);
/* Ends its threads, about a second; none of them calls the listener afterwards. */
void subscription_end(struct host *host);

#endif
