/* SPDX-License-Identifier: MIT */
/* control_server.h - the service's side of control.h; never blocks on a client */
#ifndef HYPERVIVE_SERVICE_WINDOWS_CONTROL_SERVER_H
#define HYPERVIVE_SERVICE_WINDOWS_CONTROL_SERVER_H

#include <windef.h>

#include "service/control.h"

enum { CONTROL_CLIENTS_MAX = 8 };

struct control;

/* Who may ask besides SYSTEM and the administrators. */
enum control_access { CONTROL_ADMINISTRATORS, CONTROL_OWNER_TOO };

/* Fails with ERR_BUSY when another service listens there already. */
int control_open(struct control **opened, const char *path, enum control_access access,
	control_request_fn *request, void *context, struct error *error);

/* Fills events for the wait (at most `most`); returns how many. */
size_t control_events(const struct control *control, HANDLE *events, size_t most);

/* After the wait: reads, answers, ends what has been open for more than 5 s. */
void control_serve(struct control *control, uint64_t now_ns);

/* When control_serve() is to be called next even if no event says so; UINT64_MAX: never. */
uint64_t control_deadline(const struct control *control);

void control_close(struct control *control); /* NULL is allowed */

#endif
