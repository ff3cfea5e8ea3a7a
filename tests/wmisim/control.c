/* SPDX-License-Identifier: MIT */
/*
 * control.c - the control connection: commands in, one line out for each
 *
 * One thread for all clients. A port that is taken (another process of the same test has it) is
 * tried again until it is free.
 */
#include <winsock2.h>
/* winsock2.h comes before windows.h */
#include <stdlib.h>
#include <string.h>

#include "com.h"
#include "heap.h"
#include "scenario.h"
#include "system.h"

enum { CLIENTS = 8, RETRY_MS = 200, LONGEST_LINE = 1 << 20 };

struct client {
	SOCKET socket;
	struct buffer input;
};

static struct client clients[CLIENTS];
static unsigned client_count;

static bool send_all(SOCKET socket, const char *data, size_t size)
{
	while (size > 0) {
		int sent = send(socket, data, size > 65536 ? 65536 : (int)size, 0);

		if (sent <= 0)
			return false;
		data += sent;
		size -= (size_t)sent;
	}
	return true;
}

static bool answer_line(SOCKET socket, char *line)
{
	struct buffer answer = {0}, reply = {0};
	size_t length = strlen(line);
	bool good;

	if (length > 0 && line[length - 1] == '\r')
		line[length - 1] = '\0';
	system_lock();
	world_enter();
	good = scenario_run(line, &answer);
	system_wake();
	system_unlock();
	buffer_add_text(&reply, good ? "ok" : "error");
	if (answer.size > 0) {
		if (answer.text[0] != ' ')
			buffer_add_char(&reply, ' ');
		buffer_add_text(&reply, answer.text);
	}
	for (size_t i = 0; i < reply.size; i++) {
		if (reply.text[i] == '\n' || reply.text[i] == '\r')
			reply.text[i] = ' ';
	}
	buffer_add_char(&reply, '\n');
	good = send_all(socket, reply.text, reply.size);
	buffer_free(&answer);
	buffer_free(&reply);
	return good;
}

static bool answer_lines(struct client *client)
{
	char *end;

	while (client->input.size > 0 &&
		(end = memchr(client->input.text, '\n', client->input.size))) {
		size_t used = (size_t)(end - client->input.text) + 1;
		size_t left = client->input.size - used;
		bool good;

		*end = '\0';
		good = answer_line(client->socket, client->input.text);
		memmove(client->input.text, client->input.text + used, left);
		client->input.size = left;
		if (!good)
			return false;
	}
	return client->input.size < LONGEST_LINE;
}

static bool read_client(struct client *client)
{
	char data[4096];
	int size = recv(client->socket, data, sizeof(data), 0);

	if (size <= 0)
		return false;
	buffer_add(&client->input, data, (size_t)size);
	return answer_lines(client);
}

static void drop_client(unsigned index)
{
	closesocket(clients[index].socket);
	buffer_free(&clients[index].input);
	clients[index] = clients[--client_count];
}

static void accept_client(SOCKET listener)
{
	SOCKET socket = accept(listener, NULL, NULL);

	if (socket == INVALID_SOCKET)
		return;
	if (client_count == CLIENTS) {
		closesocket(socket);
		return;
	}
	clients[client_count++] = (struct client){.socket = socket};
}

static void serve(SOCKET listener)
{
	for (;;) {
		fd_set readable;

		FD_ZERO(&readable);
		FD_SET(listener, &readable);
		for (unsigned i = 0; i < client_count; i++)
			FD_SET(clients[i].socket, &readable);
		if (select(0, &readable, NULL, NULL, NULL) <= 0)
			return;
		for (unsigned i = client_count; i-- > 0;) {
			if (FD_ISSET(clients[i].socket, &readable) && !read_client(&clients[i]))
				drop_client(i);
		}
		if (FD_ISSET(listener, &readable))
			accept_client(listener);
	}
}

static SOCKET listen_on(unsigned short port)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	SOCKET listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
	BOOL on = TRUE;

	if (listener == INVALID_SOCKET)
		return listener;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons(port);
	/* Winsock's SO_REUSEADDR would let two processes listen on Windows; under Wine it is
	 * Unix's. */
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, (const char *)&on, sizeof(on));
	if (bind(listener, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
		listen(listener, CLIENTS) == 0)
		return listener;
	closesocket(listener);
	return INVALID_SOCKET;
}

static DWORD WINAPI run(void *argument)
{
	unsigned short port = (unsigned short)(uintptr_t)argument;

	for (;;) {
		SOCKET listener = listen_on(port);

		if (listener != INVALID_SOCKET) {
			serve(listener);
			closesocket(listener);
		}
		Sleep(RETRY_MS);
	}
	return 0;
}

bool control_start(unsigned short port)
{
	WSADATA data;
	HANDLE thread;

	if (WSAStartup(MAKEWORD(2, 2), &data) != 0)
		return false;
	thread = CreateThread(
		NULL, 65536, run, (void *)(uintptr_t)port, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
	if (!thread)
		return false;
	CloseHandle(thread);
	return true;
}
