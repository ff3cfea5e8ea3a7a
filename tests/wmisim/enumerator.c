/* SPDX-License-Identifier: MIT */
/*
 * enumerator.c - IEnumWbemClassObject, over a query's result or over a subscription
 */
#include <string.h>

#include "com.h"
#include "heap.h"
#include "jobs.h"
#include "system.h"

struct enumerator {
	IEnumWbemClassObject iface;
	LONG references;
	unsigned epoch;
	bool forward_only;
	struct result result;
	size_t at;
	uint64_t ready; /* when the first object is there */
	struct subscription *subscription;
};

static struct enumerator *enumerator_of(IEnumWbemClassObject *iface)
{
	return (struct enumerator *)(void *)iface;
}

static HRESULT WINAPI query_interface(IEnumWbemClassObject *iface, REFIID id, void **result)
{
	if (!result)
		return E_POINTER;
	if (IsEqualIID(id, &IID_IUnknown) || IsEqualIID(id, &IID_IEnumWbemClassObject)) {
		IEnumWbemClassObject_AddRef(iface);
		*result = iface;
		return S_OK;
	}
	*result = NULL;
	return E_NOINTERFACE;
}

static ULONG WINAPI add_ref(IEnumWbemClassObject *iface)
{
	return (ULONG)InterlockedIncrement(&enumerator_of(iface)->references);
}

static ULONG WINAPI release(IEnumWbemClassObject *iface)
{
	struct enumerator *enumerator = enumerator_of(iface);
	LONG left = InterlockedDecrement(&enumerator->references);

	if (left > 0)
		return (ULONG)left;
	system_lock();
	world.open[enumerator->subscription ? COUNT_SUBSCRIPTIONS : COUNT_ENUMERATORS]--;
	if (enumerator->subscription)
		subscription_close(enumerator->subscription);
	result_free(&enumerator->result);
	system_unlock();
	heap_free(enumerator);
	return 0;
}

static HRESULT WINAPI reset(IEnumWbemClassObject *iface)
{
	struct enumerator *enumerator = enumerator_of(iface);
	sim_status status = call_enter("Reset", enumerator->epoch, false);

	if (status == SIM_OK && enumerator->forward_only)
		status = world_reject(
			"Reset", SIM_INVALID_OPERATION, "the enumerator is forward only");
	if (status == SIM_OK)
		enumerator->at = 0;
	return call_leave("Reset", status);
}

static HRESULT WINAPI clone(IEnumWbemClassObject *iface, IEnumWbemClassObject **copy)
{
	sim_status status = call_enter("Clone", enumerator_of(iface)->epoch, false);

	if (copy)
		*copy = NULL;
	if (status == SIM_OK)
		status = world_reject("Clone", SIM_NOT_SUPPORTED, "the simulator does not clone");
	return call_leave("Clone", status);
}

static HRESULT WINAPI next_async(IEnumWbemClassObject *iface, ULONG count, IWbemObjectSink *sink)
{
	sim_status status = call_enter("NextAsync", enumerator_of(iface)->epoch, false);

	(void)count;
	(void)sink;
	if (status == SIM_OK)
		status = world_reject("NextAsync", SIM_NOT_SUPPORTED, "the simulator has no sinks");
	return call_leave("NextAsync", status);
}

static HRESULT WINAPI skip(IEnumWbemClassObject *iface, LONG timeout, ULONG count)
{
	struct enumerator *enumerator = enumerator_of(iface);
	sim_status status = call_enter("Skip", enumerator->epoch, false);
	size_t left = enumerator->result.count - enumerator->at;

	(void)timeout;
	if (status == SIM_OK && enumerator->subscription)
		status = world_reject("Skip", SIM_NOT_SUPPORTED, "events cannot be skipped");
	if (status == SIM_OK) {
		enumerator->at += count < left ? count : left;
		status = count <= left ? SIM_OK : SIM_FALSE;
	}
	return call_leave("Skip", status);
}

static sim_status next_of_result(struct enumerator *enumerator, uint64_t until, ULONG count,
	IWbemClassObject **objects, ULONG *returned)
{
	struct result *result = &enumerator->result;

	if (enumerator->ready > system_now()) {
		uint64_t wait = enumerator->ready < until ? enumerator->ready : until;

		if (!call_wait(enumerator->epoch, wait))
			return world.down_pending;
		if (enumerator->ready > system_now())
			return SIM_TIMED_OUT;
	}
	if (result->error != SIM_OK)
		return result->error;
	while (*returned < count && enumerator->at < result->count) {
		struct item *item = &result->items[enumerator->at++];

		objects[(*returned)++] = object_new(item->class, item->image, &result->projection);
		if (enumerator->forward_only) { /* nobody can come back for it */
			image_release(item->image);
			item->image = NULL;
		}
	}
	return *returned == count ? SIM_OK : SIM_FALSE;
}

static uint64_t earliest(uint64_t left, uint64_t right)
{
	return left < right ? left : right;
}

static sim_status next_event(struct enumerator *enumerator, uint64_t until, ULONG count,
	IWbemClassObject **objects, ULONG *returned)
{
	for (;;) {
		sim_status ended;
		uint64_t wake;
		struct image *event =
			subscription_next(enumerator->subscription, world.now, &wake, &ended);

		if (event) {
			objects[(*returned)++] = object_new(event->class, event, NULL);
			image_release(event);
			if (*returned == count)
				return SIM_OK;
			continue;
		}
		if (ended != SIM_OK)
			return ended;
		if (system_now() >= until)
			return SIM_TIMED_OUT;
		system_wait(earliest(earliest(wake, jobs_next_due()), until));
		while (system_now() < world.hang_until)
			system_wait(world.hang_until);
		world_enter();
	}
}

static bool arguments_good(LONG timeout, ULONG count, IWbemClassObject **objects, ULONG *returned)
{
	return (timeout >= 0 || timeout == (LONG)WBEM_INFINITE) && count > 0 && objects && returned;
}

static HRESULT WINAPI next(IEnumWbemClassObject *iface, LONG timeout, ULONG count,
	IWbemClassObject **objects, ULONG *returned)
{
	struct enumerator *enumerator = enumerator_of(iface);
	sim_status status = call_enter("Next", enumerator->epoch, false);
	uint64_t until = timeout < 0 ? UINT64_MAX : system_now() + (uint64_t)timeout;

	if (!arguments_good(timeout, count, objects, returned))
		return call_leave("Next",
			world_reject("Next", SIM_INVALID_PARAMETER, "timeout, count or pointers"));
	*returned = 0;
	memset(objects, 0, count * sizeof(*objects));
	if (status == SIM_OK)
		status = enumerator->subscription
				 ? next_event(enumerator, until, count, objects, returned)
				 : next_of_result(enumerator, until, count, objects, returned);
	return call_leave("Next", status);
}

static IEnumWbemClassObjectVtbl enumerator_vtable = {
	.QueryInterface = query_interface,
	.AddRef = add_ref,
	.Release = release,
	.Reset = reset,
	.Next = next,
	.NextAsync = next_async,
	.Clone = clone,
	.Skip = skip,
};

static struct enumerator *new_enumerator(unsigned epoch, bool forward_only)
{
	struct enumerator *enumerator = heap_alloc(sizeof(*enumerator));

	enumerator->iface.lpVtbl = &enumerator_vtable;
	enumerator->references = 1;
	enumerator->epoch = epoch;
	enumerator->forward_only = forward_only;
	enumerator->ready = system_now();
	return enumerator;
}

IEnumWbemClassObject *enumerator_new(unsigned epoch, struct result *result, bool forward_only)
{
	struct enumerator *enumerator = new_enumerator(epoch, forward_only);

	enumerator->result = *result;
	*result = (struct result){0};
	enumerator->ready += world.slow;
	world.open[COUNT_ENUMERATORS]++;
	return &enumerator->iface;
}

IEnumWbemClassObject *enumerator_new_subscription(unsigned epoch, struct subscription *subscription)
{
	struct enumerator *enumerator = new_enumerator(epoch, true);

	enumerator->subscription = subscription;
	world.open[COUNT_SUBSCRIPTIONS]++;
	return &enumerator->iface;
}
