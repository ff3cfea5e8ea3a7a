/* SPDX-License-Identifier: MIT */
/*
 * services.c - IWbemServices: queries, notifications, objects, methods
 *
 * A semisynchronous ExecQuery answers at once, and what is wrong with the query is told by Next
 * (unless the scenario says `errors call`); a synchronous one tells it itself.
 */
#include "services.h"

#include <stdio.h>

#include "associations.h"
#include "heap.h"
#include "system.h"

static struct services *services_of(IWbemServices *iface)
{
	return (struct services *)(void *)iface;
}

static HRESULT WINAPI query_interface(IWbemServices *iface, REFIID id, void **result)
{
	if (!result)
		return E_POINTER;
	if (IsEqualIID(id, &IID_IUnknown) || IsEqualIID(id, &IID_IWbemServices)) {
		IWbemServices_AddRef(iface);
		*result = iface;
		return S_OK;
	}
	*result = NULL;
	return E_NOINTERFACE;
}

static ULONG WINAPI add_ref(IWbemServices *iface)
{
	return (ULONG)InterlockedIncrement(&services_of(iface)->references);
}

static ULONG WINAPI release(IWbemServices *iface)
{
	struct services *services = services_of(iface);
	LONG left = InterlockedDecrement(&services->references);

	if (left > 0)
		return (ULONG)left;
	InterlockedDecrement(&world.open[COUNT_SERVICES]);
	heap_free(services);
	return 0;
}

static sim_status check_query(const char *call, const BSTR language, const BSTR query)
{
	char *name;
	bool is_wql;

	if (!language || !query || !query[0])
		return world_reject(call, SIM_INVALID_PARAMETER, "language or query is missing");
	name = utf8_new(language);
	is_wql = fold_equal(name, "WQL");
	heap_free(name);
	return is_wql ? SIM_OK
		      : world_reject(call, SIM_INVALID_QUERY_TYPE, "the language must be WQL");
}

/* Gives the result, or tells the error now or later. Takes the result. */
static sim_status answer(struct services *services, struct result *result, LONG flags,
	sim_status status, IEnumWbemClassObject **enumerator)
{
	bool later = (flags & WBEM_FLAG_RETURN_IMMEDIATELY) && !world.errors_at_call;

	if (status != SIM_OK && !later) {
		result_free(result);
		return status;
	}
	result->error = status;
	*enumerator = enumerator_new(services->epoch, result, flags & WBEM_FLAG_FORWARD_ONLY);
	return SIM_OK;
}

static sim_status exec_query(
	struct services *services, const char *text, LONG flags, IEnumWbemClassObject **enumerator)
{
	const LONG known = WBEM_FLAG_RETURN_IMMEDIATELY | WBEM_FLAG_FORWARD_ONLY |
			   WBEM_FLAG_USE_AMENDED_QUALIFIERS | WBEM_FLAG_ENSURE_LOCATABLE |
			   WBEM_FLAG_DIRECT_READ;
	struct wql_fault fault = {{0}};
	struct result result;
	sim_status status;

	if (flags & ~known)
		return world_reject(
			"ExecQuery", SIM_INVALID_PARAMETER, "flags 0x%lx", (unsigned long)flags);
	status = query_run(
		services->space, text, flags & WBEM_FLAG_ENSURE_LOCATABLE, &result, &fault);
	if (fault.text[0] && status != SIM_NOT_FOUND) {
		world_reject("ExecQuery", status, "%.100s in: %.120s", fault.text, text);
		log_line(world.last_rejection);
	}
	return answer(services, &result, flags, status, enumerator);
}

static HRESULT WINAPI services_exec_query(IWbemServices *iface, const BSTR language,
	const BSTR query, LONG flags, IWbemContext *context, IEnumWbemClassObject **enumerator)
{
	struct services *services = services_of(iface);
	bool at_once = flags & WBEM_FLAG_RETURN_IMMEDIATELY;
	sim_status status = call_enter("ExecQuery", services->epoch, !at_once);
	char *text;

	(void)context;
	if (!enumerator)
		return call_leave("ExecQuery", SIM_INVALID_PARAMETER);
	*enumerator = NULL;
	if (status == SIM_OK)
		status = check_query("ExecQuery", language, query);
	if (status == SIM_OK) {
		text = utf8_new(query);
		log_line(text);
		status = exec_query(services, text, flags, enumerator);
		heap_free(text);
	}
	return call_leave("ExecQuery", status);
}

/* The refusals of the scenario name the class that an event query's ISA names. */
static bool refused(enum name_space space, const char *text, sim_status *code)
{
	const struct class *classes[16];
	struct wql_fault fault;
	struct wql query;
	bool result = world_refuses(REFUSE_NOTIFICATIONS, NULL, code);
	unsigned count = 0;

	if (wql_parse(&query, text, &fault) == SIM_OK)
		count = wql_isa_classes(&query, space, classes, 16);
	for (unsigned i = 0; !result && i < count; i++)
		result = world_refuses(REFUSE_NOTIFICATIONS, classes[i]->name, code);
	wql_free(&query);
	return result;
}

static sim_status exec_notification_query(
	struct services *services, const char *text, LONG flags, IEnumWbemClassObject **enumerator)
{
	const LONG needed = WBEM_FLAG_RETURN_IMMEDIATELY | WBEM_FLAG_FORWARD_ONLY;
	struct subscription *subscription;
	struct wql_fault fault = {{0}};
	sim_status status;

	if ((flags & ~(LONG)WBEM_FLAG_USE_AMENDED_QUALIFIERS) != needed)
		return world_reject("ExecNotificationQuery", SIM_INVALID_PARAMETER,
			"flags 0x%lx instead of RETURN_IMMEDIATELY|FORWARD_ONLY",
			(unsigned long)flags);
	if (refused(services->space, text, &status))
		return status;
	status = subscription_open(&subscription, services->space, text, &fault);
	if (status != SIM_OK)
		return world_reject(
			"ExecNotificationQuery", status, "%.100s in: %.120s", fault.text, text);
	*enumerator = enumerator_new_subscription(services->epoch, subscription);
	return SIM_OK;
}

static HRESULT WINAPI services_exec_notification_query(IWbemServices *iface, const BSTR language,
	const BSTR query, LONG flags, IWbemContext *context, IEnumWbemClassObject **enumerator)
{
	struct services *services = services_of(iface);
	sim_status status = call_enter("ExecNotificationQuery", services->epoch, true);
	char *text;

	(void)context;
	if (!enumerator)
		return call_leave("ExecNotificationQuery", SIM_INVALID_PARAMETER);
	*enumerator = NULL;
	if (status == SIM_OK)
		status = check_query("ExecNotificationQuery", language, query);
	if (status == SIM_OK) {
		text = utf8_new(query);
		log_line(text);
		status = exec_notification_query(services, text, flags, enumerator);
		heap_free(text);
	}
	return call_leave("ExecNotificationQuery", status);
}

static HRESULT WINAPI get_object(IWbemServices *iface, const BSTR path, LONG flags,
	IWbemContext *context, IWbemClassObject **object, IWbemCallResult **call_result)
{
	struct services *services = services_of(iface);
	sim_status status = call_enter("GetObject", services->epoch, true);
	char *text;

	(void)context;
	if (!object || call_result)
		return call_leave("GetObject",
			world_reject("GetObject", SIM_INVALID_PARAMETER, "only synchronous calls"));
	*object = NULL;
	if (status == SIM_OK) {
		text = utf8_new(path ? path : L"");
		log_line(text);
		status = services_get_object(services, text, flags, object);
		heap_free(text);
	}
	return call_leave("GetObject", status);
}

static HRESULT WINAPI exec_method(IWbemServices *iface, const BSTR path, const BSTR method,
	LONG flags, IWbemContext *context, IWbemClassObject *in, IWbemClassObject **out,
	IWbemCallResult **call_result)
{
	struct services *services = services_of(iface);
	sim_status status = call_enter("ExecMethod", services->epoch, true);
	char *path_text, *method_text;

	(void)context;
	if (out)
		*out = NULL;
	if (!path || !method || flags != 0 || call_result)
		return call_leave("ExecMethod", world_reject("ExecMethod", SIM_INVALID_PARAMETER,
							"only synchronous calls"));
	if (status == SIM_OK) {
		path_text = utf8_new(path);
		method_text = utf8_new(method);
		log_line(path_text);
		log_line(method_text);
		status = services_exec_method(services, path_text, method_text, in, out);
		heap_free(path_text);
		heap_free(method_text);
	}
	return call_leave("ExecMethod", status);
}

struct listing {
	struct result *result;
	const struct class *only; /* NULL: derived classes too */
};

static bool take(void *context, struct image *image)
{
	struct listing *listing = context;

	if (!listing->only || listing->only == image->class)
		result_add(listing->result, image->class, image);
	return true;
}

static HRESULT WINAPI create_instance_enum(IWbemServices *iface, const BSTR name, LONG flags,
	IWbemContext *context, IEnumWbemClassObject **enumerator)
{
	struct services *services = services_of(iface);
	sim_status status = call_enter(
		"CreateInstanceEnum", services->epoch, !(flags & WBEM_FLAG_RETURN_IMMEDIATELY));
	struct result result = {.projection = {.all = true, .locatable = true}};
	struct listing listing = {&result, NULL};
	const struct class *class;
	char *text;

	(void)context;
	if (!enumerator || !name)
		return call_leave("CreateInstanceEnum", SIM_INVALID_PARAMETER);
	*enumerator = NULL;
	text = utf8_new(name);
	class = class_find(services->space, text);
	if (status == SIM_OK && !class)
		status = world_reject("CreateInstanceEnum", SIM_INVALID_CLASS, "no class %s", text);
	heap_free(text);
	if (status != SIM_OK)
		return call_leave("CreateInstanceEnum", status);
	if (!world_refuses(REFUSE_QUERY, class->name, &status))
		status = world_provider(class);
	if (flags & WBEM_FLAG_SHALLOW)
		listing.only = class;
	if (status == SIM_OK)
		instances_each(class, take, &listing);
	return call_leave(
		"CreateInstanceEnum", answer(services, &result, flags, status, enumerator));
}

static HRESULT WINAPI create_class_enum(IWbemServices *iface, const BSTR superclass, LONG flags,
	IWbemContext *context, IEnumWbemClassObject **enumerator)
{
	struct services *services = services_of(iface);
	sim_status status = call_enter("CreateClassEnum", services->epoch, true);
	struct result result = {.projection = {.all = true, .locatable = true}};
	const struct class *base = NULL, *class;
	char *text = utf8_new(superclass ? superclass : L"");

	(void)context;
	if (enumerator)
		*enumerator = NULL;
	else
		status = SIM_INVALID_PARAMETER;
	if (status == SIM_OK && text[0] && !(base = class_find(services->space, text)))
		status = world_reject("CreateClassEnum", SIM_INVALID_CLASS, "no class %s", text);
	heap_free(text);
	if (status != SIM_OK)
		return call_leave("CreateClassEnum", status);
	for (size_t i = 0; (class = class_at(i)); i++) {
		bool below = (flags & WBEM_FLAG_SHALLOW) ? class->base == base
							 : !base || class_isa(class->base, base);

		if (below && (class->space == services->space || class->space == ANYWHERE))
			result_add(&result, class, NULL);
	}
	return call_leave("CreateClassEnum", answer(services, &result, flags, SIM_OK, enumerator));
}

IWbemServices *services_new(enum name_space space, unsigned epoch)
{
	static IWbemServicesVtbl vtable;
	struct services *services = heap_alloc(sizeof(*services));

	if (!vtable.QueryInterface) { /* with the lock held */
		vtable = services_unsupported;
		vtable.AddRef = add_ref;
		vtable.Release = release;
		vtable.ExecQuery = services_exec_query;
		vtable.ExecNotificationQuery = services_exec_notification_query;
		vtable.GetObject = get_object;
		vtable.ExecMethod = exec_method;
		vtable.CreateInstanceEnum = create_instance_enum;
		vtable.CreateClassEnum = create_class_enum;
		vtable.QueryInterface = query_interface;
	}
	services->iface.lpVtbl = &vtable;
	services->references = 1;
	services->space = space;
	services->epoch = epoch;
	InterlockedIncrement(&world.open[COUNT_SERVICES]);
	return &services->iface;
}
