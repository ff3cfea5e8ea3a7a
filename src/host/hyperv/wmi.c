/* SPDX-License-Identifier: MIT */
/*
 * wmi.c - connections, queries and calls
 *
 * Theory of operation: everything is semisynchronous (WBEM_FLAG_RETURN_IMMEDIATELY and
 * FORWARD_ONLY), so WMI keeps no copy of what was read, and objects are fetched many at a time:
 * over DCOM each fetch is a round trip. Nothing ever calls back into this process, so it needs
 * no sinks, no message loop and no open port.
 */
#include "host/hyperv/wmi.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/windows/wide.h"
#include "host/hyperv/wmi_status.h"

enum { BATCH = 64, PATIENCE_MS = 60000 };

static BSTR bstr_from_utf8(const char *text)
{
	wchar_t *wide = wide_from_utf8(text);
	BSTR result = wide ? SysAllocString(wide) : NULL;

	free(wide);
	return result;
}

/*
 * Each proxy has a security of its own. One inside of this process is none, and says so with
 * E_NOINTERFACE; then there is nothing to set.
 */
static HRESULT set_security(const struct wmi *wmi, IUnknown *proxy)
{
	DWORD level = wmi->remote ? RPC_C_AUTHN_LEVEL_PKT_PRIVACY : RPC_C_AUTHN_LEVEL_DEFAULT;
	HRESULT result = CoSetProxyBlanket(proxy, RPC_C_AUTHN_DEFAULT, RPC_C_AUTHZ_DEFAULT,
		COLE_DEFAULT_PRINCIPAL, level, RPC_C_IMP_LEVEL_IMPERSONATE, COLE_DEFAULT_AUTHINFO,
		EOAC_DEFAULT);

	return result == E_NOINTERFACE ? S_OK : result;
}

HRESULT wmi_connect(struct wmi *wmi, const char *computer, const char *name_space)
{
	IWbemLocator *locator;
	char path[512];

	*wmi = (struct wmi){.remote = computer != NULL};
	snprintf(path, sizeof(path), "%s%s%s%s", computer ? "\\\\" : "", computer ? computer : "",
		computer ? "\\" : "", name_space);
	BSTR resource = bstr_from_utf8(path);
	if (!resource)
		return E_OUTOFMEMORY;
	HRESULT result = CoCreateInstance(&CLSID_WbemLocator, NULL, CLSCTX_INPROC_SERVER,
		&IID_IWbemLocator, (void **)&locator);
	if (SUCCEEDED(result)) {
		/* Two minutes at most, where a host that is switched off would take as it likes. */
		result = IWbemLocator_ConnectServer(locator, resource, NULL, NULL, NULL,
			WBEM_FLAG_CONNECT_USE_MAX_WAIT, NULL, NULL, &wmi->services);
		IWbemLocator_Release(locator);
	}
	SysFreeString(resource);
	if (FAILED(result))
		wmi->services = NULL;
	else if (FAILED(result = set_security(wmi, (IUnknown *)wmi->services)))
		wmi_disconnect(wmi);
	return result;
}

void wmi_disconnect(struct wmi *wmi)
{
	if (wmi->services)
		IWbemServices_Release(wmi->services);
	wmi->services = NULL;
}

/* Hands on what one Next() brought, and releases it. False when no more is wanted. */
static bool hand_on(IWbemClassObject **objects, ULONG count, wmi_object_fn *each, void *context)
{
	bool wanted = true;

	for (ULONG i = 0; i < count; i++) {
		wanted = wanted && each(context, objects[i]);
		IWbemClassObject_Release(objects[i]);
	}
	return wanted;
}

static HRESULT read_all(IEnumWbemClassObject *results, wmi_object_fn *each, void *context)
{
	IWbemClassObject *objects[BATCH];
	ULONG count;
	HRESULT result;

	do {
		count = 0;
		result = IEnumWbemClassObject_Next(results, PATIENCE_MS, BATCH, objects, &count);
		if (FAILED(result))
			return result;
		if (!hand_on(objects, count, each, context))
			return S_OK;
		if (result == (HRESULT)WBEM_S_TIMEDOUT && count == 0)
			return (HRESULT)WBEM_E_TIMED_OUT;
	} while (result != (HRESULT)WBEM_S_FALSE);
	return S_OK;
}

HRESULT wmi_query(const struct wmi *wmi, const char *query, wmi_object_fn *each, void *context)
{
	IEnumWbemClassObject *results;
	BSTR language = SysAllocString(L"WQL");
	BSTR text = bstr_from_utf8(query);
	HRESULT result = E_OUTOFMEMORY;

	if (language && text)
		result = IWbemServices_ExecQuery(wmi->services, language, text,
			WBEM_FLAG_FORWARD_ONLY | WBEM_FLAG_RETURN_IMMEDIATELY, NULL, &results);
	if (SUCCEEDED(result)) {
		result = set_security(wmi, (IUnknown *)results);
		if (SUCCEEDED(result))
			result = read_all(results, each, context);
		IEnumWbemClassObject_Release(results);
	}
	SysFreeString(text);
	SysFreeString(language);
	return result;
}

HRESULT wmi_get(const struct wmi *wmi, const char *path, IWbemClassObject **object)
{
	BSTR text = bstr_from_utf8(path);
	HRESULT result = E_OUTOFMEMORY;

	*object = NULL;
	if (text)
		result = IWbemServices_GetObject(wmi->services, text, 0, NULL, object, NULL);
	SysFreeString(text);
	return result;
}

HRESULT wmi_subscribe(const struct wmi *wmi, const char *query, IEnumWbemClassObject **events)
{
	BSTR language = SysAllocString(L"WQL");
	BSTR text = bstr_from_utf8(query);
	HRESULT result = E_OUTOFMEMORY;

	*events = NULL;
	if (language && text)
		result = IWbemServices_ExecNotificationQuery(wmi->services, language, text,
			WBEM_FLAG_FORWARD_ONLY | WBEM_FLAG_RETURN_IMMEDIATELY, NULL, events);
	SysFreeString(text);
	SysFreeString(language);
	if (FAILED(result))
		return result;
	result = set_security(wmi, (IUnknown *)*events);
	if (FAILED(result)) {
		IEnumWbemClassObject_Release(*events);
		*events = NULL;
	}
	return result;
}

HRESULT wmi_method(const struct wmi *wmi, const char *class_name, const char *method,
	IWbemClassObject **parameters)
{
	IWbemClassObject *class;
	HRESULT result = wmi_get(wmi, class_name, &class);

	*parameters = NULL;
	if (FAILED(result))
		return result;
	wchar_t *name = wide_from_utf8(method);
	result =
		name ? IWbemClassObject_GetMethod(class, name, 0, parameters, NULL) : E_OUTOFMEMORY;
	free(name);
	IWbemClassObject_Release(class);
	/* A method without input parameters has no class for them. */
	return SUCCEEDED(result) && !*parameters ? (HRESULT)WBEM_E_INVALID_METHOD : result;
}

HRESULT wmi_call(const struct wmi *wmi, const char *path, const char *method,
	IWbemClassObject *parameters, IWbemClassObject **result_object)
{
	BSTR object = bstr_from_utf8(path);
	BSTR name = bstr_from_utf8(method);
	HRESULT result = E_OUTOFMEMORY;

	*result_object = NULL;
	if (object && name)
		result = IWbemServices_ExecMethod(
			wmi->services, object, name, 0, NULL, parameters, result_object, NULL);
	SysFreeString(name);
	SysFreeString(object);
	return SUCCEEDED(result) && !*result_object ? (HRESULT)WBEM_E_UNEXPECTED : result;
}

/* ---- errors ---- */

/*
 * What WMI left behind for this thread: an object of __ExtendedStatus with the provider's own
 * description, or a plain COM error. Taking it also forgets it.
 */
static void take_description(char *text, size_t size)
{
	IErrorInfo *info = NULL;
	IWbemClassObject *status = NULL;
	BSTR words = NULL;

	text[0] = '\0';
	if (GetErrorInfo(0, &info) != S_OK || !info)
		return;
	if (SUCCEEDED(IErrorInfo_QueryInterface(info, &IID_IWbemClassObject, (void **)&status))) {
		wmi_text(status, L"Description", text, size, NULL);
		IWbemClassObject_Release(status);
	} else if (SUCCEEDED(IErrorInfo_GetDescription(info, &words)) && words) {
		wide_to_utf8(text, size, words);
		SysFreeString(words);
	}
	IErrorInfo_Release(info);
	size_t length = strlen(text);
	while (length > 0 && (text[length - 1] == '.' || (unsigned char)text[length - 1] <= ' '))
		text[--length] = '\0';
}

static enum error_code code_for(enum wmi_class class)
{
	switch (class) {
	case WMI_LOST:
	case WMI_NO_HYPERV:
		return ERR_UNREACHABLE;
	case WMI_MISSING:
		return ERR_NOT_FOUND;
	default:
		return ERR_FAILED;
	}
}

int wmi_error(HRESULT failure, struct error *error)
{
	uint32_t number = (uint32_t)failure;
	enum error_code code = code_for(wmi_status_class(number));
	const char *name = wmi_status_name(number), *words = wmi_status_text(number);
	char description[256];

	take_description(description, sizeof(description));
	if (!name && !description[0])
		return error_set_windows(error, code, number, "WMI refuses it");
	error_set(error, code, "%s (%s%s0x%08x)", description[0] ? description : words,
		name ? name : "", name ? " " : "", (unsigned)number);
	if (error)
		error->host_code = number;
	return -(int)code;
}
