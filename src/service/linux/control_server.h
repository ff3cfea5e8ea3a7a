/* SPDX-License-Identifier: MIT */
/* control_server.h - the service's side of control.h; never blocks on a client */
#ifndef HYPERVIVE_SERVICE_LINUX_CONTROL_SERVER_H
#define HYPERVIVE_SERVICE_LINUX_CONTROL_SERVER_H

#include "service/control.h"

struct control;

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

/* What was saved; none: *on is false. Fails, and *on is false, when it cannot be read or
 * understood. */
int debug_state_load(const char *state, bool *on, struct error *error);

#endif
