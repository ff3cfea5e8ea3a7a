/* SPDX-License-Identifier: MIT */
/*
 * services_unsupported.c - the part of IWbemServices that the simulator does not have
 */
#include "services.h"
#include "system.h"

static HRESULT refuse(IWbemServices *iface, const char *name)
{
	struct services *services = (struct services *)(void *)iface;
	sim_status status = call_enter(name, services->epoch, false);

	if (status == SIM_OK)
		status = world_reject(name, SIM_NOT_SUPPORTED, "the simulator does not have it");
	return call_leave(name, status);
}

static HRESULT WINAPI open_namespace(IWbemServices *iface, const BSTR name, LONG flags,
	IWbemContext *context, IWbemServices **space, IWbemCallResult **result)
{
	(void)name, (void)flags, (void)context, (void)space, (void)result;
	return refuse(iface, "OpenNamespace");
}

static HRESULT WINAPI cancel_async_call(IWbemServices *iface, IWbemObjectSink *sink)
{
	(void)sink;
	return refuse(iface, "CancelAsyncCall");
}

static HRESULT WINAPI query_object_sink(IWbemServices *iface, LONG flags, IWbemObjectSink **sink)
{
	(void)flags, (void)sink;
	return refuse(iface, "QueryObjectSink");
}

static HRESULT WINAPI get_object_async(IWbemServices *iface, const BSTR path, LONG flags,
	IWbemContext *context, IWbemObjectSink *sink)
{
	(void)path, (void)flags, (void)context, (void)sink;
	return refuse(iface, "GetObjectAsync");
}

static HRESULT WINAPI put_class(IWbemServices *iface, IWbemClassObject *object, LONG flags,
	IWbemContext *context, IWbemCallResult **result)
{
	(void)object, (void)flags, (void)context, (void)result;
	return refuse(iface, "PutClass");
}

static HRESULT WINAPI put_class_async(IWbemServices *iface, IWbemClassObject *object, LONG flags,
	IWbemContext *context, IWbemObjectSink *sink)
{
	(void)object, (void)flags, (void)context, (void)sink;
	return refuse(iface, "PutClassAsync");
}

static HRESULT WINAPI delete_class(IWbemServices *iface, const BSTR name, LONG flags,
	IWbemContext *context, IWbemCallResult **result)
{
	(void)name, (void)flags, (void)context, (void)result;
	return refuse(iface, "DeleteClass");
}

static HRESULT WINAPI delete_class_async(IWbemServices *iface, const BSTR name, LONG flags,
	IWbemContext *context, IWbemObjectSink *sink)
{
	(void)name, (void)flags, (void)context, (void)sink;
	return refuse(iface, "DeleteClassAsync");
}

static HRESULT WINAPI create_class_enum_async(IWbemServices *iface, const BSTR name, LONG flags,
	IWbemContext *context, IWbemObjectSink *sink)
{
	(void)name, (void)flags, (void)context, (void)sink;
	return refuse(iface, "CreateClassEnumAsync");
}

static HRESULT WINAPI put_instance(IWbemServices *iface, IWbemClassObject *object, LONG flags,
	IWbemContext *context, IWbemCallResult **result)
{
	(void)object, (void)flags, (void)context, (void)result;
	return refuse(iface, "PutInstance");
}

static HRESULT WINAPI put_instance_async(IWbemServices *iface, IWbemClassObject *object, LONG flags,
	IWbemContext *context, IWbemObjectSink *sink)
{
	(void)object, (void)flags, (void)context, (void)sink;
	return refuse(iface, "PutInstanceAsync");
}

static HRESULT WINAPI delete_instance(IWbemServices *iface, const BSTR path, LONG flags,
	IWbemContext *context, IWbemCallResult **result)
{
	(void)path, (void)flags, (void)context, (void)result;
	return refuse(iface, "DeleteInstance");
}

static HRESULT WINAPI delete_instance_async(IWbemServices *iface, const BSTR path, LONG flags,
	IWbemContext *context, IWbemObjectSink *sink)
{
	(void)path, (void)flags, (void)context, (void)sink;
	return refuse(iface, "DeleteInstanceAsync");
}

static HRESULT WINAPI create_instance_enum_async(IWbemServices *iface, const BSTR name, LONG flags,
	IWbemContext *context, IWbemObjectSink *sink)
{
	(void)name, (void)flags, (void)context, (void)sink;
	return refuse(iface, "CreateInstanceEnumAsync");
}

static HRESULT WINAPI exec_query_async(IWbemServices *iface, const BSTR language, const BSTR query,
	LONG flags, IWbemContext *context, IWbemObjectSink *sink)
{
	(void)language, (void)query, (void)flags, (void)context, (void)sink;
	return refuse(iface, "ExecQueryAsync");
}

static HRESULT WINAPI exec_notification_query_async(IWbemServices *iface, const BSTR language,
	const BSTR query, LONG flags, IWbemContext *context, IWbemObjectSink *sink)
{
	(void)language, (void)query, (void)flags, (void)context, (void)sink;
	return refuse(iface, "ExecNotificationQueryAsync");
}

static HRESULT WINAPI exec_method_async(IWbemServices *iface, const BSTR path, const BSTR method,
	LONG flags, IWbemContext *context, IWbemClassObject *in, IWbemObjectSink *sink)
{
	(void)path, (void)method, (void)flags, (void)context, (void)in, (void)sink;
	return refuse(iface, "ExecMethodAsync");
}

const IWbemServicesVtbl services_unsupported = {
	.OpenNamespace = open_namespace,
	.CancelAsyncCall = cancel_async_call,
	.QueryObjectSink = query_object_sink,
	.GetObjectAsync = get_object_async,
	.PutClass = put_class,
	.PutClassAsync = put_class_async,
	.DeleteClass = delete_class,
	.DeleteClassAsync = delete_class_async,
	.CreateClassEnumAsync = create_class_enum_async,
	.PutInstance = put_instance,
	.PutInstanceAsync = put_instance_async,
	.DeleteInstance = delete_instance,
	.DeleteInstanceAsync = delete_instance_async,
	.CreateInstanceEnumAsync = create_instance_enum_async,
	.ExecQueryAsync = exec_query_async,
	.ExecNotificationQueryAsync = exec_notification_query_async,
	.ExecMethodAsync = exec_method_async,
};
