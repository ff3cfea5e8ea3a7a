/* SPDX-License-Identifier: MIT */
/*
 * wmi.h - WMI through COM, as thin as it can be
 *
 * Calls give HRESULTs, as most callers must tell them apart; wmi_error() turns one into ours.
 * They may be made from any thread once com_start() was called. Text is UTF-8 on our side.
 */
#ifndef HYPERVIVE_HOST_HYPERV_WMI_H
#define HYPERVIVE_HOST_HYPERV_WMI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <windows.h>

#include <wbemidl.h>

#include "base/error.h"

struct wmi {
	IWbemServices *services;
	bool remote; /* another host: proxies need security of their own */
};

/* Connects to a namespace as `root\virtualization\v2`; computer NULL is this host. */
HRESULT wmi_connect(struct wmi *wmi, const char *computer, const char *name_space);
void wmi_disconnect(struct wmi *wmi);

/* Called for each object, which is borrowed. False ends the query. */
typedef bool wmi_object_fn(void *context, IWbemClassObject *object);

/* Gives up with WBEM_E_TIMED_OUT when nothing comes for a minute. */
HRESULT wmi_query(const struct wmi *wmi, const char *query, wmi_object_fn *each, void *context);

/* An instance or a class. *object is to be released, and NULL on failure. */
HRESULT wmi_get(const struct wmi *wmi, const char *path, IWbemClassObject **object);

/* A semisynchronous notification query: Next() waits for what happens. Release it. */
HRESULT wmi_subscribe(const struct wmi *wmi, const char *query, IEnumWbemClassObject **events);

/* The class of a method's input parameters: spawn an instance of it for each call. Release it. */
HRESULT wmi_method(const struct wmi *wmi, const char *class_name, const char *method,
	IWbemClassObject **parameters);

/* Calls a method. parameters may be NULL; *result is to be released, and NULL on failure. */
HRESULT wmi_call(const struct wmi *wmi, const char *path, const char *method,
	IWbemClassObject *parameters, IWbemClassObject **result);

/*
 * Turns a failure of the last call of this thread into ours, with WMI's own words where it gave
 * some: ERR_UNREACHABLE, ERR_NOT_FOUND, else ERR_FAILED; host_code is the HRESULT as 32 bits.
 */
int wmi_error(HRESULT failure, struct error *error);

/*
 * wmi_value.c: properties. They return 1 when there is a value, 0 when it is NULL (the target is
 * then zero or empty), and fail when there is no such property, or it has another type than the
 * CIM type's one VARIANT type.
 */

/* uint8, sint16, uint16, sint32, uint32. */
int wmi_number(
	IWbemClassObject *object, const wchar_t *name, uint32_t *number, struct error *error);

/* uint16[], sint32[], uint32[]: the first numbers; those that are missing become 0. */
int wmi_numbers(IWbemClassObject *object, const wchar_t *name, uint32_t *values, size_t count,
	struct error *error);

/* string, datetime, reference; and 64-bit numbers, which are text too. Cut when too long. */
int wmi_text(IWbemClassObject *object, const wchar_t *name, char *text, size_t size,
	struct error *error);

/* string[]: calls each for every text, until it returns false. */
typedef bool wmi_text_fn(void *context, const char *text);
int wmi_texts(IWbemClassObject *object, const wchar_t *name, wmi_text_fn *each, void *context,
	struct error *error);

/* An embedded object. Release *inner, which is NULL where there is none. */
int wmi_object(IWbemClassObject *object, const wchar_t *name, IWbemClassObject **inner,
	struct error *error);

/* Sets a uint16 of a method's parameters. */
HRESULT wmi_put_number(IWbemClassObject *object, const wchar_t *name, uint16_t number);

/* A fingerprint of some properties (the names end with NULL), whatever types they have. */
uint64_t wmi_digest(IWbemClassObject *object, const wchar_t *const *names);

#endif
