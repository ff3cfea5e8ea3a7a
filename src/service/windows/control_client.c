/* SPDX-License-Identifier: MIT */
/*
 * control_client.c - asks the running service over its pipe
 *
 * Whoever made a pipe of this name first would be asked in the service's place. So the client
 * lets the other side know who it is and no more (SECURITY_IDENTIFICATION): a stranger cannot
 * act with an administrator's rights, however it lies.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/windows/wide.h"
#include "service/control.h"

/* Behind our own: it makes `interface` a macro. */
#include <windows.h>

#define CLIENT_TIME (5 * NS_PER_S)

static DWORD ms_left(uint64_t deadline)
{
	uint64_t now = clock_monotonic_ns();

	return now >= deadline ? 0 : (DWORD)((deadline - now) / NS_PER_MS) + 1;
}

static int cannot_speak(DWORD cause, const char *path, struct error *error)
{
	if (cause == ERROR_FILE_NOT_FOUND || cause == ERROR_PATH_NOT_FOUND)
		return error_set(error, ERR_NOT_FOUND, "no hypervive service listens at %s", path);
	return error_set_windows(
		error, ERR_FAILED, cause, "cannot speak to the service at %s", path);
}

/* While all instances are taken, waits for one. */
static int open_pipe(const char *path, uint64_t deadline, HANDLE *pipe, struct error *error)
{
	wchar_t *name = wide_from_utf8(path);
	DWORD cause = name ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;

	while (name) {
		DWORD left;

		*pipe = CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
			FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION,
			NULL);
		cause = *pipe == INVALID_HANDLE_VALUE ? GetLastError() : ERROR_SUCCESS;
		left = ms_left(deadline);
		if (cause != ERROR_PIPE_BUSY || left == 0)
			break;
		/* Its failure shows at the next try; one that fails at once must not spin. */
		if (!WaitNamedPipeW(name, left) && GetLastError() != ERROR_SEM_TIMEOUT)
			Sleep(10);
	}
	free(name);
	return cause == ERROR_SUCCESS ? 0 : cannot_speak(cause, path, error);
}

/* The end of what was begun; false when it failed or the time is over. */
static bool finish(HANDLE pipe, OVERLAPPED *operation, BOOL began, uint64_t deadline, DWORD *moved)
{
	if (!began && GetLastError() != ERROR_IO_PENDING)
		return false;
	if (WaitForSingleObject(operation->hEvent, ms_left(deadline)) != WAIT_OBJECT_0)
		CancelIoEx(pipe, operation);
	return GetOverlappedResult(pipe, operation, moved, TRUE);
}

static void send_line(
	HANDLE pipe, OVERLAPPED *operation, const char *text, size_t length, uint64_t deadline)
{
	DWORD moved;
	BOOL began = WriteFile(pipe, text, (DWORD)length, NULL, operation);

	/* A service that refuses us may have closed already: its answer is there to be read. */
	finish(pipe, operation, began, deadline, &moved);
}

/* Reads up to the line's end; false when it never came. */
static bool read_line(HANDLE pipe, OVERLAPPED *operation, char line[CONTROL_LINE_SIZE],
	size_t *length, uint64_t deadline)
{
	size_t have = 0;

	while (have < CONTROL_LINE_SIZE) {
		DWORD moved = 0;
		BOOL began = ReadFile(
			pipe, line + have, (DWORD)(CONTROL_LINE_SIZE - have), NULL, operation);

		if (!finish(pipe, operation, began, deadline, &moved) || moved == 0)
			return false;
		const char *end = memchr(line + have, '\n', moved);
		if (end) {
			*length = (size_t)(end - line);
			return true;
		}
		have += moved;
	}
	return false;
}

/* One line out, one line in. */
static int talk(const char *path, const char *request, char line[CONTROL_LINE_SIZE], size_t *length,
	struct error *error)
{
	uint64_t deadline = clock_monotonic_ns() + CLIENT_TIME;
	OVERLAPPED operation = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
	char text[CONTROL_LINE_SIZE];
	HANDLE pipe = INVALID_HANDLE_VALUE;

	if (!operation.hEvent)
		return error_set_windows(
			error, ERR_FAILED, GetLastError(), "cannot create an event");
	int failed = open_pipe(path, deadline, &pipe, error);
	if (!failed) {
		size_t size = (size_t)snprintf(text, sizeof(text), "%s", request);

		text[size] = '\n';
		send_line(pipe, &operation, text, size + 1, deadline);
		if (!read_line(pipe, &operation, line, length, deadline))
			failed = error_set(
				error, ERR_FAILED, "the service at %s does not answer", path);
		CloseHandle(pipe);
	}
	CloseHandle(operation.hEvent);
	return failed;
}

int control_ask(
	const char *path, const char *request, char result[CONTROL_LINE_SIZE], struct error *error)
{
	char line[CONTROL_LINE_SIZE], text[CONTROL_LINE_SIZE];
	size_t length = 0;

	if (strlen(request) + 1 > sizeof(line) || strchr(request, '\n'))
		return error_set(error, ERR_USAGE, "the request is not a short line");
	int failed = talk(path, request, line, &length, error);
	if (failed)
		return failed;
	text_copy_bytes(text, sizeof(text), line, length);
	if (strncmp(text, "error ", 6) == 0)
		return error_set(error, ERR_FAILED, "%s", text + 6);
	if (strncmp(text, "ok", 2) != 0 || (text[2] != ' ' && text[2] != '\0'))
		return error_set(error, ERR_FAILED,
			"what the service at %s answers cannot be understood", path);
	snprintf(result, CONTROL_LINE_SIZE, "%s", text[2] ? text + 3 : "");
	return 0;
}
