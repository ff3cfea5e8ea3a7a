/* SPDX-License-Identifier: MIT */
/*
 * control.c - speaking to the running service, over a UNIX socket
 *
 * Theory of operation. The service's only thread serves this socket between its other work, so
 * nothing here waits: every descriptor is non-blocking, control_serve() tries whatever might be
 * possible now, and a client gets one line in, one line out, and at most 5 s. There are at most
 * 8 clients; while all places are taken, the socket itself is left out of poll(), and others
 * wait in its queue, in the kernel.
 *
 * Who may listen is decided by a lock on PATH.lock, which the kernel gives back when its holder
 * dies, however it dies. Whoever has the lock may remove a socket that a dead service left
 * behind, and nobody else comes between that and the new one. The lock file itself is removed
 * only by its holder, and a lock counts only while the file still has its name.
 *
 * Who may ask is decided twice: the socket's mode lets in its owner and root, and SO_PEERCRED
 * says who it was.
 */
#include "service/linux/control_server.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "service/linux/paths.h"

enum { CLIENT_MAX = 8, PATH_ROOM = sizeof(((struct sockaddr_un *)0)->sun_path) };

static_assert(PATH_ROOM == sizeof(((struct service_paths *)0)->control),
	"a control path fits into a socket's address");

#define CLIENT_TIME (5 * NS_PER_S)

struct client {
	int fd; /* -1: the place is free */
	uint64_t since;
	struct control_peer peer;
	size_t length; /* of the request so far, or of the answer */
	size_t sent;
	bool answering;
	char line[CONTROL_LINE_SIZE + 1]; /* the answer's line end stands behind its last byte */
};

struct control {
	int listener, lock;
	int spare; /* given up for a moment to accept, and end, a client when descriptors run out */
	uid_t user;
	char user_name[64];
	char path[PATH_ROOM], lock_path[PATH_ROOM + 8];
	control_request_fn *request;
	void *context;
	struct client clients[CLIENT_MAX];
};

static int socket_address(struct sockaddr_un *address, const char *path, struct error *error)
{
	if (strlen(path) >= sizeof(address->sun_path))
		return error_set(error, ERR_FAILED, "the path %s is too long for a socket", path);
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(address->sun_path, path, strlen(path));
	return 0;
}

static int already_listens(const char *path, struct error *error)
{
	return error_set(error, ERR_BUSY, "another hypervive service listens at %s", path);
}

static int take_lock(struct control *control, struct error *error)
{
	for (;;) {
		struct stat held, named;
		int fd = open(control->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

		if (fd < 0)
			return error_set_errno(
				error, ERR_FAILED, errno, "cannot create %s", control->lock_path);
		if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
			int cause = errno;

			close(fd);
			if (cause == EWOULDBLOCK)
				return already_listens(control->path, error);
			return error_set_errno(
				error, ERR_FAILED, cause, "cannot lock %s", control->lock_path);
		}
		if (fstat(fd, &held) == 0 && stat(control->lock_path, &named) == 0 &&
			held.st_dev == named.st_dev && held.st_ino == named.st_ino) {
			control->lock = fd;
			return 0;
		}
		close(fd); /* its last holder removed it between our two calls */
	}
}

/* Removes what a dead service left at the path, and nothing else. */
static int remove_stale(const struct sockaddr_un *address, struct error *error)
{
	const char *path = address->sun_path;
	struct stat status;
	bool alive;
	int fd;

	if (lstat(path, &status) != 0)
		return errno == ENOENT ? 0
				       : error_set_errno(error, ERR_FAILED, errno,
						 "cannot look at %s", path);
	if (!S_ISSOCK(status.st_mode))
		return error_set(error, ERR_FAILED, "%s exists and is not a socket", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_set_errno(error, ERR_FAILED, errno, "cannot create a socket");
	/* EAGAIN: somebody listens, and the queue is full. */
	alive = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
		(errno != ECONNREFUSED && errno != ENOENT);
	close(fd);
	if (alive)
		return already_listens(path, error);
	if (unlink(path) != 0 && errno != ENOENT)
		return error_set_errno(error, ERR_FAILED, errno, "cannot remove %s", path);
	return 0;
}

/* Between bind and listen nobody can connect, so the mode is right before it matters. */
static int begin_to_listen(struct control *control, struct error *error)
{
	struct sockaddr_un address;
	int failed = socket_address(&address, control->path, error);

	if (!failed)
		failed = remove_stale(&address, error);
	if (failed)
		return failed;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_set_errno(error, ERR_FAILED, errno, "cannot create a socket");
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		failed = error_set_errno(
			error, ERR_FAILED, errno, "cannot create the socket %s", control->path);
		close(fd);
		return failed;
	}
	control->listener = fd; /* from here on control_close() removes the socket */
	if (chmod(control->path, 0600) != 0 || listen(fd, CLIENT_MAX) != 0)
		return error_set_errno(
			error, ERR_FAILED, errno, "cannot listen at %s", control->path);
	return 0;
}

static void name_user(uid_t user, char *name, size_t size)
{
	const struct passwd *entry = getpwuid(user);

	if (entry)
		text_copy(name, size, entry->pw_name);
	else
		snprintf(name, size, "%lu", (unsigned long)user);
}

int control_open(struct control **opened, const char *path, control_request_fn *request,
	void *context, struct error *error)
{
	struct control *control;
	int failed;

	if (strlen(path) >= sizeof(control->path))
		return error_set(error, ERR_FAILED, "the path %s is too long for a socket", path);
	control = calloc(1, sizeof(*control));
	if (!control)
		return error_set(
			error, ERR_FAILED, "there is not enough memory for the control socket");
	control->listener = control->lock = -1;
	control->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; i < CLIENT_MAX; i++)
		control->clients[i].fd = -1;
	control->request = request;
	control->context = context;
	control->user = geteuid();
	/* Looked up now, because a name service may take its time; asked for are only these two. */
	name_user(control->user, control->user_name, sizeof(control->user_name));
	snprintf(control->path, sizeof(control->path), "%s", path);
	snprintf(control->lock_path, sizeof(control->lock_path), "%s.lock", path);

	failed = paths_make_parents(path, error);
	if (!failed)
		failed = take_lock(control, error);
	if (!failed)
		failed = begin_to_listen(control, error);
	if (failed) {
		control_close(control);
		return failed;
	}
	*opened = control;
	return 0;
}

static struct client *free_place(struct control *control)
{
	for (size_t i = 0; i < CLIENT_MAX; i++) {
		if (control->clients[i].fd < 0)
			return &control->clients[i];
	}
	return NULL;
}

size_t control_poll_fds(struct control *control, struct pollfd *fds, size_t most)
{
	size_t count = 0;

	if (count < most && free_place(control))
		fds[count++] = (struct pollfd){.fd = control->listener, .events = POLLIN};
	for (size_t i = 0; i < CLIENT_MAX && count < most; i++) {
		const struct client *client = &control->clients[i];

		if (client->fd >= 0)
			fds[count++] = (struct pollfd){
				.fd = client->fd, .events = client->answering ? POLLOUT : POLLIN};
	}
	return count;
}

static void end_client(struct client *client)
{
	close(client->fd);
	client->fd = -1;
}

static void send_answer(struct client *client)
{
	while (client->sent < client->length) {
		ssize_t sent = send(client->fd, client->line + client->sent,
			client->length - client->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return; /* goes on when poll says so */
		if (sent < 0)
			break;
		client->sent += (size_t)sent;
	}
	end_client(client);
}

/* One line whatever the text is. */
static void answer(struct client *client, const char *text)
{
	text_copy(client->line, CONTROL_LINE_SIZE, text);
	client->length = strlen(client->line);
	for (size_t i = 0; i < client->length; i++) {
		if (client->line[i] == '\n')
			client->line[i] = ' ';
	}
	client->line[client->length++] = '\n';
	client->sent = 0;
	client->answering = true;
	send_answer(client);
}

static void answer_request(struct control *control, struct client *client, size_t length)
{
	char request[CONTROL_LINE_SIZE], text[CONTROL_LINE_SIZE] = "";

	if (memchr(client->line, '\0', length)) {
		answer(client, "error the request holds a NUL byte");
		return;
	}
	if (length > 0 && client->line[length - 1] == '\r')
		length--;
	memcpy(request, client->line, length);
	request[length] = '\0';
	control->request(control->context, &client->peer, request, text);
	answer(client, text);
}

static void read_request(struct control *control, struct client *client)
{
	for (;;) {
		size_t room = CONTROL_LINE_SIZE - client->length;
		ssize_t got = recv(client->fd, client->line + client->length, room, MSG_DONTWAIT);
		char *end;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (got < 0) {
			end_client(client);
			return;
		}
		if (got == 0 && client->length == 0) {
			end_client(client);
			return;
		}
		if (got == 0) {
			answer(client, "error the request does not end with a line's end");
			return;
		}
		end = memchr(client->line + client->length, '\n', (size_t)got);
		client->length += (size_t)got;
		if (end) {
			answer_request(control, client, (size_t)(end - client->line));
			return;
		}
		if (client->length == CONTROL_LINE_SIZE) {
			answer(client, "error the request is too long");
			return;
		}
	}
}

/* Who it is; false for somebody who may ask nothing. */
static bool know_peer(const struct control *control, struct client *client)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t length = sizeof(peer);

	if (getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0)
		return false;
	if (peer.uid != 0 && peer.uid != control->user)
		return false;
	client->peer = (struct control_peer){.pid = peer.pid, .uid = peer.uid};
	text_copy(client->peer.user, sizeof(client->peer.user),
		peer.uid == control->user ? control->user_name : "root");
	return true;
}

static void refuse(const struct control *control, struct client *client)
{
	char text[CONTROL_LINE_SIZE];

	if (control->user == 0)
		snprintf(text, sizeof(text), "error only root may do that");
	else
		snprintf(text, sizeof(text), "error only root or %s may do that",
			control->user_name);
	answer(client, text);
	if (client->fd >= 0)
		end_client(client);
}

/* Without a descriptor to spare nobody can be accepted, and poll would never rest again. */
static void end_one_without_descriptors(struct control *control)
{
	if (control->spare < 0)
		return;
	close(control->spare);
	int fd = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0)
		close(fd);
	control->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void accept_clients(struct control *control, uint64_t now_ns)
{
	struct client *client;

	/* So many at most: the service has other work. */
	for (unsigned i = 0; i < CLIENT_MAX && (client = free_place(control)); i++) {
		int fd = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0 && (errno == EMFILE || errno == ENFILE))
			end_one_without_descriptors(control);
		if (fd < 0)
			return;
		*client = (struct client){.fd = fd, .since = now_ns};
		if (!know_peer(control, client))
			refuse(control, client);
	}
}

void control_serve(struct control *control, uint64_t now_ns)
{
	for (size_t i = 0; i < CLIENT_MAX; i++) {
		struct client *client = &control->clients[i];

		if (client->fd >= 0 && now_ns > client->since &&
			now_ns - client->since > CLIENT_TIME)
			end_client(client);
	}
	accept_clients(control, now_ns);
	for (size_t i = 0; i < CLIENT_MAX; i++) {
		struct client *client = &control->clients[i];

		if (client->fd >= 0 && client->answering)
			send_answer(client);
		else if (client->fd >= 0)
			read_request(control, client);
	}
}

uint64_t control_deadline(const struct control *control)
{
	uint64_t deadline = UINT64_MAX;

	for (size_t i = 0; i < CLIENT_MAX; i++) {
		const struct client *client = &control->clients[i];

		if (client->fd >= 0 && client->since + CLIENT_TIME + 1 < deadline)
			deadline = client->since + CLIENT_TIME + 1;
	}
	return deadline;
}

void control_close(struct control *control)
{
	if (!control)
		return;
	for (size_t i = 0; i < CLIENT_MAX; i++) {
		if (control->clients[i].fd >= 0)
			end_client(&control->clients[i]);
	}
	if (control->listener >= 0) {
		unlink(control->path);
		close(control->listener);
	}
	if (control->lock >= 0) {
		unlink(control->lock_path); /* before the lock is given back: see take_lock() */
		close(control->lock);
	}
	if (control->spare >= 0)
		close(control->spare);
	free(control);
}

/* Waits until the socket is ready; false when the time is over. */
static bool wait_ready(int fd, short events, uint64_t deadline)
{
	for (;;) {
		struct pollfd ready = {.fd = fd, .events = events};
		uint64_t now = clock_monotonic_ns();
		int count;

		if (now >= deadline)
			return false;
		count = poll(&ready, 1, (int)((deadline - now) / NS_PER_MS) + 1);
		if (count > 0)
			return true;
		if (count < 0 && errno != EINTR)
			return false;
	}
}

static int connect_to_service(const char *path, int *opened, struct error *error)
{
	struct sockaddr_un address;
	struct timeval limit = {.tv_sec = 5};
	int failed = socket_address(&address, path, error);

	if (failed)
		return failed;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_set_errno(error, ERR_FAILED, errno, "cannot create a socket");
	/* This bounds connect(), which waits while the service's queue is full. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
		*opened = fd;
		return 0;
	}
	if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR)
		failed =
			error_set(error, ERR_NOT_FOUND, "no hypervive service listens at %s", path);
	else
		failed = error_set_errno(
			error, ERR_FAILED, errno, "cannot speak to the service at %s", path);
	close(fd);
	return failed;
}

/* Reads up to the line's end; the number of bytes before it, or -1 when it never came. */
static ssize_t read_line(int fd, char line[CONTROL_LINE_SIZE], uint64_t deadline)
{
	size_t length = 0;

	while (length < CONTROL_LINE_SIZE && wait_ready(fd, POLLIN, deadline)) {
		ssize_t got = recv(fd, line + length, CONTROL_LINE_SIZE - length, MSG_DONTWAIT);
		char *end;

		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0)
			break;
		end = memchr(line + length, '\n', (size_t)got);
		if (end)
			return end - line;
		length += (size_t)got;
	}
	return -1;
}

int control_ask(
	const char *path, const char *request, char result[CONTROL_LINE_SIZE], struct error *error)
{
	char line[CONTROL_LINE_SIZE], text[CONTROL_LINE_SIZE];
	ssize_t length;
	int fd = -1, failed;

	if (strlen(request) + 1 > sizeof(line) || strchr(request, '\n'))
		return error_set(error, ERR_USAGE, "the request is not a short line");
	failed = connect_to_service(path, &fd, error);
	if (failed)
		return failed;
	length = snprintf(text, sizeof(text), "%s", request);
	text[length] = '\n';
	/* A service that refuses us may have closed already: its answer is there to be read. */
	(void)!send(fd, text, (size_t)length + 1, MSG_NOSIGNAL);
	length = read_line(fd, line, clock_monotonic_ns() + CLIENT_TIME);
	close(fd);
	if (length < 0)
		return error_set(error, ERR_FAILED, "the service at %s does not answer", path);
	text_copy_bytes(text, sizeof(text), line, (size_t)length);
	if (strncmp(text, "error ", 6) == 0)
		return error_set(error, ERR_FAILED, "%s", text + 6);
	if (strncmp(text, "ok", 2) != 0 || (text[2] != ' ' && text[2] != '\0'))
		return error_set(error, ERR_FAILED,
			"what the service at %s answers cannot be understood", path);
	snprintf(result, CONTROL_LINE_SIZE, "%s", text[2] ? text + 3 : "");
	return 0;
}
