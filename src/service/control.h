/* SPDX-License-Identifier: MIT */
/*
 * control.h - speaking to the running service
 *
 * One request, one line, one answer. The service side never blocks on a client.
 */
#ifndef HYPERVIVE_SERVICE_CONTROL_H
#define HYPERVIVE_SERVICE_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { CONTROL_LINE_SIZE = 256 };

/* Where the running service is spoken to, and where it keeps what survives a restart. */
struct service_paths {
	char control[108]; /* the size of a UNIX socket's path */
	char state[512];   /* a directory */
};

/*
 * The system's places for root (/run/hypervive/control, /var/lib/hypervive), the user's own for
 * others; HYPERVIVE_RUNTIME_DIR and HYPERVIVE_STATE_DIR (and what systemd sets:
 * RUNTIME_DIRECTORY, STATE_DIRECTORY) come first.
 */
int service_paths_find(struct service_paths *paths, struct error *error);

struct control;

/* Who asks: as the kernel says. */
struct control_peer {
	long pid, uid;
	char user[64]; /* name of uid, or its number */
};

/*
 * A request line; writes the answer, one line. "ok" begins an answer that is good, "error " a
 * sentence.
 */
typedef void control_request_fn(void *context, const struct control_peer *peer, const char *request,
	char answer[CONTROL_LINE_SIZE]);

/*
 * Fails with ERR_BUSY when another service listens there already. A socket left over is
 * replaced; directories that are missing are created. PATH.lock stands beside the socket while
 * it is open.
 */
int control_open(struct control **opened, const char *path, control_request_fn *request,
	void *context, struct error *error);

/* Fills fds for poll (at most `most`); returns how many. */
struct pollfd;
size_t control_poll_fds(struct control *control, struct pollfd *fds, size_t most);

/* After poll: accepts, reads, answers, ends what has been open for more than 5 s. */
void control_serve(struct control *control, uint64_t now_ns);

/* When control_serve() is to be called next even if poll() says nothing; UINT64_MAX: never. */
uint64_t control_deadline(const struct control *control);

void control_close(struct control *control); /* removes the socket; NULL is allowed */

/*
 * The client's side: one request, the answer without "ok ", within about 5 s. Fails with the
 * service's sentence, and with ERR_NOT_FOUND when no service listens.
 */
int control_ask(
	const char *path, const char *request, char result[CONTROL_LINE_SIZE], struct error *error);

/*
 * Debug mode that survives a restart: the file `debug` in the state directory, which holds "on"
 * or "off". load fails, and *on is false, when the file cannot be read or understood.
 */
int debug_state_load(const char *directory, bool *on, struct error *error); /* none: *on is false */
int debug_state_save(const char *directory, bool on, struct error *error);

#endif
