/* SPDX-License-Identifier: MIT */
/*
 * libvirt_host.h - what the files of this folder share, and nobody else
 */
#ifndef HYPERVIVE_HOST_LIBVIRT_LIBVIRT_HOST_H
#define HYPERVIVE_HOST_LIBVIRT_LIBVIRT_HOST_H

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "host/host.h"
#include "host/libvirt/domain_cache.h"

/* What libvirt's callbacks are given; see subscription.c. */
struct gate;

enum { HOST_EVENTS = 4 };

struct host {
	virConnectPtr connection;
	char *uri;
	struct domain_cache *off; /* machines that may have to be started at once */
	struct gate *gate;
	bool in_loop;            /* the event loop is held */
	bool on_close;           /* the close callback is registered */
	int files;               /* the handle of definition_files.c, -1: none */
	int events[HOST_EVENTS]; /* libvirt's ids of the registered callbacks, -1: not registered */
};

/*
 * Turns the last error of libvirt in this thread into ours and returns its negative code:
 * ERR_UNREACHABLE when the connection broke, ERR_NOT_FOUND, ERR_STATE, else ERR_FAILED. The text
 * is libvirt's own; add words with error_wrap().
 */
int libvirt_error(const struct host *host, struct error *error);

/* False once the connection is broken: every call on it fails from then on. */
bool libvirt_alive(const struct host *host);

/* Looks a machine up. *domain is to be freed with virDomainFree(). */
int libvirt_domain(
	struct host *host, const struct uuid *id, virDomainPtr *domain, struct error *error);

/* uri.c: see check() in host/host.h. Pure. */
int libvirt_uri_check(const char *uri, struct error *error);

/* Whether the host's machines are run by this process itself (qemu:///embed?root=DIR). */
bool libvirt_uri_is_embedded(const char *uri);

/* The URI with what keeps ssh from asking questions on the terminal. NULL: out of memory. Free it.
 */
char *libvirt_uri_without_prompts(const char *uri);

/* subscription.c: see host/host.h; a gate is made with the host and shut before it is closed. */
struct gate *subscription_gate_new(void);
bool subscription_gate_lost(struct gate *gate); /* the close callback was called */
struct gate *subscription_gate_ref(struct gate *gate);
void subscription_gate_unref(void *argument); /* a gate; also as libvirt's free callback */
void subscription_tell(struct gate *gate, const struct uuid *id); /* the machine has changed */
int subscription_begin(
	struct host *host, const struct host_listener *listener, struct error *error);
/* Waits until no listener function runs, takes the callbacks back, and frees the gate. */
void subscription_end(struct host *host);

/* definition_files.c: tells through the gate; the handle to remove, or -1 where it cannot. */
int definition_files_watch(struct gate *gate, const char *uri);

/*
 * libvirt's event loop, which delivers events and keepalive answers, and which embedded drivers
 * need for their machines. It runs on a thread of its own from the first acquire to the last
 * release. Acquire before opening a connection, release after closing it, and not from the
 * loop's own thread.
 */
int event_loop_acquire(struct error *error);
void event_loop_release(void);

/* domains.c and actions.c: see host/host.h */
int domains_list(struct host *host, unsigned flags, host_machine_fn *each, void *context,
	struct error *error);
int domains_read(struct host *host, const struct uuid *id, unsigned flags, struct machine *machine,
	struct error *error);
int domains_status(struct host *host, const struct uuid *id, struct machine_status *status,
	struct error *error);
int domains_start(struct host *host, const struct uuid *id, enum host_action *done,
	const struct host_progress *progress, struct error *error);
int domains_act(struct host *host, const struct uuid *id, enum host_action action,
	const struct host_progress *progress, struct error *error);

#endif
