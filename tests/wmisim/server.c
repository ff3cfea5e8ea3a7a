/* SPDX-License-Identifier: MIT */
/*
 * server.c - the DLL: its class factory, and the first use, which reads the scenario
 */
#include <initguid.h>
/* initguid.h comes first: the identifiers below are defined here */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "com.h"
#include "heap.h"
#include "scenario.h"
#include "system.h"

DEFINE_GUID(
	locator_class, 0x4590f811, 0x1d3a, 0x11d0, 0x89, 0x1f, 0x00, 0xaa, 0x00, 0x4b, 0x2e, 0x24);

HRESULT WINAPI DllGetClassObject(REFCLSID class, REFIID id, void **result);
HRESULT WINAPI DllCanUnloadNow(void);

enum { SETTING_SIZE = 1024 };

static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
static HRESULT ready = E_FAIL;

/* The variable, or the value in HKLM\Software\wmisim. */
static bool read_setting(const WCHAR *variable, const WCHAR *value, WCHAR text[SETTING_SIZE])
{
	DWORD size = SETTING_SIZE * sizeof(WCHAR), length;

	length = GetEnvironmentVariableW(variable, text, SETTING_SIZE);
	if (length > 0 && length < SETTING_SIZE)
		return true;
	return RegGetValueW(HKEY_LOCAL_MACHINE, L"Software\\wmisim", value, RRF_RT_REG_SZ, NULL,
		       text, &size) == ERROR_SUCCESS &&
	       text[0];
}

/* Wine has the Unix root as drive Z:. */
static void to_windows_path(WCHAR text[SETTING_SIZE])
{
	size_t length = wcslen(text);

	if (text[0] != L'/' || length + 3 > SETTING_SIZE)
		return;
	memmove(text + 2, text, (length + 1) * sizeof(WCHAR));
	text[0] = L'Z';
	text[1] = L':';
}

static char *read_file(const WCHAR *path)
{
	HANDLE file =
		CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
	LARGE_INTEGER size;
	DWORD got = 0;
	char *text;

	if (file == INVALID_HANDLE_VALUE)
		return NULL;
	if (!GetFileSizeEx(file, &size) || size.QuadPart > 1 << 26) {
		CloseHandle(file);
		return NULL;
	}
	text = heap_alloc((size_t)size.QuadPart + 1);
	ReadFile(file, text, (DWORD)size.QuadPart, &got, NULL);
	CloseHandle(file);
	return text;
}

static void complain(const char *text)
{
	fprintf(stderr, "wmisim: %s\n", text);
	fflush(stderr);
	log_line(text);
}

static bool load_scenario(void)
{
	WCHAR path[SETTING_SIZE];
	struct buffer answer = {0};
	char *name, *text;
	bool good = false;

	if (!read_setting(L"WMISIM_SCENARIO", L"Scenario", path))
		return true;
	to_windows_path(path);
	name = utf8_new(path);
	text = read_file(path);
	if (!text) {
		complain("the scenario cannot be read");
	} else {
		good = scenario_load(name, text, &answer);
		if (!good)
			complain(answer.text);
	}
	buffer_free(&answer);
	heap_free(text);
	heap_free(name);
	return good;
}

static void start_control(void)
{
	WCHAR text[SETTING_SIZE];
	unsigned long port;

	if (!read_setting(L"WMISIM_CONTROL", L"Control", text))
		return;
	port = wcstoul(text, NULL, 10);
	if (port > 0 && port < 65536 && !control_start((unsigned short)port))
		complain("the control port cannot be opened");
}

/* The world lives in the DLL: COM must never unload it. */
static void stay_loaded(void)
{
	HMODULE module;

	GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
		(const WCHAR *)(const void *)&once, &module);
}

static BOOL CALLBACK start(INIT_ONCE *init, void *argument, void **context)
{
	WCHAR path[SETTING_SIZE];

	(void)init, (void)argument, (void)context;
	stay_loaded();
	if (read_setting(L"WMISIM_LOG", L"Log", path)) {
		to_windows_path(path);
		log_open(path);
	}
	system_lock();
	classes_init();
	world_reset();
	if (load_scenario())
		ready = S_OK;
	system_unlock();
	start_control();
	return TRUE;
}

static HRESULT WINAPI factory_query_interface(IClassFactory *iface, REFIID id, void **result)
{
	if (!result)
		return E_POINTER;
	*result = NULL;
	if (!IsEqualIID(id, &IID_IUnknown) && !IsEqualIID(id, &IID_IClassFactory))
		return E_NOINTERFACE;
	*result = iface;
	return S_OK;
}

static ULONG WINAPI factory_add_ref(IClassFactory *iface)
{
	(void)iface;
	return 2;
}

static ULONG WINAPI factory_release(IClassFactory *iface)
{
	(void)iface;
	return 1;
}

static HRESULT WINAPI factory_create(
	IClassFactory *iface, IUnknown *outer, REFIID id, void **result)
{
	IWbemLocator *locator;
	HRESULT status;

	(void)iface;
	if (!result)
		return E_POINTER;
	*result = NULL;
	if (outer)
		return CLASS_E_NOAGGREGATION;
	locator = locator_new();
	status = IWbemLocator_QueryInterface(locator, id, result);
	IWbemLocator_Release(locator);
	return status;
}

static HRESULT WINAPI factory_lock(IClassFactory *iface, BOOL lock)
{
	(void)iface, (void)lock;
	return S_OK;
}

static IClassFactoryVtbl factory_vtable = {
	factory_query_interface, factory_add_ref, factory_release, factory_create, factory_lock};

static IClassFactory factory = {&factory_vtable};

HRESULT WINAPI DllGetClassObject(REFCLSID class, REFIID id, void **result)
{
	if (!result)
		return E_POINTER;
	*result = NULL;
	if (!IsEqualCLSID(class, &locator_class))
		return CLASS_E_CLASSNOTAVAILABLE;
	InitOnceExecuteOnce(&once, start, NULL, NULL);
	return FAILED(ready) ? ready : IClassFactory_QueryInterface(&factory, id, result);
}

HRESULT WINAPI DllCanUnloadNow(void)
{
	return S_FALSE;
}
