/* SPDX-License-Identifier: MIT */
/*
 * mailbox.h - messages from other threads to the one that decides
 *
 * Senders put, the one receiver takes everything at once. A sender that can wait (the watch,
 * which may have ten thousand machines to tell of) waits while many messages lie there, so that
 * memory stays bounded; one that must not wait (a worker with a result) never does, and how many
 * results there can be is bounded by the workers' queue.
 */
#ifndef HYPERVIVE_SERVICE_MAILBOX_H
#define HYPERVIVE_SERVICE_MAILBOX_H

#include <stdbool.h>

#include "host/machine.h"
#include "wake/waker.h"

enum message_kind {
	MESSAGE_BEGIN,
	MESSAGE_MACHINE,
	MESSAGE_GONE,
	MESSAGE_COMPLETE, /* text: the host's URI */
	MESSAGE_LOST,     /* text: the reason */
	MESSAGE_POLLING,  /* text: the reason */
	MESSAGE_JOB_DONE,
};

struct message {
	struct message *next;
	enum message_kind kind;
	struct uuid id;          /* gone */
	struct machine *machine; /* machine; owned */
	struct wake_job *job;    /* job done; owned */
	char text[512];
};

struct mailbox;

/* notify is called, on the sender's thread, when the mailbox was empty before. */
struct mailbox *mailbox_new(void (*notify)(void *context), void *context);
void mailbox_free(struct mailbox *mailbox); /* frees what still lies there */

/* NULL when memory is out. message_free() frees what the message owns too. */
struct message *message_new(enum message_kind kind);
void message_free(struct message *message);

/* Takes the message. wait: may wait for room (until mailbox_end_waiting). */
void mailbox_put(struct mailbox *mailbox, struct message *message, bool wait);

/* All messages in the order in which they were put, linked by next; NULL when there are none. */
struct message *mailbox_take(struct mailbox *mailbox);

/* From now on nobody waits for room: the receiver is about to stop. */
void mailbox_end_waiting(struct mailbox *mailbox);

#endif
