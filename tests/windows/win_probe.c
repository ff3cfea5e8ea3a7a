/* SPDX-License-Identifier: MIT */
/*
 * win_probe.c - asks Windows (or Wine) what the tests cannot ask from outside
 *
 *   win_probe service NAME          what the service manager knows of it
 *   win_probe control NAME CODE     sends it a control; {"error":0}
 *   win_probe processes NAME.exe    each process of that name: handles, threads, start
 *   win_probe start                 microseconds from this process's creation to its main()
 *   win_probe threads COUNT         so many threads that do nothing, until standard input ends
 *   win_probe differences           calls that Wine answers otherwise than Windows
 *
 * One line of JSON on stdout. Not part of the product.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winsock2.h>

#include <windows.h>

#include <evntcons.h>
#include <evntrace.h>
#include <tlhelp32.h>
#include <wbemidl.h>
#include <winevt.h>

/* ---- JSON ---- */

static void put_text(const wchar_t *text)
{
	char utf8[4096];

	if (!text) {
		fputs("null", stdout);
		return;
	}
	WideCharToMultiByte(CP_UTF8, 0, text, -1, utf8, sizeof(utf8), NULL, NULL);
	utf8[sizeof(utf8) - 1] = '\0';
	putchar('"');
	for (const char *at = utf8; *at; at++) {
		if (*at == '"' || *at == '\\')
			putchar('\\');
		putchar(*at);
	}
	putchar('"');
}

/* A list of texts that ends with an empty one. */
static void put_texts(const wchar_t *texts)
{
	putchar('[');
	for (bool first = true; texts && *texts; texts += wcslen(texts) + 1, first = false) {
		if (!first)
			putchar(',');
		put_text(texts);
	}
	putchar(']');
}

static void put_key(const char *key)
{
	printf(",\"%s\":", key);
}

static void put_number(const char *key, uint64_t value)
{
	printf(",\"%s\":%" PRIu64, key, value);
}

/* ---- service ---- */

static union {
	BYTE bytes[8192];
	QUERY_SERVICE_CONFIGW config;
	SERVICE_DESCRIPTIONW description;
	SERVICE_FAILURE_ACTIONSW failures;
	SERVICE_FAILURE_ACTIONS_FLAG failure_flag;
	SERVICE_DELAYED_AUTO_START_INFO delayed;
	SERVICE_SID_INFO sid;
	SERVICE_REQUIRED_PRIVILEGES_INFOW privileges;
	SERVICE_PRESHUTDOWN_INFO preshutdown;
	SERVICE_STATUS_PROCESS status;
} answer;

/* The error number stands in the place of what could not be asked: {"error":124}. */
static bool ask(SC_HANDLE service, DWORD what, const char *key)
{
	DWORD needed;

	put_key(key);
	memset(&answer, 0, sizeof(answer));
	if (QueryServiceConfig2W(service, what, answer.bytes, sizeof(answer.bytes), &needed))
		return true;
	printf("{\"error\":%lu}", GetLastError());
	return false;
}

static void put_failures(const SERVICE_FAILURE_ACTIONSW *failures)
{
	printf("{\"reset_s\":%lu,\"actions\":[", failures->dwResetPeriod);
	for (DWORD i = 0; failures->lpsaActions && i < failures->cActions; i++)
		printf("%s[%d,%lu]", i ? "," : "", (int)failures->lpsaActions[i].Type,
			failures->lpsaActions[i].Delay);
	fputs("]}", stdout);
}

static void put_config(SC_HANDLE service)
{
	DWORD needed;

	if (QueryServiceConfigW(service, &answer.config, sizeof(answer.bytes), &needed)) {
		put_number("type", answer.config.dwServiceType);
		put_number("start", answer.config.dwStartType);
		put_number("error_control", answer.config.dwErrorControl);
		put_key("binary");
		put_text(answer.config.lpBinaryPathName);
		put_key("display_name");
		put_text(answer.config.lpDisplayName);
		put_key("account");
		put_text(answer.config.lpServiceStartName);
		put_key("dependencies");
		put_texts(answer.config.lpDependencies);
	}
	if (ask(service, SERVICE_CONFIG_DESCRIPTION, "description"))
		put_text(answer.description.lpDescription);
	if (ask(service, SERVICE_CONFIG_FAILURE_ACTIONS, "failures"))
		put_failures(&answer.failures);
	if (ask(service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, "delayed"))
		printf("%d", answer.delayed.fDelayedAutostart != 0);
	if (ask(service, SERVICE_CONFIG_SERVICE_SID_INFO, "sid_type"))
		printf("%lu", answer.sid.dwServiceSidType);
	if (ask(service, SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, "privileges"))
		put_texts(answer.privileges.pmszRequiredPrivileges);
	if (ask(service, SERVICE_CONFIG_PRESHUTDOWN_INFO, "preshutdown_ms"))
		printf("%lu", answer.preshutdown.dwPreshutdownTimeout);
}

static int show_service(const wchar_t *name)
{
	SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
	SC_HANDLE service =
		OpenServiceW(manager, name, SERVICE_QUERY_CONFIG | SERVICE_QUERY_STATUS);
	DWORD needed;

	if (!service) {
		printf("{\"error\":%lu}\n", GetLastError());
	} else {
		memset(&answer, 0, sizeof(answer));
		BOOL known = QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, answer.bytes,
			sizeof(answer.bytes), &needed);
		printf("{\"error\":%lu", known ? 0 : GetLastError());
		put_number("state", answer.status.dwCurrentState);
		put_number("accepted", answer.status.dwControlsAccepted);
		put_number("pid", answer.status.dwProcessId);
		put_number("exit_code", answer.status.dwWin32ExitCode);
		put_number("own_exit_code", answer.status.dwServiceSpecificExitCode);
		put_config(service);
		puts("}");
		CloseServiceHandle(service);
	}
	if (manager)
		CloseServiceHandle(manager);
	return 0;
}

static int send_control(const wchar_t *name, DWORD code)
{
	SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
	SC_HANDLE service = OpenServiceW(manager, name, SERVICE_ALL_ACCESS);
	SERVICE_STATUS status;
	BOOL done = service && ControlService(service, code, &status);

	printf("{\"error\":%lu}\n", done ? 0 : GetLastError());
	if (service)
		CloseServiceHandle(service);
	if (manager)
		CloseServiceHandle(manager);
	return 0;
}

/* ---- processes ---- */

static uint64_t number_of(FILETIME time)
{
	return (uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime;
}

/* 100 ns since 1601 to microseconds since 1970. */
static int64_t unix_us(FILETIME time)
{
	return (int64_t)(number_of(time) / 10) - INT64_C(11644473600000000);
}

struct handle_entry {
	void *object;
	ULONG_PTR pid, handle;
	ULONG access;
	USHORT trace, type;
	ULONG attributes, reserved;
};

struct handle_table {
	ULONG_PTR count, reserved;
	struct handle_entry entries[];
};

/*
 * All handles of all processes. GetProcessHandleCount() would do on Windows; Wine 8 answers it
 * with 0 for others, but lists handles as Windows does. The caller frees it.
 */
static struct handle_table *list_handles(void)
{
	enum { EXTENDED_HANDLE_INFORMATION = 64, LENGTH_MISMATCH = (int)0xC0000004 };
	typedef LONG WINAPI query(int, void *, ULONG, ULONG *);
	query *ask_system = (query *)(void (*)(void))GetProcAddress(
		GetModuleHandleW(L"ntdll.dll"), "NtQuerySystemInformation");
	struct handle_table *table = NULL;
	ULONG size = 1 << 16, needed;
	LONG status;

	do {
		size *= 2;
		free(table);
		table = calloc(1, size);
		status = table ? ask_system(EXTENDED_HANDLE_INFORMATION, table, size, &needed) : -1;
	} while (status == LENGTH_MISMATCH && size < (1 << 26));
	return table;
}

/* How many of each type: the system numbers types, so one handle of each kind is looked up. */
static void put_handle_types(const struct handle_table *table, DWORD pid)
{
	const struct {
		const char *name;
		HANDLE handle;
	} kinds[] = {
		{"event", CreateEventW(NULL, TRUE, FALSE, NULL)},
		{"semaphore", CreateSemaphoreW(NULL, 0, 1, NULL)},
		{"mutex", CreateMutexW(NULL, FALSE, NULL)},
		{"timer", CreateWaitableTimerW(NULL, TRUE, NULL)},
		{"file", CreateFileW(L"NUL", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL)},
		{"thread", OpenThread(SYNCHRONIZE, FALSE, GetCurrentThreadId())},
		{"process", OpenProcess(SYNCHRONIZE, FALSE, GetCurrentProcessId())},
	};
	struct handle_table *own = list_handles();

	put_key("handle_types");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		unsigned count = 0, type = ~0u;

		for (ULONG_PTR k = 0; own && k < own->count; k++) {
			if (own->entries[k].pid == GetCurrentProcessId() &&
				own->entries[k].handle == (ULONG_PTR)kinds[i].handle)
				type = own->entries[k].type;
		}
		for (ULONG_PTR k = 0; k < table->count; k++)
			count += table->entries[k].pid == pid && table->entries[k].type == type;
		printf("%s\"%s\":%u", i ? "," : "{", kinds[i].name, count);
		CloseHandle(kinds[i].handle);
	}
	putchar('}');
	free(own);
}

/* Memory that is this process's alone and committed: what Windows calls private bytes. */
static void put_committed(HANDLE process)
{
	MEMORY_BASIC_INFORMATION region;
	uint64_t bytes = 0;

	for (char *at = NULL; VirtualQueryEx(process, at, &region, sizeof(region));
		at = (char *)region.BaseAddress + region.RegionSize) {
		if (region.State == MEM_COMMIT && region.Type == MEM_PRIVATE)
			bytes += region.RegionSize;
	}
	put_number("committed", bytes);
}

static void show_process(const PROCESSENTRY32W *entry)
{
	HANDLE process = OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, entry->th32ProcessID);
	FILETIME created = {0}, ended, kernel = {0}, user = {0};
	struct handle_table *table = list_handles();
	uint64_t handles = 0;

	GetProcessTimes(process, &created, &ended, &kernel, &user);
	for (ULONG_PTR i = 0; table && i < table->count; i++)
		handles += table->entries[i].pid == entry->th32ProcessID;
	printf("{\"pid\":%lu", entry->th32ProcessID);
	put_number("threads", entry->cntThreads);
	put_number("handles", handles);
	if (table)
		put_handle_types(table, entry->th32ProcessID);
	put_committed(process);
	printf(",\"created_us\":%" PRId64, unix_us(created));
	put_number("cpu_us", (number_of(kernel) + number_of(user)) / 10);
	putchar('}');
	free(table);
	if (process)
		CloseHandle(process);
}

static int show_processes(const wchar_t *name)
{
	HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
	PROCESSENTRY32W entry = {.dwSize = sizeof(entry)};
	bool first = true;

	putchar('[');
	for (BOOL more = Process32FirstW(all, &entry); more; more = Process32NextW(all, &entry)) {
		if (_wcsicmp(entry.szExeFile, name) != 0)
			continue;
		if (!first)
			putchar(',');
		first = false;
		show_process(&entry);
	}
	puts("]");
	CloseHandle(all);
	return 0;
}

static int show_start(void)
{
	FILETIME now, created, ended, kernel, user;

	GetSystemTimePreciseAsFileTime(&now);
	GetProcessTimes(GetCurrentProcess(), &created, &ended, &kernel, &user);
	printf("{\"us\":%" PRId64 "}\n", unix_us(now) - unix_us(created));
	return 0;
}

static DWORD WINAPI do_nothing(void *context)
{
	(void)context;
	Sleep(INFINITE);
	return 0;
}

/* What a thread costs here: Wine gives each a second stack of a megabyte, and touches it. */
static int keep_threads(unsigned long count)
{
	for (unsigned long i = 0; i < count; i++)
		CreateThread(NULL, 0, do_nothing, NULL, 0, NULL);
	printf("{\"threads\":%lu}\n", count);
	fflush(stdout);
	while (getchar() != EOF)
		continue;
	return 0;
}

/* ---- differences ---- */

static void probe_event_log(void)
{
	const wchar_t *strings[] = {L"a text"};
	HANDLE source = RegisterEventSourceW(NULL, L"HyperVive probe");
	DWORD count = 99, read, needed;
	BYTE record[4096];

	put_number("ReportEvent", ReportEventW(source, EVENTLOG_INFORMATION_TYPE, 8, 1100, NULL, 1,
					  0, strings, NULL) != 0);
	DeregisterEventSource(source);
	HANDLE log = OpenEventLogW(NULL, L"Application");
	GetNumberOfEventLogRecords(log, &count);
	put_number("GetNumberOfEventLogRecords", count);
	SetLastError(0);
	BOOL any = ReadEventLogW(log, EVENTLOG_SEQUENTIAL_READ | EVENTLOG_FORWARDS_READ, 0, record,
		sizeof(record), &read, &needed);
	put_number("ReadEventLog", any ? 0 : GetLastError());
	CloseEventLog(log);
	put_number("EvtQuery", EvtQuery(NULL, L"Application", L"*", EvtQueryChannelPath) != NULL);
}

/* On a service of its own, which it removes. */
static void probe_service_manager(void)
{
	SERVICE_DELAYED_AUTO_START_INFO delayed = {TRUE};
	SERVICE_SID_INFO sid = {SERVICE_SID_TYPE_UNRESTRICTED};
	SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
	SC_HANDLE service = CreateServiceW(manager, L"HyperViveProbe", NULL, SERVICE_ALL_ACCESS,
		SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START, SERVICE_ERROR_NORMAL, L"C:\\no.exe",
		NULL, NULL, NULL, NULL, NULL);

	put_number("delayed_auto_start",
		ChangeServiceConfig2W(service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &delayed)
			? 0
			: GetLastError());
	put_number(
		"service_sid", ChangeServiceConfig2W(service, SERVICE_CONFIG_SERVICE_SID_INFO, &sid)
				       ? 0
				       : GetLastError());
	DeleteService(service);
	CloseServiceHandle(service);
	CloseServiceHandle(manager);
}

static void probe_wmi(const char *clsid_key)
{
	/* Wine's own, whatever else is registered in its place. */
	typedef HRESULT WINAPI get_class_object(REFCLSID, REFIID, void **);
	HMODULE library = LoadLibraryW(L"C:\\windows\\system32\\wbem\\wbemprox.dll");
	get_class_object *get =
		(get_class_object *)(void (*)(void))GetProcAddress(library, "DllGetClassObject");
	IClassFactory *factory = NULL;
	IWbemLocator *locator = NULL;
	IWbemServices *services = NULL;
	IEnumWbemClassObject *events = NULL;
	BSTR cimv2 = SysAllocString(L"root\\cimv2"),
	     v2 = SysAllocString(L"root\\virtualization\\v2");
	BSTR wql = SysAllocString(L"WQL");
	BSTR query = SysAllocString(L"SELECT * FROM __InstanceCreationEvent WITHIN 2 WHERE "
				    L"TargetInstance ISA 'Win32_Service'");

	CoInitializeEx(NULL, COINIT_MULTITHREADED);
	if (get && SUCCEEDED(get(&CLSID_WbemLocator, &IID_IClassFactory, (void **)&factory)))
		IClassFactory_CreateInstance(factory, NULL, &IID_IWbemLocator, (void **)&locator);
	if (locator) {
		HRESULT result = IWbemLocator_ConnectServer(
			locator, v2, NULL, NULL, NULL, 0, NULL, NULL, &services);
		put_number("connect_virtualization", (uint32_t)result);
		if (SUCCEEDED(result))
			IWbemServices_Release(services);
		services = NULL;
		IWbemLocator_ConnectServer(
			locator, cimv2, NULL, NULL, NULL, 0, NULL, NULL, &services);
	}
	if (services) {
		put_number("ExecNotificationQuery",
			(uint32_t)IWbemServices_ExecNotificationQuery(services, wql, query,
				WBEM_FLAG_RETURN_IMMEDIATELY | WBEM_FLAG_FORWARD_ONLY, NULL,
				&events));
		IWbemServices_Release(services);
	}
	put_number(clsid_key, services != NULL);
	if (locator)
		IWbemLocator_Release(locator);
	if (factory)
		IClassFactory_Release(factory);
	SysFreeString(cimv2);
	SysFreeString(v2);
	SysFreeString(wql);
	SysFreeString(query);
}

static void probe_capture(void)
{
	WSADATA data;

	put_number("pktmonapi", LoadLibraryW(L"pktmonapi.dll") != NULL);
	WSAStartup(MAKEWORD(2, 2), &data);
	SOCKET any = socket(AF_INET, SOCK_RAW, IPPROTO_IP);
	put_number("raw_any", any == INVALID_SOCKET ? (uint64_t)WSAGetLastError() : 0);
	SOCKET udp = socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
	put_number("raw_udp", udp == INVALID_SOCKET ? (uint64_t)WSAGetLastError() : 0);
	EVENT_TRACE_LOGFILEW trace = {.LoggerName = (wchar_t *)L"HyperVive probe"};
	trace.ProcessTraceMode = PROCESS_TRACE_MODE_REAL_TIME | PROCESS_TRACE_MODE_EVENT_RECORD;
	SetLastError(0);
	put_number("OpenTrace",
		OpenTraceW(&trace) == INVALID_PROCESSTRACE_HANDLE ? GetLastError() : 0);
}

static int show_differences(void)
{
	typedef const char *CDECL get_version(void);
	get_version *version = (get_version *)(void (*)(void))GetProcAddress(
		GetModuleHandleW(L"ntdll.dll"), "wine_get_version");

	printf("{\"wine\":\"%s\"", version ? version() : "");
	probe_event_log();
	probe_service_manager();
	probe_wmi("wbemprox");
	probe_capture();
	puts("}");
	return 0;
}

int main(void)
{
	int count;
	wchar_t **words = CommandLineToArgvW(GetCommandLineW(), &count);

	if (count == 3 && wcscmp(words[1], L"service") == 0)
		return show_service(words[2]);
	if (count == 4 && wcscmp(words[1], L"control") == 0)
		return send_control(words[2], (DWORD)wcstoul(words[3], NULL, 10));
	if (count == 3 && wcscmp(words[1], L"processes") == 0)
		return show_processes(words[2]);
	if (count == 2 && wcscmp(words[1], L"start") == 0)
		return show_start();
	if (count == 3 && wcscmp(words[1], L"threads") == 0)
		return keep_threads(wcstoul(words[2], NULL, 10));
	if (count == 2 && wcscmp(words[1], L"differences") == 0)
		return show_differences();
	fputs("win_probe: wrong usage, see win_probe.c\n", stderr);
	return 2;
}
