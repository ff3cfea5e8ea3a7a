/* SPDX-License-Identifier: MIT */
/*
 * installer.c - the service in the service manager's database
 *
 * Everything is set to what names.h says, whether the service is new or was there: to install
 * twice, or over another version, ends the same. What an older Windows does not know is a warning.
 *
 * The service's SID is unrestricted: it only adds NT SERVICE\HyperVive to the process, so that
 * files can be opened to this service alone. A restricted one would let the process write only
 * where that SID is named, and so keep it from DebugMode in its own key, from the event log, and
 * from Hyper-V.
 */
#include "service/windows/installer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/windows/wide.h"
#include "service/windows/names.h"

/* Behind our own: it makes `interface` a macro. */
#include <windows.h>

enum { WAIT_STEP_MS = 100, STOP_WAIT_MS = 40000, START_WAIT_MS = 60000, PATH_UNITS = 32768 };

static int fail(struct error *error, const char *what)
{
	return error_set_windows(error, ERR_FAILED, GetLastError(), "%s", what);
}

/* ---- where the program is ---- */

static wchar_t *own_wide_path(void)
{
	wchar_t *path = malloc(PATH_UNITS * sizeof(*path));
	DWORD length = path ? GetModuleFileNameW(NULL, path, PATH_UNITS) : 0;

	if (length > 0 && length < PATH_UNITS)
		return path;
	free(path);
	return NULL;
}

char *installer_own_path(void)
{
	wchar_t *wide = own_wide_path();
	char *path = wide_to_new_utf8(wide);

	free(wide);
	return path;
}

static bool is_below(const wchar_t *path, const wchar_t *variable)
{
	wchar_t folder[512];
	const DWORD room = sizeof(folder) / sizeof(folder[0]);
	DWORD length = GetEnvironmentVariableW(variable, folder, room);

	return length > 0 && length < room && _wcsnicmp(path, folder, length) == 0 &&
	       path[length] == L'\\';
}

bool installer_path_is_protected(const char *path)
{
	wchar_t *wide = wide_from_utf8(path);
	bool below = wide && (is_below(wide, L"ProgramFiles") || is_below(wide, L"ProgramW6432") ||
				     is_below(wide, L"ProgramFiles(x86)"));

	free(wide);
	return below;
}

/* A drive of the network is not there at boot, or not SYSTEM's; one may be taken out. */
static int check_drive(const wchar_t *path, struct error *error)
{
	wchar_t root[] = L"?:\\";
	UINT type;

	root[0] = path[0];
	type = path[0] == L'\\' ? DRIVE_REMOTE : GetDriveTypeW(root);
	if (type == DRIVE_REMOTE || type == DRIVE_REMOVABLE || type == DRIVE_CDROM)
		return error_set(error, ERR_FAILED,
			"the program is not on a disk of this computer; copy it to a folder under "
			"Program Files first");
	return 0;
}

/* ---- the service's entry ---- */

/* Names one after the other, each with its NUL, and one more NUL. */
static void list_dependencies(SC_HANDLE manager, wchar_t list[64])
{
	static const wchar_t ALWAYS[] = WIDE(HYPERVIVE_DEPENDENCY);
	static const wchar_t ONLY_IF_THERE[] = WIDE(HYPERVIVE_OPTIONAL_DEPENDENCY);
	SC_HANDLE optional = OpenServiceW(manager, ONLY_IF_THERE, SERVICE_QUERY_STATUS);
	size_t used = sizeof(ALWAYS) / sizeof(ALWAYS[0]);

	memcpy(list, ALWAYS, sizeof(ALWAYS));
	/* Where Hyper-V is not installed, a service that asks for it would never start. */
	if (optional) {
		memcpy(list + used, ONLY_IF_THERE, sizeof(ONLY_IF_THERE));
		used += sizeof(ONLY_IF_THERE) / sizeof(ONLY_IF_THERE[0]);
		CloseServiceHandle(optional);
	}
	list[used] = L'\0';
}

/* "C:\…\hypervive.exe" run */
static wchar_t *command_line(const wchar_t *program)
{
	size_t size = wcslen(program) + 64;
	wchar_t *line = malloc(size * sizeof(*line));

	if (line)
		_snwprintf(line, size, L"\"%ls\" %ls", program, WIDE(HYPERVIVE_ARGUMENTS));
	return line;
}

static int cannot_create(struct error *error)
{
	if (GetLastError() == ERROR_SERVICE_MARKED_FOR_DELETE)
		return error_set(error, ERR_FAILED,
			"the service " HYPERVIVE_NAME " is still being removed; close programs "
			"that show services, then try again");
	return fail(error, "cannot set up the service " HYPERVIVE_NAME);
}

/* The service, created or changed. */
static int put_entry(SC_HANDLE manager, const wchar_t *line, SC_HANDLE *service, bool *existed,
	struct error *error)
{
	const DWORD rights = SERVICE_CHANGE_CONFIG | SERVICE_START | SERVICE_QUERY_STATUS;
	wchar_t dependencies[64];

	list_dependencies(manager, dependencies);
	*existed = false;
	*service = CreateServiceW(manager, WIDE(HYPERVIVE_NAME), WIDE(HYPERVIVE_DISPLAY_NAME),
		rights, SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START, SERVICE_ERROR_NORMAL, line,
		NULL, NULL, dependencies, NULL, NULL);
	if (*service)
		return 0;
	if (GetLastError() != ERROR_SERVICE_EXISTS)
		return cannot_create(error);
	*existed = true;
	*service = OpenServiceW(manager, WIDE(HYPERVIVE_NAME), rights);
	if (!*service)
		return fail(error, "cannot open the service " HYPERVIVE_NAME);
	if (ChangeServiceConfigW(*service, SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START,
		    SERVICE_ERROR_NORMAL, line, NULL, NULL, dependencies, L"LocalSystem", L"",
		    WIDE(HYPERVIVE_DISPLAY_NAME)))
		return 0;
	cannot_create(error);
	CloseServiceHandle(*service);
	return -error->code;
}

static void put_detail(
	SC_HANDLE service, DWORD level, void *detail, const char *what, installer_warning_fn *warn)
{
	struct error error = {0};

	if (ChangeServiceConfig2W(service, level, detail))
		return;
	error_set_windows(
		&error, ERR_FAILED, GetLastError(), "the service manager does not take %s", what);
	warn(&error);
}

static void put_recovery(SC_HANDLE service, installer_warning_fn *warn)
{
	SC_ACTION restarts[] = {
		{SC_ACTION_RESTART, HYPERVIVE_RESTART_1_MS},
		{SC_ACTION_RESTART, HYPERVIVE_RESTART_2_MS},
		{SC_ACTION_RESTART, HYPERVIVE_RESTART_3_MS},
	};
	wchar_t nothing[] = L""; /* takes away what the service had before */
	SERVICE_FAILURE_ACTIONSW actions = {HYPERVIVE_FAILURES_FORGOTTEN_S, nothing, nothing,
		sizeof(restarts) / sizeof(restarts[0]), restarts};
	SERVICE_FAILURE_ACTIONS_FLAG flag = {TRUE};

	put_detail(service, SERVICE_CONFIG_FAILURE_ACTIONS, &actions,
		"the restarts after a failure", warn);
	put_detail(service, SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &flag,
		"the restarts after an end with an error", warn);
}

static void put_details(SC_HANDLE service, installer_warning_fn *warn)
{
	wchar_t text[] = WIDE(HYPERVIVE_DESCRIPTION);
	wchar_t list[] = WIDE(HYPERVIVE_PRIVILEGES);
	SERVICE_DESCRIPTIONW description = {text};
	SERVICE_DELAYED_AUTO_START_INFO delayed = {TRUE};
	SERVICE_SID_INFO sid = {SERVICE_SID_TYPE_UNRESTRICTED};
	SERVICE_REQUIRED_PRIVILEGES_INFOW privileges = {list};
	SERVICE_PRESHUTDOWN_INFO preshutdown = {HYPERVIVE_PRESHUTDOWN_MS};

	put_detail(service, SERVICE_CONFIG_DESCRIPTION, &description, "the description", warn);
	put_detail(service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &delayed,
		"the delay of the automatic start", warn);
	put_recovery(service, warn);
	put_detail(service, SERVICE_CONFIG_SERVICE_SID_INFO, &sid, "the service's SID", warn);
	put_detail(service, SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, &privileges,
		"the list of privileges", warn);
	put_detail(service, SERVICE_CONFIG_PRESHUTDOWN_INFO, &preshutdown,
		"the time for a shutdown", warn);
}

static bool is_running(SC_HANDLE service)
{
	SERVICE_STATUS status;

	return QueryServiceStatus(service, &status) && status.dwCurrentState != SERVICE_STOPPED;
}

int installer_install(const char *program, bool *existed, bool *runs, installer_warning_fn *warn,
	struct error *error)
{
	wchar_t *path = wide_from_utf8(program);
	wchar_t *line = path ? command_line(path) : NULL;
	SC_HANDLE manager = NULL, service = NULL;
	int failed;

	*existed = *runs = false;
	if (!line) {
		failed = error_set(error, ERR_FAILED, "there is not enough memory");
		goto out;
	}
	failed = check_drive(path, error);
	if (failed)
		goto out;
	manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE);
	failed = manager ? put_entry(manager, line, &service, existed, error)
			 : fail(error, "the service manager cannot be reached");
	if (!failed) {
		put_details(service, warn);
		*runs = is_running(service);
		CloseServiceHandle(service);
	}
out:
	if (manager)
		CloseServiceHandle(manager);
	free(line);
	free(path);
	return failed;
}

/* ---- starting, stopping, removing ---- */

/* Fails with host_code ERROR_SERVICE_DOES_NOT_EXIST where there is none. */
static int open_service(DWORD rights, SC_HANDLE *service, struct error *error)
{
	SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
	int failed = 0;

	if (!manager)
		return fail(error, "the service manager cannot be reached");
	*service = OpenServiceW(manager, WIDE(HYPERVIVE_NAME), rights);
	if (!*service)
		failed = fail(error, "cannot open the service " HYPERVIVE_NAME);
	CloseServiceHandle(manager);
	return failed;
}

/* Waits for a state; false when another one stays. *status is the last that was seen. */
static bool wait_for_state(
	SC_HANDLE service, DWORD state, unsigned limit_ms, SERVICE_STATUS *status)
{
	uint64_t end = clock_monotonic_ns() + limit_ms * NS_PER_MS;

	for (;;) {
		if (!QueryServiceStatus(service, status))
			return false;
		if (status->dwCurrentState == state)
			return true;
		/* One that should run and has stopped will not begin by itself. */
		if (status->dwCurrentState == SERVICE_STOPPED || clock_monotonic_ns() >= end)
			return false;
		clock_sleep_ms(WAIT_STEP_MS);
	}
}

/* A service that begins just now takes no request: it is asked again until it does. */
static int stop(SC_HANDLE service, struct error *error)
{
	uint64_t end = clock_monotonic_ns() + STOP_WAIT_MS * NS_PER_MS;
	SERVICE_STATUS status;

	while (!ControlService(service, SERVICE_CONTROL_STOP, &status)) {
		DWORD cause = GetLastError();

		if (cause == ERROR_SERVICE_NOT_ACTIVE)
			return 0;
		if (cause != ERROR_SERVICE_CANNOT_ACCEPT_CTRL || clock_monotonic_ns() >= end)
			return fail(error, "cannot stop the service " HYPERVIVE_NAME);
		clock_sleep_ms(WAIT_STEP_MS);
	}
	if (!wait_for_state(service, SERVICE_STOPPED, STOP_WAIT_MS, &status))
		return error_set(error, ERR_FAILED,
			"the service " HYPERVIVE_NAME " does not stop; try again in a minute");
	return 0;
}

static int start(SC_HANDLE service, struct error *error)
{
	SERVICE_STATUS status = {0};

	if (!StartServiceW(service, 0, NULL))
		return fail(error, "cannot start the service " HYPERVIVE_NAME);
	if (wait_for_state(service, SERVICE_RUNNING, START_WAIT_MS, &status))
		return 0;
	if (status.dwCurrentState != SERVICE_STOPPED)
		return error_set(error, ERR_FAILED,
			"the service " HYPERVIVE_NAME " has not begun to run within a minute");
	if (status.dwWin32ExitCode == ERROR_SERVICE_SPECIFIC_ERROR)
		return error_set(error, ERR_FAILED,
			"the service " HYPERVIVE_NAME
			" has stopped again; the Application event log tells why");
	return error_set_windows(error, ERR_FAILED, status.dwWin32ExitCode,
		"the service " HYPERVIVE_NAME " has stopped again");
}

int installer_start(struct error *error)
{
	SC_HANDLE service = NULL;
	int failed =
		open_service(SERVICE_START | SERVICE_STOP | SERVICE_QUERY_STATUS, &service, error);

	if (failed)
		return failed;
	failed = stop(service, error);
	if (!failed)
		failed = start(service, error);
	CloseServiceHandle(service);
	return failed;
}

int installer_remove(struct error *error)
{
	SC_HANDLE service = NULL;
	int failed = open_service(DELETE | SERVICE_STOP | SERVICE_QUERY_STATUS, &service, error);

	if (failed)
		return error->host_code == ERROR_SERVICE_DOES_NOT_EXIST ? 0 : failed;
	failed = stop(service, error);
	if (!failed && !DeleteService(service) && GetLastError() != ERROR_SERVICE_MARKED_FOR_DELETE)
		failed = fail(error, "cannot remove the service " HYPERVIVE_NAME);
	CloseServiceHandle(service);
	return failed ? failed : 1;
}
