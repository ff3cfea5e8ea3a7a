/* SPDX-License-Identifier: MIT */
/*
 * service_manager.c - who starts and stops the service: Windows' service manager, or a console
 *
 * Theory of operation. Every service is a child of services.exe. A process that is one calls
 * StartServiceCtrlDispatcher(), which keeps the main thread for as long as the service lives;
 * service_main() runs the body on a thread of its own, and on_control() is called on the main
 * thread. Others do not call it to find out: it would fail, under Wine after ten seconds only.
 *
 * Neither gets a context from Windows, so there is one object for all of it. The status is told
 * from both threads, under a lock, and a state never goes back: a RUNNING that comes after the
 * request to stop is dropped.
 *
 * A service that cannot go on ends with an exit code that is not 0; install sets the flag that
 * has the manager's recovery restart it then too, not only after a crash.
 */
#include "service/windows/service_manager.h"

#include <stdlib.h>

#include "base/windows/wide.h"
#include "service/windows/names.h"

/* Behind our own: it makes `interface` a macro. */
#include <windows.h>

#include <tlhelp32.h>

enum {
	START_HINT_MS = 30000, /* opening the capture may have to start a driver */
	STOP_HINT_MS = 20000,  /* jobs, watch and records take at most some 12 s */
	/* Windows ends a process 5 s after its console was closed. */
	CONSOLE_CLOSE_MS = 4500,
};

static struct manager {
	service_body_fn *body;
	void *context;
	HANDLE stop, reload;
	HANDLE ended; /* the body has returned */
	const char *volatile stop_reason;
	bool started_us;
	SERVICE_STATUS_HANDLE handle;
	SRWLOCK lock; /* for status */
	SERVICE_STATUS status;
	int result;
	struct error error;
} manager = {.lock = SRWLOCK_INIT};

/* ---- telling the service manager ---- */

/* Higher is later; a state never goes back. */
static int order(DWORD state)
{
	static const DWORD STATES[] = {
		SERVICE_START_PENDING, SERVICE_RUNNING, SERVICE_STOP_PENDING, SERVICE_STOPPED};
	int i = 0;

	while (i < 3 && STATES[i] != state)
		i++;
	return i;
}

static void tell(DWORD state, DWORD hint_ms)
{
	SERVICE_STATUS *status = &manager.status;

	if (!manager.started_us)
		return;
	AcquireSRWLockExclusive(&manager.lock);
	if (order(state) >= order(status->dwCurrentState)) {
		bool pending = state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING;

		status->dwCheckPoint = pending ? status->dwCheckPoint + 1 : 0;
		status->dwCurrentState = state;
		status->dwWaitHint = hint_ms;
		/* Before, nothing could be done about a request; after, it is being done. */
		status->dwControlsAccepted = state == SERVICE_RUNNING
						     ? SERVICE_ACCEPT_STOP |
							       SERVICE_ACCEPT_PRESHUTDOWN |
							       SERVICE_ACCEPT_PARAMCHANGE
						     : 0;
		SetServiceStatus(manager.handle, status);
	}
	ReleaseSRWLockExclusive(&manager.lock);
}

void service_manager_tell_starting(void)
{
	tell(SERVICE_START_PENDING, START_HINT_MS);
}

void service_manager_tell_running(void)
{
	tell(SERVICE_RUNNING, 0);
}

void service_manager_tell_stopping(void)
{
	tell(SERVICE_STOP_PENDING, STOP_HINT_MS);
}

/* 5 for a missing right, as HyperVive 3 had it; else our own code (enum error_code). */
static void tell_stopped(int result, const struct error *error)
{
	AcquireSRWLockExclusive(&manager.lock);
	manager.status.dwWin32ExitCode = NO_ERROR;
	if (result < 0 && error->host_code == ERROR_ACCESS_DENIED) {
		manager.status.dwWin32ExitCode = ERROR_ACCESS_DENIED;
	} else if (result < 0) {
		manager.status.dwWin32ExitCode = ERROR_SERVICE_SPECIFIC_ERROR;
		manager.status.dwServiceSpecificExitCode = (DWORD)-result;
	}
	ReleaseSRWLockExclusive(&manager.lock);
	tell(SERVICE_STOPPED, 0);
}

/* ---- what the body asks ---- */

bool service_manager_started_us(void)
{
	return manager.started_us;
}

HANDLE service_manager_stop_event(void)
{
	return manager.stop;
}

const char *service_manager_stop_reason(void)
{
	return manager.stop_reason;
}

HANDLE service_manager_reload_event(void)
{
	return manager.reload;
}

void service_manager_exit(int result, const struct error *error)
{
	if (manager.started_us)
		tell_stopped(result, error);
	_exit(result == 0 ? 0 : 1);
}

/* ---- started by the service manager ---- */

static void begin_to_stop(const char *reason)
{
	manager.stop_reason = reason;
	service_manager_tell_stopping();
	SetEvent(manager.stop);
}

static DWORD WINAPI on_control(DWORD control, DWORD type, void *data, void *context)
{
	(void)type;
	(void)data;
	(void)context;
	switch (control) {
	case SERVICE_CONTROL_STOP:
		begin_to_stop(NULL);
		return NO_ERROR;
	case SERVICE_CONTROL_PRESHUTDOWN:
		begin_to_stop("the computer shuts down");
		return NO_ERROR;
	case SERVICE_CONTROL_PARAMCHANGE:
		SetEvent(manager.reload);
		return NO_ERROR;
	case SERVICE_CONTROL_INTERROGATE:
		return NO_ERROR;
	default:
		return ERROR_CALL_NOT_IMPLEMENTED;
	}
}

static void WINAPI service_main(DWORD count, wchar_t **arguments)
{
	(void)count;
	(void)arguments; /* of a start by hand; what counts is ImagePath */
	manager.started_us = true;
	manager.status.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
	manager.status.dwCurrentState = SERVICE_START_PENDING;
	manager.handle = RegisterServiceCtrlHandlerExW(WIDE(HYPERVIVE_NAME), on_control, NULL);
	if (!manager.handle) {
		manager.result = error_set_windows(&manager.error, ERR_FAILED, GetLastError(),
			"the service manager refuses the service");
		return;
	}
	service_manager_tell_starting();
	manager.result = manager.body(manager.context, &manager.error);
	tell_stopped(manager.result, &manager.error);
}

/* ---- in the foreground ---- */

/* On a thread of Windows' own. Where it must not return early, the process ends when it does. */
static BOOL WINAPI on_console(DWORD event)
{
	bool last = event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT;

	if (event == CTRL_LOGOFF_EVENT || event == CTRL_SHUTDOWN_EVENT)
		manager.stop_reason = "the computer shuts down";
	else
		manager.stop_reason = last ? "the console was closed" : "interrupted";
	SetEvent(manager.stop);
	if (last)
		WaitForSingleObject(manager.ended, CONSOLE_CLOSE_MS);
	return TRUE;
}

static void run_in_foreground(void)
{
	SetConsoleCtrlHandler(on_console, TRUE);
	manager.result = manager.body(manager.context, &manager.error);
	SetEvent(manager.ended);
	SetConsoleCtrlHandler(on_console, FALSE);
}

/* ---- both ---- */

static int open_events(struct error *error)
{
	manager.stop = CreateEventW(NULL, TRUE, FALSE, NULL);
	manager.reload = CreateEventW(NULL, FALSE, FALSE, NULL);
	manager.ended = CreateEventW(NULL, TRUE, FALSE, NULL);
	if (!manager.stop || !manager.reload || !manager.ended)
		return error_set_windows(
			error, ERR_FAILED, GetLastError(), "cannot create an event");
	return 0;
}

/* The entry of a process in a snapshot; false when it has none. */
static bool find_process(HANDLE snapshot, DWORD id, PROCESSENTRY32W *entry)
{
	entry->dwSize = sizeof(*entry);
	for (BOOL more = Process32FirstW(snapshot, entry); more;
		more = Process32NextW(snapshot, entry)) {
		if (entry->th32ProcessID == id)
			return true;
	}
	return false;
}

/*
 * services.exe begins before any program of a user and ends after all, so its number is nobody
 * else's. Where processes cannot be listed, the dispatcher is left to find out.
 */
static bool is_child_of_manager(void)
{
	HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
	PROCESSENTRY32W entry;
	bool child = false;

	if (snapshot == INVALID_HANDLE_VALUE)
		return true;
	if (find_process(snapshot, GetCurrentProcessId(), &entry) &&
		find_process(snapshot, entry.th32ParentProcessID, &entry))
		child = _wcsicmp(entry.szExeFile, L"services.exe") == 0;
	CloseHandle(snapshot);
	return child;
}

int service_manager_run(service_body_fn *body, void *context, struct error *error)
{
	const SERVICE_TABLE_ENTRYW table[] = {
		{(wchar_t *)WIDE(HYPERVIVE_NAME), service_main}, {NULL, NULL}};

	manager.body = body;
	manager.context = context;
	if (open_events(error) < 0)
		return -error->code;
	if (!is_child_of_manager()) {
		run_in_foreground();
	} else if (!StartServiceCtrlDispatcherW(table)) {
		DWORD cause = GetLastError();

		if (cause != ERROR_FAILED_SERVICE_CONTROLLER_CONNECT)
			return error_set_windows(
				error, ERR_FAILED, cause, "the service manager cannot be reached");
		run_in_foreground();
	}
	/* The events stay: a console's thread may still hold them. They end with the process. */
	if (error)
		*error = manager.error;
	return manager.result;
}
