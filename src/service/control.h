/* SPDX-License-Identifier: MIT */
/*
 * control.h - speaking to the running service
 *
 * One request, one line, one answer: over a UNIX socket on Linux, a named pipe on Windows. The
 * service's side is linux/control_server.h and windows/control_server.h.
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
	char control[108]; /* the size of a UNIX socket's path; a pipe's name on Windows */
	char state[512];   /* a directory; on Windows the key of the registry */
};

/*
 * Linux: the system's places for root (/run/hypervive/control, /var/lib/hypervive), the user's own
 * for others; HYPERVIVE_RUNTIME_DIR and HYPERVIVE_STATE_DIR (and what systemd sets:
 * RUNTIME_DIRECTORY, STATE_DIRECTORY) come first.
 */
int service_paths_find(struct service_paths *paths, struct error *error);

/* Who asks: as the system says. */
struct control_peer {
	long pid;       /* 0 where it is not known */
	long uid;       /* Linux */
	char user[128]; /* the name; DOMAIN\user on Windows */
};

/*
 * A request line; writes the answer, one line. "ok" begins an answer that is good, "error " a
 * sentence.
 */
typedef void control_request_fn(void *context, const struct control_peer *peer, const char *request,
	char answer[CONTROL_LINE_SIZE]);

/*
 * The client's side: one request, the answer without "ok ", within about 5 s. Fails with the
 * service's sentence, and with ERR_NOT_FOUND when no service listens.
 */
int control_ask(
	const char *path, const char *request, char result[CONTROL_LINE_SIZE], struct error *error);

/*
 * Debug mode that survives a restart: the file `debug` in the state directory, which holds "on"
 * or "off"; on Windows the value DebugMode of the service's key.
 */
int debug_state_save(const char *state, bool on, struct error *error);

#endif
