/* SPDX-License-Identifier: MIT */
/*
 * msi_stand_in.c - in the place of hypervive.exe where test_msi.py asks how the package calls it
 *
 * Appends its arguments as a line to C:\calls.txt. As `run` it is a service that does nothing; any
 * other command fails where the file C:\fail-COMMAND exists.
 */
#include <stdio.h>
#include <string.h>
#include <windows.h>

static SERVICE_STATUS_HANDLE manager;
static HANDLE stop_asked;

static void tell(DWORD state)
{
	SERVICE_STATUS status = {
		.dwServiceType = SERVICE_WIN32_OWN_PROCESS,
		.dwCurrentState = state,
		.dwControlsAccepted = SERVICE_ACCEPT_STOP,
	};

	SetServiceStatus(manager, &status);
}

static void WINAPI handle_control(DWORD control)
{
	if (control == SERVICE_CONTROL_STOP)
		SetEvent(stop_asked);
}

static void WINAPI serve(DWORD count, wchar_t **arguments)
{
	(void)count;
	(void)arguments;
	manager = RegisterServiceCtrlHandlerW(L"HyperVive", handle_control);
	stop_asked = CreateEventW(NULL, TRUE, FALSE, NULL);
	tell(SERVICE_RUNNING);
	WaitForSingleObject(stop_asked, INFINITE);
	tell(SERVICE_STOPPED);
	ExitProcess(
		0); /* at once: Wine's installer removes the program, and cannot while it runs */
}

static void record(int argc, char **argv)
{
	FILE *calls = fopen("C:\\calls.txt", "a");

	if (!calls)
		return;
	for (int i = 1; i < argc; i++)
		fprintf(calls, "%s%s", i > 1 ? " " : "", argv[i]);
	fputc('\n', calls);
	fclose(calls);
}

int main(int argc, char **argv)
{
	SERVICE_TABLE_ENTRYW table[] = {{(wchar_t[]){L"HyperVive"}, serve}, {NULL, NULL}};
	char refusal[64];

	record(argc, argv);
	if (argc < 2)
		return 2;
	if (strcmp(argv[1], "run") == 0)
		return StartServiceCtrlDispatcherW(table) ? 0 : 1;
	snprintf(refusal, sizeof(refusal), "C:\\fail-%s", argv[1]);
	return GetFileAttributesA(refusal) != INVALID_FILE_ATTRIBUTES;
}
