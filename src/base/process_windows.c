/* SPDX-License-Identifier: MIT */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

#include <shellapi.h>

#include "base/windows/wide.h"

static UINT console_code_page;

static void restore_console(void)
{
	SetConsoleOutputCP(console_code_page);
}

/* The console shows UTF-8 while we run; it is the caller's console, so it is given back. */
static void set_console(void)
{
	console_code_page = GetConsoleOutputCP();
	if (console_code_page && console_code_page != CP_UTF8 && SetConsoleOutputCP(CP_UTF8))
		atexit(restore_console);
	_setmode(_fileno(stdout), _O_BINARY);
	_setmode(_fileno(stderr), _O_BINARY);
}

/* A library is looked for in the system's folder only; not where we stand, nor in PATH. */
static void narrow_library_search(void)
{
	SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32);
	SetDllDirectoryW(L"");
}

/* NULL when memory is out: then the arguments of the C library must do. */
static char **utf8_arguments(int *count)
{
	wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), count);
	char **arguments = wide ? calloc((size_t)*count + 1, sizeof(*arguments)) : NULL;
	bool failed = !arguments;

	for (int i = 0; !failed && i < *count; i++) {
		arguments[i] = wide_to_new_utf8(wide[i]);
		failed = !arguments[i];
	}
	LocalFree(wide);
	if (!failed)
		return arguments;
	for (int i = 0; arguments && i < *count; i++)
		free(arguments[i]);
	free(arguments);
	return NULL;
}

void process_begin(int *argc, char ***argv)
{
	int count = 0;
	char **arguments;

	narrow_library_search();
	set_console();
	arguments = utf8_arguments(&count);
	if (arguments) { /* they live as long as the process */
		*argc = count;
		*argv = arguments;
	}
}

bool process_terminal_has_color(int fd)
{
	HANDLE handle = (HANDLE)_get_osfhandle(fd);
	DWORD mode;

	return GetConsoleMode(handle, &mode) &&
	       SetConsoleMode(handle, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
}

/* The C library has EPIPE for some of the ways in which a pipe ends, and EINVAL for the rest. */
bool process_reader_is_gone(int errno_number)
{
	return errno_number == EPIPE ||
	       (errno_number == EINVAL &&
		       (_doserrno == ERROR_NO_DATA || _doserrno == ERROR_PIPE_NOT_CONNECTED));
}

bool process_is_privileged(void)
{
	SID_IDENTIFIER_AUTHORITY authority = SECURITY_NT_AUTHORITY;
	PSID administrators;
	BOOL member = FALSE;

	if (!AllocateAndInitializeSid(&authority, 2, SECURITY_BUILTIN_DOMAIN_RID,
		    DOMAIN_ALIAS_RID_ADMINS, 0, 0, 0, 0, 0, 0, &administrators))
		return false;
	if (!CheckTokenMembership(NULL, administrators, &member))
		member = FALSE;
	FreeSid(administrators);
	return member;
}

/* C:\folder, C:/folder or \\server\share */
bool process_path_is_absolute(const char *path)
{
	bool drive = ((path[0] >= 'A' && path[0] <= 'Z') || (path[0] >= 'a' && path[0] <= 'z')) &&
		     path[1] == ':' && (path[2] == '\\' || path[2] == '/');

	return drive || (path[0] == '\\' && path[1] == '\\' && path[2] != '\0');
}
