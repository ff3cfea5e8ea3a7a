/* SPDX-License-Identifier: MIT */
/*
 * com.c - see com.h
 *
 * Theory of operation: a thread that never called CoInitializeEx() belongs to the process's
 * multithreaded apartment as soon as there is one ("implicit MTA"), and may share interface
 * pointers with every other thread of it. CoIncrementMTAUsage() keeps one open without a thread
 * (Windows 8 and later). Where it is missing, a thread of ours does nothing but belong to it.
 */
#include "host/hyperv/com.h"

#include <pthread.h>
#include <windows.h>

#include "base/windows/wide.h"

typedef HRESULT WINAPI increment_mta_usage_fn(void **cookie);

static HRESULT start_result;

static void *keep_apartment(void *event)
{
	start_result = CoInitializeEx(NULL, COINIT_MULTITHREADED);
	SetEvent(event);
	if (SUCCEEDED(start_result))
		Sleep(INFINITE);
	return NULL;
}

static HRESULT start_keeper(void)
{
	HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
	pthread_t thread;

	if (!event)
		return HRESULT_FROM_WIN32(GetLastError());
	HRESULT result = E_OUTOFMEMORY;
	if (pthread_create(&thread, NULL, keep_apartment, event) == 0) {
		pthread_detach(thread);
		WaitForSingleObject(event, INFINITE);
		result = start_result;
	}
	CloseHandle(event);
	return result;
}

static void start(void)
{
	void *cookie; /* never given back: the process has COM to its end */
	HMODULE library = GetModuleHandleW(L"ole32.dll");
	void (*address)(void) =
		library ? (void (*)(void))GetProcAddress(library, "CoIncrementMTAUsage") : NULL;
	increment_mta_usage_fn *increment = (increment_mta_usage_fn *)address;

	start_result = increment ? increment(&cookie) : E_NOTIMPL;
	if (FAILED(start_result))
		start_result = start_keeper();
	if (FAILED(start_result))
		return;
	/*
	 * Packet privacy is what a hardened DCOM server asks for (CVE-2021-26414) from the very
	 * first call on, and WMI lets us act as the caller only from "impersonate" on. Whoever
	 * shares the process may have set it before (RPC_E_TOO_LATE); the blankets on our
	 * own proxies (wmi.c) do the same once there are any.
	 */
	CoInitializeSecurity(NULL, -1, NULL, NULL, RPC_C_AUTHN_LEVEL_PKT_PRIVACY,
		RPC_C_IMP_LEVEL_IMPERSONATE, NULL, EOAC_NONE, NULL);
}

int com_start(struct error *error)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, start);
	if (SUCCEEDED(start_result))
		return 0;
	return error_set_windows(
		error, ERR_FAILED, (uint32_t)start_result, "COM cannot be used in this process");
}
