/* SPDX-License-Identifier: MIT */
#include "service/mailbox.h"

#include <pthread.h>
#include <stdlib.h>

enum { ROOM = 256 };

struct mailbox {
	pthread_mutex_t lock;
	pthread_cond_t room;
	struct message *first, **last;
	unsigned count;
	bool no_waiting;
	void (*notify)(void *context);
	void *context;
};

struct mailbox *mailbox_new(void (*notify)(void *context), void *context)
{
	struct mailbox *mailbox = calloc(1, sizeof(*mailbox));

	if (!mailbox)
		return NULL;
	pthread_mutex_init(&mailbox->lock, NULL);
	pthread_cond_init(&mailbox->room, NULL);
	mailbox->last = &mailbox->first;
	mailbox->notify = notify;
	mailbox->context = context;
	return mailbox;
}

struct message *message_new(enum message_kind kind)
{
	struct message *message = calloc(1, sizeof(*message));

	if (message)
		message->kind = kind;
	return message;
}

void message_free(struct message *message)
{
	if (!message)
		return;
	if (message->machine)
		machine_clear(message->machine);
	free(message->machine);
	free(message->job);
	free(message);
}

void mailbox_free(struct mailbox *mailbox)
{
	if (!mailbox)
		return;
	while (mailbox->first) {
		struct message *message = mailbox->first;

		mailbox->first = message->next;
		message_free(message);
	}
	pthread_cond_destroy(&mailbox->room);
	pthread_mutex_destroy(&mailbox->lock);
	free(mailbox);
}

void mailbox_put(struct mailbox *mailbox, struct message *message, bool wait)
{
	pthread_mutex_lock(&mailbox->lock);
	while (wait && mailbox->count >= ROOM && !mailbox->no_waiting)
		pthread_cond_wait(&mailbox->room, &mailbox->lock);
	bool was_empty = !mailbox->first;
	message->next = NULL;
	*mailbox->last = message;
	mailbox->last = &message->next;
	mailbox->count++;
	pthread_mutex_unlock(&mailbox->lock);
	if (was_empty)
		mailbox->notify(mailbox->context);
}

struct message *mailbox_take(struct mailbox *mailbox)
{
	pthread_mutex_lock(&mailbox->lock);
	struct message *first = mailbox->first;
	mailbox->first = NULL;
	mailbox->last = &mailbox->first;
	mailbox->count = 0;
	pthread_cond_broadcast(&mailbox->room);
	pthread_mutex_unlock(&mailbox->lock);
	return first;
}

void mailbox_end_waiting(struct mailbox *mailbox)
{
	pthread_mutex_lock(&mailbox->lock);
	mailbox->no_waiting = true;
	pthread_cond_broadcast(&mailbox->room);
	pthread_mutex_unlock(&mailbox->lock);
}
