/* SPDX-License-Identifier: MIT */
/*
 * locator.c - IWbemLocator: which host, which name space, as whom
 */
#include <string.h>

#include "com.h"
#include "heap.h"
#include "system.h"

struct locator {
	IWbemLocator iface;
	LONG references;
};

static struct locator *locator_of(IWbemLocator *iface)
{
	return (struct locator *)(void *)iface;
}

static HRESULT WINAPI query_interface(IWbemLocator *iface, REFIID id, void **result)
{
	if (!result)
		return E_POINTER;
	if (IsEqualIID(id, &IID_IUnknown) || IsEqualIID(id, &IID_IWbemLocator)) {
		IWbemLocator_AddRef(iface);
		*result = iface;
		return S_OK;
	}
	*result = NULL;
	return E_NOINTERFACE;
}

static ULONG WINAPI add_ref(IWbemLocator *iface)
{
	return (ULONG)InterlockedIncrement(&locator_of(iface)->references);
}

static ULONG WINAPI release(IWbemLocator *iface)
{
	struct locator *locator = locator_of(iface);
	LONG left = InterlockedDecrement(&locator->references);

	if (left > 0)
		return (ULONG)left;
	InterlockedDecrement(&world.open[COUNT_LOCATORS]);
	heap_free(locator);
	return 0;
}

/* Splits \\server\space; the space, and the server ("" where none is named). */
static const char *split(const char *resource, char server[NAME_SIZE])
{
	size_t length;

	server[0] = '\0';
	if (!((resource[0] == '\\' && resource[1] == '\\') ||
		    (resource[0] == '/' && resource[1] == '/')))
		return resource;
	resource += 2;
	length = strcspn(resource, "\\/");
	if (length >= NAME_SIZE)
		length = NAME_SIZE - 1;
	memcpy(server, resource, length);
	server[length] = '\0';
	resource += length;
	return *resource ? resource + 1 : resource;
}

static const struct remote *find_remote(const char *server)
{
	for (unsigned i = 0; i < world.remote_count; i++) {
		if (fold_equal(world.remotes[i].name, server))
			return &world.remotes[i];
	}
	return NULL;
}

static sim_status admit(const char *server, const char *user, const char *password)
{
	const struct remote *remote = find_remote(server);

	if (!remote) {
		if (server[0] && !fold_equal(server, ".") && !fold_equal(server, world.host))
			return SIM_SERVER_UNAVAILABLE;
		if (user || password)
			return world_reject("ConnectServer", SIM_LOCAL_CREDENTIALS,
				"user and password are for other hosts only");
		return SIM_OK;
	}
	if (remote->needs_user && (!user || !password || !fold_equal(user, remote->user) ||
					  strcmp(password, remote->password) != 0))
		return SIM_ACCESS_DENIED;
	return SIM_OK;
}

static sim_status open_space(
	const char *resource, const char *user, const char *password, IWbemServices **services)
{
	char server[NAME_SIZE];
	const char *text = split(resource, server);
	enum name_space space = name_space_find(text);
	sim_status status;

	if (world.winmgmt_down)
		return world.down_connect;
	status = admit(server, user, password);
	if (status != SIM_OK || world_refuses(REFUSE_ACCESS, NULL, &status))
		return status;
	if (space == ANYWHERE)
		return world_reject(
			"ConnectServer", SIM_INVALID_NAMESPACE, "no such name space: %.100s", text);
	*services = services_new(space, world.epoch);
	return SIM_OK;
}

static char *optional_text(const BSTR text)
{
	return text ? utf8_new(text) : NULL;
}

static HRESULT WINAPI connect_server(IWbemLocator *iface, const BSTR resource, const BSTR user,
	const BSTR password, const BSTR locale, LONG flags, const BSTR authority,
	IWbemContext *context, IWbemServices **services)
{
	sim_status status = call_enter("ConnectServer", ALIVE_ALWAYS, true);
	char *resource_text, *user_text, *password_text;

	(void)iface, (void)locale, (void)authority, (void)context;
	if (!resource || !services || (flags & ~(LONG)WBEM_FLAG_CONNECT_USE_MAX_WAIT))
		return call_leave("ConnectServer",
			world_reject("ConnectServer", SIM_INVALID_PARAMETER, "resource or flags"));
	*services = NULL;
	resource_text = utf8_new(resource);
	user_text = optional_text(user);
	password_text = optional_text(password);
	log_line(resource_text);
	if (status == SIM_OK)
		status = open_space(resource_text, user_text, password_text, services);
	heap_free(resource_text);
	heap_free(user_text);
	heap_free(password_text);
	return call_leave("ConnectServer", status);
}

static IWbemLocatorVtbl locator_vtable = {
	.QueryInterface = query_interface,
	.AddRef = add_ref,
	.Release = release,
	.ConnectServer = connect_server,
};

IWbemLocator *locator_new(void)
{
	struct locator *locator = heap_alloc(sizeof(*locator));

	locator->iface.lpVtbl = &locator_vtable;
	locator->references = 1;
	InterlockedIncrement(&world.open[COUNT_LOCATORS]);
	return &locator->iface;
}
