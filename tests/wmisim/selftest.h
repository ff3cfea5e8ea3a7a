/* SPDX-License-Identifier: MIT */
/*
 * selftest.h - small helpers for selftest.c: COM calls with texts, and the control connection
 */
#ifndef WMISIM_SELFTEST_H
#define WMISIM_SELFTEST_H

#include <winsock2.h>
/* winsock2.h comes before windows.h */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <wbemcli.h>

#include "../unit/tap.h"

#define is_status(got, want, ...)                                                                 \
	do {                                                                                      \
		HRESULT got_ = (got);                                                             \
		if (!tap_ok((uint32_t)got_ == (uint32_t)(want), __FILE__, __LINE__, __VA_ARGS__)) \
			printf("#  got %08lx, want %08lx\n", (unsigned long)got_,                 \
				(unsigned long)(want));                                           \
	} while (0)

static IWbemLocator *locator;
static IWbemServices *hyperv;
static SOCKET control_socket;

static inline BSTR text(const char *utf8)
{
	int size = MultiByteToWideChar(CP_UTF8, 0, utf8, -1, NULL, 0);
	BSTR result = SysAllocStringLen(NULL, (UINT)(size - 1));

	MultiByteToWideChar(CP_UTF8, 0, utf8, -1, result, size);
	return result;
}

/* The answer to a command; valid until the next one. */
static inline const char *control(const char *command)
{
	static char answer[262144], line[4096];
	size_t size = 0;

	snprintf(line, sizeof(line), "%s\n", command);
	send(control_socket, line, (int)strlen(line), 0);
	do {
		int got = recv(control_socket, answer + size, (int)(sizeof(answer) - size - 1), 0);

		if (got <= 0)
			return "closed";
		size += (size_t)got;
	} while (answer[size - 1] != '\n');
	answer[size - 1] = '\0';
	return answer;
}

/* For commands that must succeed. */
static inline void tell(const char *command)
{
	const char *answer = control(command);

	if (strncmp(answer, "ok", 2) != 0)
		ok(false, "command '%s' answered '%s'", command, answer);
}

static inline long long stat_value(const char *name)
{
	char wanted[64];
	const char *found;

	snprintf(wanted, sizeof(wanted), " %s=", name);
	found = strstr(control("stats"), wanted);
	return found ? strtoll(found + strlen(wanted), NULL, 10) : -1;
}

static inline HRESULT connect_as(
	const char *resource, const char *user, const char *password, IWbemServices **services)
{
	BSTR resource_text = text(resource), user_text = user ? text(user) : NULL;
	BSTR password_text = password ? text(password) : NULL;
	HRESULT result;

	*services = NULL;
	result = IWbemLocator_ConnectServer(
		locator, resource_text, user_text, password_text, NULL, 0, NULL, NULL, services);
	SysFreeString(resource_text);
	SysFreeString(user_text);
	SysFreeString(password_text);
	return result;
}

enum { FOREVER = -1 };

static const LONG usual = WBEM_FLAG_RETURN_IMMEDIATELY | WBEM_FLAG_FORWARD_ONLY;

static inline HRESULT start_query(
	IWbemServices *services, const char *query, LONG flags, IEnumWbemClassObject **enumerator)
{
	BSTR language = text("WQL"), query_text = text(query);
	HRESULT result;

	*enumerator = NULL;
	result = IWbemServices_ExecQuery(services, language, query_text, flags, NULL, enumerator);
	SysFreeString(language);
	SysFreeString(query_text);
	return result;
}

static inline HRESULT subscribe(const char *query, LONG flags, IEnumWbemClassObject **enumerator)
{
	BSTR language = text("wql"), query_text = text(query);
	HRESULT result;

	*enumerator = NULL;
	result = IWbemServices_ExecNotificationQuery(
		hyperv, language, query_text, flags, NULL, enumerator);
	SysFreeString(language);
	SysFreeString(query_text);
	return result;
}

static inline HRESULT next(
	IEnumWbemClassObject *enumerator, LONG timeout, IWbemClassObject **object)
{
	ULONG returned = 0;

	*object = NULL;
	return IEnumWbemClassObject_Next(enumerator, timeout, 1, object, &returned);
}

/* How many objects a query has, or minus its status; the first one where the caller wants it. */
static inline long long query(IWbemServices *services, const char *wql, IWbemClassObject **first)
{
	IEnumWbemClassObject *enumerator;
	HRESULT result = start_query(services, wql, usual, &enumerator);
	long long count = 0;

	if (first)
		*first = NULL;
	while (result == S_OK) {
		IWbemClassObject *object;

		result = next(enumerator, FOREVER, &object);
		if (result != S_OK)
			break;
		if (first && count == 0)
			*first = object;
		else
			IWbemClassObject_Release(object);
		count++;
	}
	if (enumerator)
		IEnumWbemClassObject_Release(enumerator);
	return SUCCEEDED(result) ? count : -(long long)(uint32_t)result;
}

static inline HRESULT get(IWbemClassObject *object, const char *name, VARIANT *variant)
{
	BSTR name_text = text(name);
	HRESULT result;

	VariantInit(variant);
	result = IWbemClassObject_Get(object, name_text, 0, variant, NULL, NULL);
	SysFreeString(name_text);
	return result;
}

/* A property as text; valid until the next call. "NULL" for NULL, "?" for an error. */
static inline const char *get_text(IWbemClassObject *object, const char *name)
{
	static char texts[4][1024];
	static unsigned turn;
	char *result = texts[turn++ % 4];
	VARIANT variant;

	strcpy(result, "?");
	if (!object || FAILED(get(object, name, &variant)))
		return result;
	if (V_VT(&variant) == VT_NULL)
		strcpy(result, "NULL");
	else if (V_VT(&variant) == VT_BSTR)
		WideCharToMultiByte(CP_UTF8, 0, V_BSTR(&variant), -1, result, 1024, NULL, NULL);
	else if (V_VT(&variant) == VT_I4)
		snprintf(result, 1024, "%ld", V_I4(&variant));
	else if (V_VT(&variant) == VT_BOOL)
		strcpy(result, V_BOOL(&variant) ? "true" : "false");
	else
		snprintf(result, 1024, "vt %u", V_VT(&variant));
	VariantClear(&variant);
	return result;
}

static inline int get_type(IWbemClassObject *object, const char *name)
{
	VARIANT variant;
	int result;

	if (FAILED(get(object, name, &variant)))
		return -1;
	result = V_VT(&variant);
	VariantClear(&variant);
	return result;
}

/* The object inside an event. */
static inline IWbemClassObject *get_object(IWbemClassObject *object, const char *name)
{
	IWbemClassObject *inner = NULL;
	VARIANT variant;

	if (!object || FAILED(get(object, name, &variant)))
		return NULL;
	if (V_VT(&variant) == VT_UNKNOWN)
		IUnknown_QueryInterface(
			V_UNKNOWN(&variant), &IID_IWbemClassObject, (void **)&inner);
	VariantClear(&variant);
	return inner;
}

static inline HRESULT fetch(IWbemServices *services, const char *path, IWbemClassObject **object)
{
	BSTR path_text = text(path);
	HRESULT result;

	*object = NULL;
	result = IWbemServices_GetObject(services, path_text, 0, NULL, object, NULL);
	SysFreeString(path_text);
	return result;
}

static inline HRESULT put(
	IWbemClassObject *object, const char *name, VARIANT *variant, CIMTYPE type)
{
	BSTR name_text = text(name);
	HRESULT result = IWbemClassObject_Put(object, name_text, 0, variant, type);

	SysFreeString(name_text);
	return result;
}

static inline HRESULT call(
	const char *path, const char *method, IWbemClassObject *in, IWbemClassObject **out)
{
	BSTR path_text = text(path), method_text = text(method);
	HRESULT result;

	*out = NULL;
	result = IWbemServices_ExecMethod(hyperv, path_text, method_text, 0, NULL, in, out, NULL);
	SysFreeString(path_text);
	SysFreeString(method_text);
	return result;
}

static inline void drop(void *object)
{
	if (object)
		IUnknown_Release((IUnknown *)object);
}

#define VM_A       "11111111-2222-4333-8444-AAAAAAAAAAAA"
#define VM_B       "11111111-2222-4333-8444-BBBBBBBBBBBB"
#define VM_C       "11111111-2222-4333-8444-CCCCCCCCCCCC"
#define VM_D       "11111111-2222-4333-8444-DDDDDDDDDDDD"
#define DEVICE_A   "99999999-0000-4000-8000-00000000000A"
#define DEVICE_B   "99999999-0000-4000-8000-00000000000B"
#define DEVICE_C   "99999999-0000-4000-8000-00000000000C"
#define SWITCH     "55555555-0000-4000-8000-000000000001"
#define CHECKPOINT "77777777-0000-4000-8000-000000000001"
#define VM_PATH(guid) \
	"Msvm_ComputerSystem.CreationClassName=\"Msvm_ComputerSystem\",Name=\"" guid "\""

static const char scenario[] =
	"# the machines of the test\n"
	"host HV1\r\n"
	"\n"
	"within-factor 0.05\n"
	"remote FAR user=DOM\\admin password=secret\n"
	"switch " SWITCH " name=LAN\n"
	"machine {" VM_A "} name=\"web \\\"01\\\"\" notes=\"hypervive: allow=yes\"\n"
	"machine 11111111-2222-4333-8444-bbbbbbbbbbbb name='größe' state=saved\n"
	"machine " VM_C " name=\"runs\" state=running\n"
	"machine " VM_D " state=9\n"
	"adapter " VM_A " " DEVICE_A " mac=00155D000001 switch=" SWITCH "\n"
	"adapter " VM_B " " DEVICE_B " kind=emulated mac=00155D000002\n"
	"adapter " VM_C " " DEVICE_C " static=no\n"
	"template\n"
	"checkpoint " CHECKPOINT " of=" VM_A " name=\"before\"\n"
	"kvp " VM_C " OSName=\"Linux <6>\" IntegrationServicesVersion=3.1\n";

static inline bool write_file(const WCHAR *path, const char *data)
{
	HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
	DWORD written = 0;

	if (file == INVALID_HANDLE_VALUE)
		return false;
	WriteFile(file, data, (DWORD)strlen(data), &written, NULL);
	CloseHandle(file);
	return written == strlen(data);
}

static inline void register_dll(const char *path)
{
	static const WCHAR key_name[] = L"Software\\Classes\\CLSID\\{4590F811-1D3A-11D0-891F-"
					L"00AA004B2E24}\\InprocServer32";
	BSTR dll = text(path);
	HKEY key;

	ok(RegCreateKeyExW(HKEY_LOCAL_MACHINE, key_name, 0, NULL, 0, KEY_WRITE, NULL, &key, NULL) ==
			0,
		"the registration can be written");
	RegSetValueExW(key, NULL, 0, REG_SZ, (const BYTE *)dll, SysStringByteLen(dll) + 2);
	RegSetValueExW(key, L"ThreadingModel", 0, REG_SZ, (const BYTE *)L"Both", 10);
	RegCloseKey(key);
	SysFreeString(dll);
}

/* A port that nobody listens on. */
static inline unsigned short free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	SOCKET probe = socket(AF_INET, SOCK_STREAM, 0);
	int size = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bind(probe, (struct sockaddr *)&address, sizeof(address));
	getsockname(probe, (struct sockaddr *)&address, &size);
	closesocket(probe);
	return ntohs(address.sin_port);
}

static inline bool connect_control(unsigned short port)
{
	struct sockaddr_in address = {.sin_family = AF_INET};

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons(port);
	for (int attempt = 0; attempt < 100; attempt++) {
		control_socket = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(control_socket, (struct sockaddr *)&address, sizeof(address)) == 0)
			return true;
		closesocket(control_socket);
		Sleep(20);
	}
	return false;
}

static inline bool begin_world(void)
{
	WCHAR path[MAX_PATH], number[16];
	unsigned short port;
	WSADATA data;
	HRESULT result;

	WSAStartup(MAKEWORD(2, 2), &data);
	port = free_port();
	GetTempPathW(MAX_PATH - 32, path);
	wcscat(path, L"wmisim-selftest.txt");
	ok(write_file(path, scenario), "the scenario can be written");
	swprintf(number, 16, L"%u", port);
	SetEnvironmentVariableW(L"WMISIM_SCENARIO", path);
	SetEnvironmentVariableW(L"WMISIM_CONTROL", number);
	CoInitializeEx(NULL, COINIT_MULTITHREADED);
	result = CoCreateInstance(&CLSID_WbemLocator, NULL, CLSCTX_INPROC_SERVER, &IID_IWbemLocator,
		(void **)&locator);
	is_status(result, S_OK, "the locator is created");
	DeleteFileW(path);
	return SUCCEEDED(result) && connect_control(port);
}

/* Registers the DLL that the command line names, and connects to it in both ways. */
static inline bool selftest_begin(int count, char **arguments)
{
	if (count > 1)
		register_dll(arguments[1]);
	if (begin_world())
		return true;
	ok(false, "the simulator cannot be used");
	return false;
}

/* Releases everything and looks whether that was everything. */
static inline int selftest_end(void)
{
	static const char *const kinds[] = {
		"objects", "enumerators", "subscriptions", "services", "locators"};

	drop(hyperv);
	drop(locator);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		is_number(stat_value(kinds[i]), 0, "no %s left", kinds[i]);
	closesocket(control_socket);
	CoUninitialize();
	return tap_done();
}

static inline void connect_hyperv(void)
{
	is_status(connect_as("root\\virtualization\\v2", NULL, NULL, &hyperv), S_OK, "connected");
}

/* The in parameters of RequestStateChange, with RequestedState unless it is 0. */
static inline IWbemClassObject *state_request(int state)
{
	IWbemClassObject *class, *in_class = NULL, *in = NULL;
	VARIANT variant;

	fetch(hyperv, "Msvm_ComputerSystem", &class);
	IWbemClassObject_GetMethod(class, L"RequestStateChange", 0, &in_class, NULL);
	IWbemClassObject_SpawnInstance(in_class, 0, &in);
	V_VT(&variant) = VT_I4;
	V_I4(&variant) = state;
	if (state)
		put(in, "RequestedState", &variant, 0);
	drop(in_class);
	drop(class);
	return in;
}

/* ReturnValue; the job's path into `job` where there is one. */
static inline long request(const char *path, int state, char job[512])
{
	IWbemClassObject *in = state_request(state), *out;
	HRESULT result = call(path, "RequestStateChange", in, &out);
	long value = -1;

	job[0] = '\0';
	if (SUCCEEDED(result)) {
		value = strtol(get_text(out, "ReturnValue"), NULL, 10);
		snprintf(job, 512, "%s", get_text(out, "Job"));
	}
	drop(in);
	drop(out);
	return value;
}

/* The job's state after at most two seconds, once it is no longer under way. */
static inline long wait_for_job(const char *path, IWbemClassObject **job)
{
	for (int attempt = 0; attempt < 200; attempt++) {
		long state;

		if (FAILED(fetch(hyperv, path, job)))
			return -1;
		state = strtol(get_text(*job, "JobState"), NULL, 10);
		if (state < 2 || state > 6)
			return state;
		drop(*job);
		Sleep(10);
	}
	return 0;
}

#endif
