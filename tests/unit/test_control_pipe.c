/* SPDX-License-Identifier: MIT */
/* The control pipe with real clients, good and bad. Windows only. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/clock.h"
#include "service/windows/control_server.h"
#include "tap.h"

#include <windows.h>

#include <aclapi.h>
#include <sddl.h>

static char path[108];
static struct control_peer last_peer;
static char last_request[CONTROL_LINE_SIZE];
static unsigned requests;

static void answer_request(void *context, const struct control_peer *peer, const char *request,
	char answer[CONTROL_LINE_SIZE])
{
	(void)context;
	requests++;
	last_peer = *peer;
	snprintf(last_request, sizeof(last_request), "%s", request);
	if (strcmp(request, "ping") == 0)
		strcpy(answer, "ok");
	else if (strcmp(request, "long") == 0)
		memset(answer, 'x', CONTROL_LINE_SIZE - 1);
	else if (strcmp(request, "lines") == 0)
		strcpy(answer, "ok one\ntwo");
	else if (strcmp(request, "refuse") == 0)
		strcpy(answer, "error the moon is not full");
	else if (strcmp(request, "strange") == 0)
		strcpy(answer, "okay");
	else
		snprintf(answer, CONTROL_LINE_SIZE, "ok you said %.200s", request);
}

/* A client that does as it likes, without waiting. */
static HANDLE connect_client(void)
{
	wchar_t name[108];

	MultiByteToWideChar(CP_UTF8, 0, path, -1, name, 108);
	return CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
		SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
}

static void say_bytes(HANDLE client, const char *bytes, DWORD length)
{
	DWORD written;

	WriteFile(client, bytes, length, &written, NULL);
}

static void say(HANDLE client, const char *text)
{
	say_bytes(client, text, (DWORD)strlen(text));
}

/* What has come: "" nothing yet, "<end>" when the other side has closed. */
static const char *heard(HANDLE client)
{
	static char text[1024];
	DWORD there = 0, length = 0;

	if (!PeekNamedPipe(client, NULL, 0, NULL, &there, NULL))
		return "<end>";
	if (there > 0 && !ReadFile(client, text, sizeof(text) - 1, &length, NULL))
		return "<end>";
	text[length] = '\0';
	return text;
}

/* Serves until nothing more happens for a moment. */
static void serve(struct control *control, uint64_t now_ns)
{
	HANDLE events[CONTROL_CLIENTS_MAX];

	control_serve(control, now_ns);
	for (;;) {
		DWORD count = (DWORD)control_events(control, events, CONTROL_CLIENTS_MAX);

		if (control_deadline(control) != 0 &&
			WaitForMultipleObjects(count, events, FALSE, 50) == WAIT_TIMEOUT)
			return;
		control_serve(control, now_ns);
	}
}

static struct control *open_control(void)
{
	struct control *control = NULL;
	struct error error = {0};

	ok(control_open(&control, path, CONTROL_OWNER_TOO, answer_request, NULL, &error) == 0,
		"opens %s", error.text);
	return control;
}

static void test_requests(void)
{
	struct control *control = open_control();
	HANDLE events[CONTROL_CLIENTS_MAX];
	uint64_t now = 1000 * NS_PER_S;
	HANDLE client;

	is_number(control_events(control, events, CONTROL_CLIENTS_MAX), CONTROL_CLIENTS_MAX,
		"an event for each client that may come");
	is_number(control_events(control, events, 0), 0, "none where there is no room");
	ok(WaitForMultipleObjects(CONTROL_CLIENTS_MAX, events, FALSE, 0) == WAIT_TIMEOUT,
		"none is signalled");
	ok(control_deadline(control) == UINT64_MAX, "nothing to be done at any time");

	client = connect_client();
	ok(client != INVALID_HANDLE_VALUE, "a client connects");
	say(client, "pi");
	serve(control, now);
	is_text(heard(client), "", "half a request has no answer");
	ok(control_deadline(control) > now && control_deadline(control) < now + 6 * NS_PER_S,
		"but a time limit");
	say(client, "ng\r\nmore");
	serve(control, now);
	is_text(heard(client), "ok\n", "a whole one has");
	is_text(last_request, "ping", "without the line's end, also of CRLF");
	is_number(last_peer.pid, (long)GetCurrentProcessId(), "from where it came");
	ok(last_peer.user[0] != '\0' && strcmp(last_peer.user, "unknown") != 0, "by name: %s",
		last_peer.user);
	CloseHandle(client);
	serve(control, now);
	ok(control_deadline(control) == UINT64_MAX, "a client that left is forgotten");
	control_close(control);
}

static void test_bad_clients(void)
{
	struct control *control = open_control();
	uint64_t now = 1000 * NS_PER_S;
	char much[2 * CONTROL_LINE_SIZE];
	HANDLE client;

	requests = 0;
	memset(much, 'a', sizeof(much));
	client = connect_client();
	say_bytes(client, much, CONTROL_LINE_SIZE);
	serve(control, now);
	is_text(heard(client), "error the request is too long\n", "a line without an end");
	CloseHandle(client);

	much[CONTROL_LINE_SIZE - 1] = '\n';
	client = connect_client();
	say_bytes(client, much, CONTROL_LINE_SIZE);
	serve(control, now);
	is_number(requests, 1, "the longest line is taken");
	CloseHandle(client);

	client = connect_client();
	say_bytes(client, "ping\0on\n", 8);
	serve(control, now);
	is_text(heard(client), "error the request holds a NUL byte\n", "a NUL byte");
	CloseHandle(client);
	is_number(requests, 1, "such a request goes no further");

	client = connect_client();
	say(client, "pi");
	CloseHandle(client);
	client = connect_client();
	CloseHandle(client);
	serve(control, now);
	ok(control_deadline(control) == UINT64_MAX, "clients that leave early are forgotten");

	client = connect_client();
	say(client, "ping\n");
	CloseHandle(client);
	serve(control, now);
	ok(control_deadline(control) == UINT64_MAX, "so is one that does not wait for the answer");

	client = connect_client();
	say(client, "pi");
	serve(control, now);
	serve(control, now + 6 * NS_PER_S);
	is_text(heard(client), "<end>", "a slow client is ended");
	CloseHandle(client);

	client = connect_client();
	say(client, "ping\n");
	serve(control, now);
	serve(control, now + 6 * NS_PER_S);
	ok(control_deadline(control) == UINT64_MAX, "so is one that never leaves");
	CloseHandle(client);
	control_close(control);
}

static void test_many_clients(void)
{
	struct control *control = open_control();
	uint64_t now = 1000 * NS_PER_S;
	HANDLE clients[CONTROL_CLIENTS_MAX], one_more;
	unsigned connected = 0, answered = 0;

	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		clients[i] = connect_client();
		connected += clients[i] != INVALID_HANDLE_VALUE;
	}
	is_number(connected, CONTROL_CLIENTS_MAX, "eight clients at a time");
	one_more = connect_client();
	ok(one_more == INVALID_HANDLE_VALUE && GetLastError() == ERROR_PIPE_BUSY,
		"the ninth has to wait");
	serve(control, now);
	for (int i = CONTROL_CLIENTS_MAX - 1; i >= 0; i--)
		say(clients[i], "ping\n");
	serve(control, now);
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		answered += strcmp(heard(clients[i]), "ok\n") == 0;
		CloseHandle(clients[i]);
	}
	is_number(answered, CONTROL_CLIENTS_MAX, "each has its answer");
	serve(control, now);
	one_more = connect_client();
	ok(one_more != INVALID_HANDLE_VALUE, "then there is room again");
	CloseHandle(one_more);
	control_close(control);
}

static void test_access(void)
{
	struct control *control = open_control(), *second = NULL;
	struct error error = {0};
	PSECURITY_DESCRIPTOR descriptor = NULL;
	wchar_t *text = NULL;
	HANDLE client;
	ACL *list = NULL;

	is_number(control_open(&second, path, CONTROL_OWNER_TOO, answer_request, NULL, &error),
		-ERR_BUSY, "nobody listens where one listens already");
	ok(strstr(error.text, "another hypervive service listens at") != NULL, "says: %s",
		error.text);
	client = connect_client();
	is_number(GetSecurityInfo(client, SE_KERNEL_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL,
			  &list, NULL, &descriptor),
		ERROR_SUCCESS, "the pipe has an access list");
	ok(list && ConvertSecurityDescriptorToStringSecurityDescriptorW(
			   descriptor, SDDL_REVISION_1, DACL_SECURITY_INFORMATION, &text, NULL),
		"which can be read");
	ok(text && wcsstr(text, L";;;SY)") && wcsstr(text, L";;;BA)") && !wcsstr(text, L";;;WD)") &&
			!wcsstr(text, L";;;AN)") && !wcsstr(text, L";;;AU)"),
		"of SYSTEM and Administrators: %ls", text ? text : L"(none)");
	LocalFree(text);
	LocalFree(descriptor);
	CloseHandle(client);
	control_close(control);
	control = open_control();
	control_close(control);
}

/* ---- control_ask() against a service on another thread ---- */

static atomic_bool stopping;

static void *serve_until_stopped(void *context)
{
	HANDLE events[CONTROL_CLIENTS_MAX];

	while (!stopping) {
		DWORD count = (DWORD)control_events(context, events, CONTROL_CLIENTS_MAX);

		WaitForMultipleObjects(count, events, FALSE, 50);
		control_serve(context, clock_monotonic_ns());
	}
	return NULL;
}

static void asks(const char *request, int want, const char *text)
{
	char answer[CONTROL_LINE_SIZE] = "untouched";
	struct error error = {0};
	int result = control_ask(path, request, answer, &error);

	is_number(result, want, "a request of %zu bytes", strlen(request));
	is_text(result == 0 ? answer : error.text, text, "and gets '%.40s'", text);
}

static void *ask_often(void *context)
{
	unsigned *good = context;

	for (unsigned i = 0; i < 250; i++) {
		char answer[CONTROL_LINE_SIZE];

		*good += control_ask(path, "debug", answer, NULL) == 0 &&
			 strcmp(answer, "you said debug") == 0;
	}
	return NULL;
}

/* Grows when handles stay open: a new one gets the lowest number that is free. */
static size_t next_handle(void)
{
	HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);

	CloseHandle(event);
	return (size_t)event / 4;
}

static void test_asking(void)
{
	char words[CONTROL_LINE_SIZE * 2], missing[160];
	struct control *control;
	pthread_t thread, client[4];
	unsigned good[4] = {0};
	size_t before, after;

	snprintf(missing, sizeof(missing), "no hypervive service listens at %s", path);
	asks("ping", -ERR_NOT_FOUND, missing);
	control = open_control();
	stopping = false;
	pthread_create(&thread, NULL, serve_until_stopped, control);
	asks("ping", 0, "");
	asks("hello", 0, "you said hello");
	asks("lines", 0, "one two");
	asks("refuse", -ERR_FAILED, "the moon is not full");
	memset(words, 'a', sizeof(words));
	words[CONTROL_LINE_SIZE] = '\0';
	asks(words, -ERR_USAGE, "the request is not a short line");
	asks("a\nb", -ERR_USAGE, "the request is not a short line");
	snprintf(words, sizeof(words), "what the service at %s answers cannot be understood", path);
	asks("strange", -ERR_FAILED, words);
	asks("long", -ERR_FAILED, words);

	/* Four clients, a thousand requests. */
	before = next_handle();
	for (int i = 0; i < 4; i++)
		pthread_create(&client[i], NULL, ask_often, &good[i]);
	for (int i = 0; i < 4; i++)
		pthread_join(client[i], NULL);
	after = next_handle();
	is_number(good[0] + good[1] + good[2] + good[3], 1000, "a thousand requests are answered");
	ok(after <= before + 16, "and no handle stays open: %zu before, %zu after", before, after);
	stopping = true;
	pthread_join(thread, NULL);
	control_close(control);
}

static void test_silent_service(void)
{
	struct control *control = open_control();
	char words[160];
	uint64_t begin = clock_monotonic_ns();

	snprintf(words, sizeof(words), "the service at %s does not answer", path);
	asks("ping", -ERR_FAILED, words);
	uint64_t took = clock_monotonic_ns() - begin;
	ok(took > 4 * NS_PER_S && took < 8 * NS_PER_S, "after about 5 s");
	control_close(control);
}

int main(void)
{
	snprintf(path, sizeof(path), "\\\\.\\pipe\\hypervive-test-%lu", GetCurrentProcessId());
	test_requests();
	test_bad_clients();
	test_many_clients();
	test_access();
	test_asking();
	test_silent_service();
	return tap_done();
}
