/* SPDX-License-Identifier: MIT */
/*
 * record_reader.h - events read back from the system's own log, where system_log_sink wrote them
 *
 * systemd's journal on Linux, the Application log on Windows.
 */
#ifndef HYPERVIVE_EVENT_RECORD_READER_H
#define HYPERVIVE_EVENT_RECORD_READER_H

#include "base/waitable.h"
#include "event/event.h"

struct record_reader;

/* place: another log than this machine's: a folder of journal files; on Windows an .evtx file. */
int record_reader_open(struct record_reader **reader, const char *place, struct error *error);

/* Begins with what the log received at this time or later; before the first _next(). */
int record_reader_seek(struct record_reader *reader, int64_t time_us, struct error *error);

/* 1: *event is the next one. 0: there is none for now. Negative: the log cannot be read. */
int record_reader_next(struct record_reader *reader, struct event *event, struct error *error);

/* Ready, or this time over (-1: none), means to call _process() and _next(). */
int record_reader_waitable(struct record_reader *reader, waitable *what, struct error *error);
int record_reader_timeout_ms(struct record_reader *reader);
int record_reader_process(struct record_reader *reader, struct error *error);

/* A sentence when this user may not read the system's log, so that its events stay hidden; else
 * NULL. */
const char *record_reader_hidden(void);

void record_reader_close(struct record_reader *reader); /* NULL is allowed */

#endif
