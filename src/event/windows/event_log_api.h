/* SPDX-License-Identifier: MIT */
/*
 * event_log_api.h - the part of wevtapi.dll that we call, found at run time
 *
 * Only `hypervive events` needs the library, so the service does not load it.
 */
#ifndef HYPERVIVE_EVENT_WINDOWS_EVENT_LOG_API_H
#define HYPERVIVE_EVENT_WINDOWS_EVENT_LOG_API_H

#include <windows.h>

#include <winevt.h>

#include "base/error.h"

struct event_log_api {
	EVT_HANDLE(WINAPI *query)(EVT_HANDLE session, LPCWSTR path, LPCWSTR query, DWORD flags);
	EVT_HANDLE(WINAPI *subscribe)
	(EVT_HANDLE session, HANDLE signal, LPCWSTR path, LPCWSTR query, EVT_HANDLE bookmark,
		PVOID context, EVT_SUBSCRIBE_CALLBACK callback, DWORD flags);
	BOOL(WINAPI *next)
	(EVT_HANDLE results, DWORD size, EVT_HANDLE *events, DWORD timeout, DWORD flags,
		PDWORD returned);
	BOOL(WINAPI *render)
	(EVT_HANDLE context, EVT_HANDLE fragment, DWORD flags, DWORD size, PVOID buffer,
		PDWORD used, PDWORD properties);
	EVT_HANDLE(WINAPI *create_bookmark)(LPCWSTR xml);
	BOOL(WINAPI *update_bookmark)(EVT_HANDLE bookmark, EVT_HANDLE event);
	BOOL(WINAPI *close)(EVT_HANDLE object);
};

/* The functions, for good; NULL and a sentence where this system lacks them. */
const struct event_log_api *event_log_api(struct error *error);

#endif
