/* SPDX-License-Identifier: MIT */
/* connection.c - one connection to a Hyper-V host */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/hyperv/com.h"
#include "host/hyperv/host_name.h"
#include "host/hyperv/hyperv_host.h"
#include "host/hyperv/wmi_status.h"

static const char NAMESPACE[] = "root\\virtualization\\v2";

static const char NOT_RUNNING[] =
	"Hyper-V's Virtual Machine Management service (vmms) does not run there, or shows "
	"nothing to this account";

struct own_name {
	char *name;
	size_t size;
	bool found;
};

static bool take_own_name(void *context, IWbemClassObject *object)
{
	struct own_name *own = context;

	own->found = true;
	if (own->name && wmi_text(object, L"ElementName", own->name, own->size, NULL) != 1)
		wmi_text(object, L"Name", own->name, own->size, NULL);
	return true;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): it is filled through own.name */
int hyperv_check(struct host *host, char *name, size_t size, struct error *error)
{
	struct own_name own = {name, size, false};
	HRESULT result = wmi_query(&host->wmi,
		"SELECT Name, ElementName FROM Msvm_ComputerSystem WHERE Name = __SERVER",
		take_own_name, &own);

	if (FAILED(result)) {
		wmi_error(result, error);
		if (error)
			error->code = ERR_UNREACHABLE;
		return -ERR_UNREACHABLE;
	}
	return own.found ? 0 : error_set(error, ERR_UNREACHABLE, "%s", NOT_RUNNING);
}

int hyperv_error(struct host *host, HRESULT failure, struct error *error)
{
	enum wmi_class class = wmi_status_class((uint32_t)failure);
	struct error outage = {0};
	int result = wmi_error(failure, error);

	if (result == -ERR_UNREACHABLE)
		return result;
	/* Without vmms everything is missing; that says nothing of this object. */
	if ((class == WMI_DOUBTFUL || class == WMI_MISSING) &&
		hyperv_check(host, NULL, 0, &outage) < 0) {
		if (error)
			*error = outage;
		return -ERR_UNREACHABLE;
	}
	if (!atomic_load(&host->lost))
		return result;
	if (error)
		error->code = ERR_UNREACHABLE;
	return -ERR_UNREACHABLE;
}

int hyperv_not_found(const struct uuid *id, struct error *error)
{
	char text[UUID_TEXT_SIZE];

	return error_set(error, ERR_NOT_FOUND, "there is no virtual machine %s on this host",
		uuid_format(id, text));
}

int hyperv_query(struct host *host, const char *query, wmi_object_fn *each, void *context,
	struct error *error)
{
	HRESULT result = wmi_query(&host->wmi, query, each, context);

	return FAILED(result) ? hyperv_error(host, result, error) : 0;
}

void hyperv_machine_path(const struct uuid *id, char path[256])
{
	char guid[UUID_TEXT_SIZE];

	snprintf(path, 256,
		"Msvm_ComputerSystem.CreationClassName=\"Msvm_ComputerSystem\",Name=\"%s\"",
		guid_format(id, guid));
}

static void host_close(struct host *host)
{
	if (!host)
		return;
	subscription_end(host);
	if (host->state_change_parameters)
		IWbemClassObject_Release(host->state_change_parameters);
	wmi_disconnect(&host->wmi);
	pthread_mutex_destroy(&host->mutex);
	roster_clear(&host->told);
	free(host->uri);
	free(host);
}

static struct host *host_new(const char *uri)
{
	struct host *host = calloc(1, sizeof(*host));

	if (!host)
		return NULL;
	host->uri = strdup(uri);
	if (!host->uri) {
		free(host);
		return NULL;
	}
	pthread_mutex_init(&host->mutex, NULL);
	return host;
}

/* Opens what host_new() made; on failure the caller closes it. */
static int host_open(struct host *host, const char *computer, struct error *error)
{
	HRESULT result = wmi_connect(&host->wmi, computer, NAMESPACE);
	enum wmi_class class = wmi_status_class((uint32_t)result);

	if (SUCCEEDED(result))
		return hyperv_check(host, NULL, 0, error);
	wmi_error(result, error);
	if (class == WMI_NO_HYPERV)
		error_set(error, ERR_UNREACHABLE,
			"Hyper-V is not installed there (it has no WMI namespace %s)", NAMESPACE);
	else if (class == WMI_DENIED)
		error_set(error, ERR_UNREACHABLE,
			"access is denied; an administrator may, or a member of Hyper-V "
			"Administrators (%s 0x%08x)",
			wmi_status_name((uint32_t)result), (unsigned)result);
	if (error) {
		error->host_code = (uint32_t)result;
		error->code = ERR_UNREACHABLE;
	}
	return -ERR_UNREACHABLE;
}

static int host_connect(
	const char *uri, enum host_access access, struct host **connected, struct error *error)
{
	const char *computer = host_name_is_local(uri) ? NULL : uri;

	(void)access; /* WMI has one kind of connection; who may do what, the host decides */
	*connected = NULL;
	int result = host_name_check(uri, error);
	if (result == 0)
		result = com_start(error);
	if (result < 0)
		return result;
	struct host *host = host_new(computer ? computer : "localhost");
	if (!host)
		return error_set(error, ERR_FAILED, "out of memory");
	result = host_open(host, computer, error);
	if (result < 0) {
		host_close(host);
		error_wrap(error, "cannot connect to Hyper-V on %s%s%s", computer ? "'" : "",
			computer ? computer : "this host", computer ? "'" : "");
		return result;
	}
	*connected = host;
	return 0;
}

static const char *host_uri(const struct host *host)
{
	return host->uri;
}

static int host_name(struct host *host, char *name, size_t size, struct error *error)
{
	name[0] = '\0';
	return hyperv_check(host, name, size, error);
}

const struct host_ops host_ops = {
	.check = host_name_check,
	.connect = host_connect,
	.close = host_close,
	.uri = host_uri,
	.name = host_name,
	.subscribe = subscription_begin,
	.list = machines_list,
	.read = machines_read,
	.status = machines_status,
	.start = actions_start,
	.act = actions_act,
	.has_jobs = true,
};
