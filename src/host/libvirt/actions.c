/* SPDX-License-Identifier: MIT */
/* actions.c - makes a machine run */
#include "host/libvirt/libvirt_host.h"

static int perform(virDomainPtr domain, enum host_action action)
{
	switch (action) {
	case ACTION_START:
	case ACTION_RESTORE: /* a machine with a saved image is restored from it */
		return virDomainCreate(domain);
	case ACTION_RESUME:
		return virDomainResume(domain);
	case ACTION_WAKEUP:
		return virDomainPMWakeup(domain, 0);
	}
	return -1;
}

/* Whether the machine runs by now; some drivers refuse a running one with any error. */
static bool is_running(virDomainPtr domain)
{
	int state, reason;

	return virDomainGetState(domain, &state, &reason, 0) == 0 && state == VIR_DOMAIN_RUNNING;
}

int domains_start(struct host *host, const struct uuid *id, enum host_action *done,
	const struct host_progress *progress, struct error *error)
{
	virDomainPtr domain = domain_cache_get(host->off, id);
	int state, reason;

	(void)progress; /* libvirt makes no jobs of a start */
	int result = domain ? 0 : libvirt_domain(host, id, &domain, error);

	if (result < 0)
		return result;
	*done = ACTION_START;
	if (virDomainCreate(domain) == 0) {
		/* Why it runs tells whether it was saved; asking before would delay the start. */
		if (virDomainGetState(domain, &state, &reason, 0) == 0 &&
			state == VIR_DOMAIN_RUNNING && reason == VIR_DOMAIN_RUNNING_RESTORED)
			*done = ACTION_RESTORE;
	} else {
		result = libvirt_error(host, error);
		if (result == -ERR_FAILED && virDomainIsActive(domain) == 1) {
			result = -ERR_STATE;
			if (error)
				error->code = ERR_STATE;
		}
	}
	virDomainFree(domain);
	return result;
}

int domains_act(struct host *host, const struct uuid *id, enum host_action action,
	const struct host_progress *progress, struct error *error)
{
	virDomainPtr domain;
	int result = libvirt_domain(host, id, &domain, error);

	(void)progress;
	if (result < 0)
		return result;
	if (perform(domain, action) < 0)
		result = libvirt_error(host, error);
	if (result == -ERR_FAILED && is_running(domain)) {
		result = -ERR_STATE;
		if (error)
			error->code = ERR_STATE;
	}
	virDomainFree(domain);
	return result;
}
