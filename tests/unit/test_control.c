/* SPDX-License-Identifier: MIT */
/* The control socket with real clients, good and bad; the paths; the debug mode's file. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "service/linux/control_server.h"
#include "tap.h"

static char place[] = "/tmp/hypervive-test-XXXXXX";
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

static int connect_client(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void say(int fd, const char *text)
{
	(void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* What has come: "" nothing yet, "<end>" when the other side has closed. */
static const char *heard(int fd)
{
	static char text[1024];
	ssize_t length = recv(fd, text, sizeof(text) - 1, 0);

	if (length < 0)
		return errno == EAGAIN ? "" : "<end>";
	if (length == 0)
		return "<end>";
	text[length] = '\0';
	return text;
}

static struct control *open_control(void)
{
	struct control *control = NULL;
	struct error error = {0};

	ok(control_open(&control, path, answer_request, NULL, &error) == 0, "opens %s", error.text);
	return control;
}

static void test_requests(void)
{
	struct control *control = open_control();
	struct pollfd fds[16];
	struct stat status;
	uint64_t now = 1000 * NS_PER_S;
	int client;

	ok(stat(path, &status) == 0 && S_ISSOCK(status.st_mode) && (status.st_mode & 07777) == 0600,
		"a socket of mode 0600");
	is_number(control_poll_fds(control, fds, 16), 1, "one descriptor to poll");
	is_number(control_poll_fds(control, fds, 0), 0, "none where there is no room");
	ok(control_deadline(control) == UINT64_MAX, "nothing to be done at any time");

	client = connect_client();
	ok(poll(fds, control_poll_fds(control, fds, 16), 0) == 1, "poll tells of a client");
	say(client, "pi");
	control_serve(control, now);
	is_text(heard(client), "", "half a request has no answer");
	is_number(control_poll_fds(control, fds, 16), 2, "two descriptors to poll");
	ok(control_deadline(control) > now && control_deadline(control) < now + 6 * NS_PER_S,
		"and a time limit");
	say(client, "ng\r\nmore");
	control_serve(control, now);
	is_text(heard(client), "ok\n", "a whole one has");
	is_text(heard(client), "<end>", "and then it is over");
	is_text(last_request, "ping", "without the line's end, also of CRLF");
	is_number(last_peer.uid, geteuid(), "who asks");
	is_number(last_peer.pid, getpid(), "from where");
	ok(last_peer.user[0] != '\0', "by name: %s", last_peer.user);
	close(client);

	client = connect_client();
	say(client, "lines\n");
	shutdown(client, SHUT_WR);
	control_serve(control, now);
	is_text(heard(client), "ok one two\n", "an answer is one line");
	close(client);
	client = connect_client();
	say(client, "long\n");
	control_serve(control, now);
	is_number(strlen(heard(client)), CONTROL_LINE_SIZE, "the longest answer, and a line's end");
	close(client);
	control_close(control);
	ok(access(path, F_OK) != 0, "closing removes the socket");
	control_close(NULL);
}

static void is_answered(struct control *control, const char *bytes, size_t length, const char *want,
	const char *what)
{
	unsigned before = requests;
	int client = connect_client();

	(void)!send(client, bytes, length, MSG_NOSIGNAL);
	shutdown(client, SHUT_WR);
	control_serve(control, 1);
	is_text(heard(client), want, "%s", what);
	is_number(requests, before, "... and is no request");
	close(client);
}

static void test_bad_requests(void)
{
	struct control *control = open_control();
	char large[CONTROL_LINE_SIZE * 4];
	struct pollfd fds[16];
	int client;

	memset(large, 'a', sizeof(large));
	is_answered(control, large, sizeof(large), "error the request is too long\n", "too long");
	large[CONTROL_LINE_SIZE] = '\n';
	is_answered(control, large, CONTROL_LINE_SIZE + 1, "error the request is too long\n",
		"too long by one");
	is_answered(control, "a\0b\n", 4, "error the request holds a NUL byte\n", "a NUL byte");
	is_answered(control, "ping", 4, "error the request does not end with a line's end\n",
		"cut off");
	is_answered(control, "", 0, "<end>", "nothing at all");

	large[CONTROL_LINE_SIZE - 1] = '\n';
	client = connect_client();
	(void)!send(client, large, CONTROL_LINE_SIZE, MSG_NOSIGNAL);
	control_serve(control, 1);
	is_number(strlen(last_request), CONTROL_LINE_SIZE - 1, "the longest request");
	close(client);

	/* Asks and is gone before the answer: no SIGPIPE, nothing left over. */
	client = connect_client();
	say(client, "ping\n");
	close(client);
	client = connect_client();
	close(client);
	control_serve(control, 1);
	is_number(control_poll_fds(control, fds, 16), 1, "clients that go away leave nothing");
	control_close(control);
}

static void test_crowd(void)
{
	struct control *control = open_control();
	uint64_t now = 50 * NS_PER_S;
	struct pollfd fds[16];
	int idle[8], late;

	for (int i = 0; i < 8; i++)
		idle[i] = connect_client();
	control_serve(control, now);
	control_serve(control, now);
	late = connect_client();
	say(late, "ping\n");
	control_serve(control, now + NS_PER_S);
	is_text(heard(late), "", "a ninth client waits");
	is_number(control_poll_fds(control, fds, 16), 8, "and poll is not asked about it");
	ok(poll(fds, 8, 0) == 0, "so that it rests");
	is_number(control_poll_fds(control, fds, 3), 3, "no more than there is room for");
	control_serve(control, now + 5 * NS_PER_S);
	is_text(heard(idle[0]), "", "after 5 s they are there still");
	control_serve(control, control_deadline(control));
	is_text(heard(idle[0]), "<end>", "and then no more");
	is_text(heard(late), "ok\n", "the ninth has its turn");
	for (int i = 0; i < 8; i++)
		close(idle[i]);
	close(late);

	/* One place is free: the slow ones do not hold up the quick one. */
	for (int i = 0; i < 7; i++) {
		idle[i] = connect_client();
		say(idle[i], "p");
	}
	late = connect_client();
	say(late, "ping\n");
	control_serve(control, now);
	is_text(heard(late), "ok\n", "seven slow clients disturb nobody");
	for (int i = 0; i < 7; i++)
		close(idle[i]);
	close(late);
	control_close(control);
}

static void test_no_descriptors(void)
{
	struct control *control = open_control();
	struct rlimit limit, kept;
	struct pollfd fds[16];
	int client = connect_client(), next;

	getrlimit(RLIMIT_NOFILE, &kept);
	next = dup(0);
	close(next);
	limit = (struct rlimit){(rlim_t)next, kept.rlim_max};
	setrlimit(RLIMIT_NOFILE, &limit);
	say(client, "ping\n");
	control_serve(control, 1);
	setrlimit(RLIMIT_NOFILE, &kept);
	is_text(heard(client), "<end>", "without descriptors a client is sent away");
	ok(poll(fds, control_poll_fds(control, fds, 16), 0) == 0, "and poll rests");
	close(client);
	client = connect_client();
	say(client, "ping\n");
	control_serve(control, 1);
	is_text(heard(client), "ok\n", "afterwards all is well");
	close(client);
	control_close(control);
}

static void test_second_service(void)
{
	struct control *first = open_control(), *second = NULL;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct error error = {0};
	char lock[128], want[256];
	int fd, status;
	pid_t child;

	snprintf(lock, sizeof(lock), "%s.lock", path);
	snprintf(want, sizeof(want), "another hypervive service listens at %s", path);
	is_number(control_open(&second, path, answer_request, NULL, &error), -ERR_BUSY,
		"a second one");
	is_text(error.text, want, "is told why not");
	fd = connect_client();
	ok(fd >= 0 && access(path, F_OK) == 0, "and the first is undisturbed");
	close(fd);
	control_close(first);
	ok(access(lock, F_OK) != 0, "no lock file is left");

	/* A service that was killed: its socket is there, and nobody behind it. */
	child = fork();
	if (child == 0) {
		_exit(control_open(&first, path, answer_request, NULL, &error) ? 1 : 0);
	}
	waitpid(child, &status, 0);
	ok(status == 0 && access(path, F_OK) == 0 && access(lock, F_OK) == 0,
		"a dead service's socket");
	first = open_control();
	fd = connect_client();
	ok(fd >= 0, "is replaced");
	close(fd);
	control_close(first);

	/* Somebody else's live socket, without our lock. */
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		listen(fd, 1);
	is_number(control_open(&second, path, answer_request, NULL, &error), -ERR_BUSY,
		"a socket somebody listens at is not taken away");
	ok(access(path, F_OK) == 0, "it is still there");
	close(fd);
	unlink(path);

	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	close(fd);
	ok(control_open(&second, path, answer_request, NULL, &error) < 0 &&
			strstr(error.text, "is not a socket"),
		"a file in the socket's place: %s", error.text);
	ok(access(path, F_OK) == 0, "is not removed");
	unlink(path);
	ok(access(lock, F_OK) != 0, "no lock file is left by those that failed");
	memset(want, 'p', 200);
	want[0] = '/';
	want[200] = '\0';
	ok(control_open(&second, want, answer_request, NULL, &error) < 0 &&
			strstr(error.text, "too long"),
		"a path that fits into no socket");
}

static void test_strangers(void)
{
	struct control *control;
	char answer[CONTROL_LINE_SIZE];
	struct error error = {0};
	int status;
	pid_t child;

	if (geteuid() != 0) {
		ok(true, "strangers # SKIP needs root, to become somebody else");
		return;
	}
	control = open_control();
	chmod(place, 0755);
	child = fork();
	if (child == 0)
		_exit(setuid(65534) == 0 &&
					control_ask(path, "ping", answer, &error) == -ERR_FAILED &&
					strstr(error.text, "Permission denied")
				? 0
				: 1);
	waitpid(child, &status, 0);
	is_number(status, 0, "the socket's mode keeps strangers out");

	/* Somebody opened the mode: the kernel still says who it is. */
	chmod(path, 0666);
	requests = 0;
	child = fork();
	if (child == 0)
		_exit(setuid(65534) == 0 &&
					control_ask(path, "ping", answer, &error) == -ERR_FAILED &&
					strcmp(error.text, "only root may do that") == 0
				? 0
				: 1);
	for (int i = 0; i < 500 && waitpid(child, &status, WNOHANG) == 0; i++) {
		control_serve(control, 1);
		usleep(10000);
	}
	is_number(status, 0, "and then they are told so");
	is_number(requests, 0, "no request of theirs was heard");
	control_close(control);
}

static atomic_bool stop;

static void *serve(void *context)
{
	struct control *control = context;
	struct pollfd fds[16];

	while (!stop) {
		poll(fds, control_poll_fds(control, fds, 16), 20);
		control_serve(control, clock_monotonic_ns());
	}
	return NULL;
}

static void test_ask(void)
{
	char answer[CONTROL_LINE_SIZE] = "", large[CONTROL_LINE_SIZE + 1], want[256];
	struct error error = {0};
	struct control *control;
	pthread_t thread;

	snprintf(want, sizeof(want), "no hypervive service listens at %s", path);
	is_number(control_ask(path, "ping", answer, &error), -ERR_NOT_FOUND, "nobody there");
	is_text(error.text, want, "is said so");

	control = open_control();
	stop = false;
	pthread_create(&thread, NULL, serve, control);
	is_number(control_ask(path, "ping", answer, &error), 0, "a question");
	is_text(answer, "", "ok alone is an empty answer");
	is_number(control_ask(path, "debug on", answer, &error), 0, "another");
	is_text(answer, "you said debug on", "the answer comes without ok");
	is_number(control_ask(path, "refuse", answer, &error), -ERR_FAILED, "a refusal");
	is_text(error.text, "the moon is not full", "with the service's sentence");
	ok(control_ask(path, "strange", answer, &error) < 0 && strstr(error.text, "understood"),
		"an answer that is neither");
	ok(control_ask(path, "two\nlines", answer, &error) == -ERR_USAGE,
		"two lines are no request");
	memset(large, 'x', sizeof(large));
	large[CONTROL_LINE_SIZE - 1] = '\0';
	ok(control_ask(path, large, answer, &error) == 0, "the longest request");
	large[CONTROL_LINE_SIZE - 1] = 'x';
	large[CONTROL_LINE_SIZE] = '\0';
	ok(control_ask(path, large, answer, &error) == -ERR_USAGE, "one byte more is refused");
	stop = true;
	pthread_join(thread, NULL);
	control_close(control);
	ok(control_ask(path, "ping", answer, &error) == -ERR_NOT_FOUND, "nobody any more");
}

static void clear_environment(void)
{
	static const char *const NAMES[] = {"HYPERVIVE_RUNTIME_DIR", "HYPERVIVE_STATE_DIR",
		"RUNTIME_DIRECTORY", "STATE_DIRECTORY", "XDG_RUNTIME_DIR", "XDG_STATE_HOME",
		"HOME"};

	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
		unsetenv(NAMES[i]);
}

/* In a process of its own, as an ordinary user: the paths that are found then. */
static void user_finds(const char *control, const char *state, const char *what)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct service_paths paths;
		struct error error = {0};

		if (geteuid() == 0 && setuid(65533) != 0)
			_exit(2);
		if (service_paths_find(&paths, &error) != 0 ||
			strcmp(paths.control, control) != 0 || strcmp(paths.state, state) != 0)
			_exit(1);
		_exit(0);
	}
	waitpid(child, &status, 0);
	is_number(status, 0, "%s", what);
}

static void test_paths(void)
{
	struct service_paths paths;
	struct error error = {0};
	char large[200];

	clear_environment();
	if (geteuid() == 0) {
		is_number(service_paths_find(&paths, &error), 0, "root's paths");
		is_text(paths.control, "/run/hypervive/control", "the socket");
		is_text(paths.state, "/var/lib/hypervive", "the state");
	}
	setenv("RUNTIME_DIRECTORY", "/run/a:/run/b", 1);
	setenv("STATE_DIRECTORY", "/var/lib/a", 1);
	is_number(service_paths_find(&paths, &error), 0, "systemd's paths");
	is_text(paths.control, "/run/a/control", "the first of several");
	is_text(paths.state, "/var/lib/a", "the state");
	setenv("HYPERVIVE_RUNTIME_DIR", "/x:y", 1);
	setenv("HYPERVIVE_STATE_DIR", "/z", 1);
	is_number(service_paths_find(&paths, &error), 0, "our own variables");
	is_text(paths.control, "/x:y/control", "come first");
	is_text(paths.state, "/z", "both");
	setenv("HYPERVIVE_STATE_DIR", "relative", 1);
	ok(service_paths_find(&paths, &error) < 0 && strstr(error.text, "HYPERVIVE_STATE_DIR"),
		"%s", error.text);
	memset(large, 'p', sizeof(large) - 1);
	large[0] = '/';
	large[sizeof(large) - 1] = '\0';
	setenv("HYPERVIVE_RUNTIME_DIR", large, 1);
	ok(service_paths_find(&paths, &error) < 0 && strstr(error.text, "too long"),
		"a directory too long for a socket");

	clear_environment();
	setenv("XDG_RUNTIME_DIR", "/run/user/1", 1);
	setenv("HOME", "/home/one", 1);
	user_finds("/run/user/1/hypervive/control", "/home/one/.local/state/hypervive",
		"a user with a login");
	unsetenv("XDG_RUNTIME_DIR");
	/* Only as root can the test become a user who surely has no login. */
	if (geteuid() == 0)
		user_finds("/home/one/.local/state/hypervive/control",
			"/home/one/.local/state/hypervive", "a user without one");
	setenv("XDG_RUNTIME_DIR", "relative", 1);
	setenv("XDG_STATE_HOME", "/home/one/state", 1);
	if (geteuid() == 0)
		user_finds("/home/one/state/hypervive/control", "/home/one/state/hypervive",
			"XDG_STATE_HOME, and a runtime directory that is no path");
	clear_environment();
}

static void put_debug(const char *directory, const char *text)
{
	char file[256];
	FILE *out;

	snprintf(file, sizeof(file), "%s/debug", directory);
	out = fopen(file, "w");
	fputs(text, out);
	fclose(out);
}

static void test_debug_state(void)
{
	static const char *const BAD[] = {
		"", "yes\n", "on\non\n", "onwards and upwards for ever\n"};
	char directory[200], file[256], fresh[256];
	struct error error = {0};
	struct stat status;
	bool on = true;

	snprintf(directory, sizeof(directory), "%s/state/deep", place);
	ok(debug_state_load(directory, &on, &error) == 0 && !on, "no file is off");
	is_number(debug_state_save(directory, true, &error), 0, "saves, directories and all");
	ok(debug_state_load(directory, &on, &error) == 0 && on, "on is on");
	is_number(debug_state_save(directory, false, &error), 0, "saves again");
	on = true;
	ok(debug_state_load(directory, &on, &error) == 0 && !on, "off is off");
	snprintf(file, sizeof(file), "%s/debug", directory);
	snprintf(fresh, sizeof(fresh), "%s/.debug.new", directory);
	ok(stat(file, &status) == 0 && status.st_size == 4, "the file holds off and a line's end");
	ok(access(fresh, F_OK) != 0, "nothing else is left");
	put_debug(directory, "ON");
	ok(debug_state_load(directory, &on, &error) == 0 && on, "written by hand");
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		put_debug(directory, BAD[i]);
		on = true;
		ok(debug_state_load(directory, &on, &error) < 0 && !on &&
				strstr(error.text, "neither on nor off"),
			"content %zu is not understood", i);
	}
	/* A directory in the file's place: neither read nor replaced, and said so. */
	unlink(file);
	mkdir(file, 0755);
	ok(debug_state_load(directory, &on, &error) < 0, "%s", error.text);
	ok(debug_state_save(directory, true, &error) < 0 && access(fresh, F_OK) != 0, "%s",
		error.text);
	rmdir(file);
	put_debug(place, "on");
	snprintf(directory, sizeof(directory), "%s/debug/below", place);
	ok(debug_state_save(directory, true, &error) < 0, "%s", error.text);
	ok(debug_state_load(directory, &on, &error) == 0 && !on, "and there is none");
}

int main(void)
{
	char command[128];

	if (!mkdtemp(place))
		return 1;
	snprintf(path, sizeof(path), "%s/run/control", place);
	test_requests();
	test_bad_requests();
	test_crowd();
	test_no_descriptors();
	test_second_service();
	test_strangers();
	test_ask();
	test_paths();
	test_debug_state();
	snprintf(command, sizeof(command), "rm -rf '%s'", place);
	ok(system(command) == 0, "cleans up");
	return tap_done();
}
