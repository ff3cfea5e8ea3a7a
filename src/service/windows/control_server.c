/* SPDX-License-Identifier: MIT */
/*
 * control_server.c - the running service is spoken to over a named pipe
 *
 * Theory of operation. The service's only thread serves the pipe between its other work, so
 * nothing here waits. A pipe of Windows has instances, one for each client at a time: there are 8,
 * made at the start and used again and again. Each has one overlapped operation under way, and
 * an event that is signalled when it has ended:
 *
 *   WAITING    a client is to connect
 *   READING    its request is to come
 *   ANSWERING  the answer is being written
 *   PARTING    the client is to close its end: to disconnect before it has read the answer would
 *              throw the answer away, and to wait for that (FlushFileBuffers) would block
 *
 * and then begins anew. A client gets 5 s for all of it. While all 8 are taken, others wait at
 * the client's side (WaitNamedPipe).
 *
 * Who may listen: the first instance is made with FILE_FLAG_FIRST_PIPE_INSTANCE, which fails
 * where the name is taken. Who may ask: the pipe's access list lets in SYSTEM and Administrators,
 * and other computers are rejected. Who it was: the client's token at identification level, for
 * the record only.
 */
#include "service/windows/control_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/windows/wide.h"

/* Behind our own: it makes `interface` a macro. */
#include <windows.h>

#include <sddl.h>

#define CLIENT_TIME (5 * NS_PER_S)
#define RETRY_TIME  (1 * NS_PER_S)

enum state {
	BROKEN, /* cannot wait for a client; tried again after a while */
	ENDED,  /* to begin anew at the next step */
	WAITING,
	READING,
	ANSWERING,
	PARTING,
};

/* A chain of operations that end at once is followed so far in one turn. */
enum { STEPS_A_TURN = 8 };

struct place {
	HANDLE pipe;
	OVERLAPPED operation; /* with an event that stays signalled until the next begins */
	bool under_way;       /* operation is the system's until its end was asked for */
	enum state state;
	uint64_t since; /* of the connection; of the trouble */
	size_t length;  /* of the request so far, or of the answer */
	size_t sent;
	char line[CONTROL_LINE_SIZE + 1]; /* the answer's line end stands behind its last byte */
};

struct control {
	control_request_fn *request;
	void *context;
	struct place places[CONTROL_CLIENTS_MAX];
};

/* ---- who it is ---- */

/* DOMAIN\user of a token; the SID where it has no name. */
static void name_token(HANDLE token, char *name, size_t size)
{
	union {
		TOKEN_USER user;
		BYTE bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
	} info;
	wchar_t user[128], domain[128], both[260];
	DWORD length, user_length = 128, domain_length = 128;
	SID_NAME_USE use;
	wchar_t *sid;

	if (!GetTokenInformation(token, TokenUser, &info, sizeof(info), &length))
		return;
	if (LookupAccountSidW(
		    NULL, info.user.User.Sid, user, &user_length, domain, &domain_length, &use)) {
		_snwprintf(both, 260, L"%ls\\%ls", domain, user);
		both[259] = L'\0';
		wide_to_utf8(name, size, both);
	} else if (ConvertSidToStringSidW(info.user.User.Sid, &sid)) {
		wide_to_utf8(name, size, sid);
		LocalFree(sid);
	}
}

/* By the pipe itself, which cannot be deceived. */
static bool name_by_pipe(HANDLE pipe, char *name, size_t size)
{
	HANDLE token = NULL;

	if (!ImpersonateNamedPipeClient(pipe))
		return false;
	bool opened = OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token);
	/* To go on with a stranger's token would be worse than to end. */
	if (!RevertToSelf())
		abort();
	if (opened) {
		name_token(token, name, size);
		CloseHandle(token);
	}
	return *name != '\0';
}

static void name_by_process(DWORD pid, char *name, size_t size)
{
	HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
	HANDLE token = NULL;

	if (process && OpenProcessToken(process, TOKEN_QUERY, &token)) {
		name_token(token, name, size);
		CloseHandle(token);
	}
	if (process)
		CloseHandle(process);
}

static void know_peer(HANDLE pipe, struct control_peer *peer)
{
	ULONG pid = 0;

	*peer = (struct control_peer){0};
	if (GetNamedPipeClientProcessId(pipe, &pid))
		peer->pid = (long)pid;
	if (!name_by_pipe(pipe, peer->user, sizeof(peer->user)) && pid)
		name_by_process(pid, peer->user, sizeof(peer->user));
	if (!*peer->user)
		text_copy(peer->user, sizeof(peer->user), "unknown");
}

/* ---- operations ---- */

/* What Windows said when an operation was begun: one that ends at once signals as well. */
static void has_begun(struct place *place, BOOL good)
{
	place->under_way = good || GetLastError() == ERROR_IO_PENDING;
	if (!place->under_way)
		place->state = ENDED; /* also where the client has left already */
}

static void read_more(struct place *place)
{
	char *end = place->line + place->length;
	DWORD room = (DWORD)(CONTROL_LINE_SIZE - place->length);

	has_begun(place, ReadFile(place->pipe, end, room, NULL, &place->operation));
}

static void write_more(struct place *place)
{
	const char *rest = place->line + place->sent;
	DWORD length = (DWORD)(place->length - place->sent);

	has_begun(place, WriteFile(place->pipe, rest, length, NULL, &place->operation));
}

static void begin_to_read(struct place *place, uint64_t now_ns)
{
	place->state = READING;
	place->since = now_ns;
	place->length = 0;
	read_more(place);
}

/* Takes back what is under way, so that its memory is ours again. */
static void cancel(struct place *place)
{
	DWORD moved;

	if (!place->under_way)
		return;
	CancelIoEx(place->pipe, &place->operation);
	GetOverlappedResult(place->pipe, &place->operation, &moved, TRUE);
	place->under_way = false;
}

static void wait_for_client(struct place *place, uint64_t now_ns)
{
	place->state = WAITING;
	place->under_way = ConnectNamedPipe(place->pipe, &place->operation) ||
			   GetLastError() == ERROR_IO_PENDING;
	if (place->under_way)
		return;
	DWORD cause = GetLastError();
	if (cause == ERROR_PIPE_CONNECTED) { /* since the pipe was made or left */
		begin_to_read(place, now_ns);
	} else if (cause == ERROR_NO_DATA) { /* and has gone again */
		place->state = ENDED;
	} else {
		place->state = BROKEN;
		place->since = now_ns;
	}
}

static void begin_anew(struct place *place, uint64_t now_ns)
{
	cancel(place);
	DisconnectNamedPipe(place->pipe);
	wait_for_client(place, now_ns);
}

/* One line whatever the text is. */
static void answer(struct place *place, const char *text)
{
	text_copy(place->line, CONTROL_LINE_SIZE, text);
	place->length = strlen(place->line);
	for (size_t i = 0; i < place->length; i++) {
		if (place->line[i] == '\n')
			place->line[i] = ' ';
	}
	place->line[place->length++] = '\n';
	place->sent = 0;
	place->state = ANSWERING;
	write_more(place);
}

/* ---- what has ended leads to what comes next ---- */

static void answer_request(struct control *control, struct place *place, size_t length)
{
	char request[CONTROL_LINE_SIZE], text[CONTROL_LINE_SIZE] = "";
	struct control_peer peer;

	if (memchr(place->line, '\0', length)) {
		answer(place, "error the request holds a NUL byte");
		return;
	}
	if (length > 0 && place->line[length - 1] == '\r')
		length--;
	memcpy(request, place->line, length);
	request[length] = '\0';
	know_peer(place->pipe, &peer);
	control->request(control->context, &peer, request, text);
	answer(place, text);
}

static void has_read(struct control *control, struct place *place, DWORD moved)
{
	const char *end = memchr(place->line + place->length, '\n', moved);

	place->length += moved;
	if (end)
		answer_request(control, place, (size_t)(end - place->line));
	else if (place->length == CONTROL_LINE_SIZE)
		answer(place, "error the request is too long");
	else
		read_more(place);
}

static void has_written(struct place *place, DWORD moved)
{
	place->sent += moved;
	if (place->sent < place->length) {
		write_more(place);
		return;
	}
	place->state = PARTING;
	place->length = 0;
	read_more(place);
}

/* False when there is nothing to do. */
static bool step(struct control *control, struct place *place, uint64_t now_ns)
{
	DWORD moved = 0;

	if (place->state == ENDED) {
		begin_anew(place, now_ns);
		return true;
	}
	if (!place->under_way || !HasOverlappedIoCompleted(&place->operation))
		return false;
	place->under_way = false;
	const bool done = GetOverlappedResult(place->pipe, &place->operation, &moved, FALSE);

	if (done && place->state == WAITING)
		begin_to_read(place, now_ns);
	else if (done && place->state == READING)
		has_read(control, place, moved);
	else if (done && place->state == ANSWERING)
		has_written(place, moved);
	else
		place->state = ENDED;
	return true;
}

static bool is_late(const struct place *place, uint64_t now_ns)
{
	return place->state >= READING && now_ns > place->since &&
	       now_ns - place->since > CLIENT_TIME;
}

void control_serve(struct control *control, uint64_t now_ns)
{
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct place *place = &control->places[i];

		if (is_late(place, now_ns) ||
			(place->state == BROKEN && now_ns >= place->since + RETRY_TIME))
			place->state = ENDED;
		for (int steps = 0; steps < STEPS_A_TURN && step(control, place, now_ns); steps++)
			continue;
	}
}

size_t control_events(const struct control *control, HANDLE *events, size_t most)
{
	size_t count = 0;

	for (size_t i = 0; i < CONTROL_CLIENTS_MAX && count < most; i++) {
		if (control->places[i].under_way)
			events[count++] = control->places[i].operation.hEvent;
	}
	return count;
}

uint64_t control_deadline(const struct control *control)
{
	uint64_t deadline = UINT64_MAX;

	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		const struct place *place = &control->places[i];
		uint64_t end = UINT64_MAX;

		if (place->state == ENDED)
			end = 0;
		else if (place->state == BROKEN)
			end = place->since + RETRY_TIME;
		else if (place->state >= READING)
			end = place->since + CLIENT_TIME + 1;
		if (end < deadline)
			deadline = end;
	}
	return deadline;
}

/* ---- beginning and end ---- */

/* The SID of whom this process runs as, in text form; to be given to LocalFree(). */
static wchar_t *own_sid(void)
{
	union {
		TOKEN_USER user;
		BYTE bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
	} info;
	HANDLE token = NULL;
	wchar_t *text = NULL;
	DWORD length;

	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
		return NULL;
	if (!GetTokenInformation(token, TokenUser, &info, sizeof(info), &length) ||
		!ConvertSidToStringSidW(info.user.User.Sid, &text))
		text = NULL;
	CloseHandle(token);
	return text;
}

/* SYSTEM, Administrators and perhaps the owner may do all; nobody else anything. */
static PSECURITY_DESCRIPTOR make_descriptor(enum control_access access)
{
	wchar_t text[256] = L"D:P(A;;GA;;;SY)(A;;GA;;;BA)";
	wchar_t *owner = access == CONTROL_OWNER_TOO ? own_sid() : NULL;
	PSECURITY_DESCRIPTOR descriptor = NULL;

	if (owner) {
		size_t length = wcslen(text);

		_snwprintf(text + length, 256 - length, L"(A;;GA;;;%ls)", owner);
		text[255] = L'\0';
		LocalFree(owner);
	}
	if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(
		    text, SDDL_REVISION_1, &descriptor, NULL))
		return NULL;
	return descriptor;
}

static int open_place(struct place *place, const wchar_t *name, DWORD flags,
	SECURITY_ATTRIBUTES *attributes, const char *path, struct error *error)
{
	place->operation.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
	if (!place->operation.hEvent)
		return error_set_windows(
			error, ERR_FAILED, GetLastError(), "cannot create an event");
	place->pipe = CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | flags,
		PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
		CONTROL_CLIENTS_MAX, CONTROL_LINE_SIZE, CONTROL_LINE_SIZE, 0, attributes);
	if (place->pipe != INVALID_HANDLE_VALUE)
		return 0;
	DWORD cause = GetLastError();
	if (flags && (cause == ERROR_ACCESS_DENIED || cause == ERROR_PIPE_BUSY))
		return error_set(error, ERR_BUSY, "another hypervive service listens at %s", path);
	return error_set_windows(error, ERR_FAILED, cause, "cannot create the pipe %s", path);
}

static int open_places(
	struct control *control, const char *path, enum control_access access, struct error *error)
{
	PSECURITY_DESCRIPTOR descriptor = make_descriptor(access);
	SECURITY_ATTRIBUTES attributes = {sizeof(attributes), descriptor, FALSE};
	wchar_t *name = wide_from_utf8(path);
	int failed = 0;

	if (!descriptor || !name)
		failed = error_set(
			error, ERR_FAILED, "cannot make the access list of the pipe %s", path);
	for (size_t i = 0; !failed && i < CONTROL_CLIENTS_MAX; i++)
		failed = open_place(&control->places[i], name,
			i == 0 ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0, &attributes, path, error);
	free(name);
	LocalFree(descriptor);
	return failed;
}

int control_open(struct control **opened, const char *path, enum control_access access,
	control_request_fn *request, void *context, struct error *error)
{
	struct control *control = calloc(1, sizeof(*control));

	if (!control)
		return error_set(
			error, ERR_FAILED, "there is not enough memory for the control pipe");
	control->request = request;
	control->context = context;
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		control->places[i].pipe = INVALID_HANDLE_VALUE;
	int failed = open_places(control, path, access, error);
	if (failed) {
		control_close(control);
		return failed;
	}
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		wait_for_client(&control->places[i], clock_monotonic_ns());
	*opened = control;
	return 0;
}

void control_close(struct control *control)
{
	if (!control)
		return;
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct place *place = &control->places[i];

		cancel(place);
		if (place->pipe != INVALID_HANDLE_VALUE)
			CloseHandle(place->pipe);
		if (place->operation.hEvent)
			CloseHandle(place->operation.hEvent);
	}
	free(control);
}
