/* SPDX-License-Identifier: MIT */
/*
 * journal_reader.h - the events that journal_sink.c wrote, read back from systemd's journal
 */
#ifndef HYPERVIVE_EVENT_LINUX_JOURNAL_READER_H
#define HYPERVIVE_EVENT_LINUX_JOURNAL_READER_H

#include "event/event.h"

struct journal_reader;

/* directory: where journal files lie; NULL for this machine's journal. */
int journal_reader_open(struct journal_reader **reader, const char *directory, struct error *error);

/* Begins with what the journal received at this time or later; before the first _next(). */
int journal_reader_seek(struct journal_reader *reader, int64_t time_us, struct error *error);

/* 1: *event is the next one. 0: there is none for now. Negative: the journal cannot be read. */
int journal_reader_next(struct journal_reader *reader, struct event *event, struct error *error);

/* For poll(): readable, or this time over (-1: none), means to call _process() and _next(). */
int journal_reader_fd(struct journal_reader *reader, struct error *error);
int journal_reader_timeout_ms(struct journal_reader *reader);
int journal_reader_process(struct journal_reader *reader, struct error *error);

/* Whether this user may not read the system's journal, so that its events stay hidden. */
bool journal_reader_hides_system(void);

void journal_reader_close(struct journal_reader *reader); /* NULL is allowed */

#endif
