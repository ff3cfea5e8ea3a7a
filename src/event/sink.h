/* SPDX-License-Identifier: MIT */
/*
 * sink.h - where events go
 *
 * A sink writes one event at a time and may block, fail and recover as it likes: the recorder
 * gives each its own thread and queue. The platform room of a sink implements these four
 * functions; they are called from that one thread only.
 */
#ifndef HYPERVIVE_EVENT_SINK_H
#define HYPERVIVE_EVENT_SINK_H

#include <stdbool.h>

#include "base/error.h"
#include "event/event.h"

struct sink_ops {
	const char *name; /* "journal", "log file", "console": the module of event 1001 */

	/* Writes one event whole, or fails and has written nothing of it that stays. */
	int (*write)(void *context, const struct event *event, struct error *error);

	/* Opens anew what it writes to (after a rotation). May be NULL. */
	void (*reopen)(void *context);

	void (*close)(void *context);
};

struct sink {
	const struct sink_ops *ops;
	void *context;
};

/* Each fills *sink, whose context belongs to the recorder after recorder_add(). */

/* Appends JSON Lines to a file (created with mode 0640). */
int file_sink_open(struct sink *sink, const char *path, struct error *error);

/* The console: text lines (bold and coloured on request), or JSON Lines. Does not own out. */
enum console_style { CONSOLE_TEXT, CONSOLE_COLOR, CONSOLE_JSON };
int console_sink_open(struct sink *sink, int fd, enum console_style style, struct error *error);

/*
 * The system's own log: systemd's journal at its socket (place; NULL: the usual one), the
 * Application log of Windows under an event source (place; NULL: HyperVive).
 */
int system_log_sink_open(struct sink *sink, const char *place, struct error *error);

/* Its name among the sinks: "journal" on Linux, "event log" on Windows. */
extern const char SYSTEM_LOG_NAME[];

/* Whether this host has one at all: one without systemd has none, and that is no error. */
bool system_log_is_here(void);

/* One event as a line for people, with its line's end; shared with `hypervive events`. */
void console_format(const struct event *event, enum console_style style, struct buffer *buffer);

#endif
