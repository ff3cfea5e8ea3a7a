/* SPDX-License-Identifier: MIT */
/* Workers and mailbox: nothing is lost, nothing blocks, a stuck job does not hold the end. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "service/mailbox.h"
#include "service/workers.h"
#include "tap.h"

static atomic_int ran, notified;
static atomic_bool hold;
static struct workers *volatile left_behind; /* still reachable, so no leak */

static void run(void *context, struct wake_job *job)
{
	(void)context;
	while (atomic_load(&hold))
		usleep(1000);
	atomic_fetch_add(&ran, job->result_code == 7 ? 1 : 1000000);
}

static void all_jobs_run(void)
{
	struct workers *workers;
	struct wake_job job = {.result_code = 7};
	int put = 0;

	is_number(workers_new(&workers, 3, 100, run, NULL, NULL), 0, "three workers");
	atomic_store(&hold, true);
	while (put < 1000 && workers_put(workers, &job))
		put++;
	ok(put >= 100 && put <= 103, "the queue is bounded (%d fit)", put);
	usleep(100000); /* each worker has begun one by now */
	int withdrawn = 0;
	while (workers_withdraw(workers, &job))
		withdrawn++;
	ok(withdrawn >= 97, "what nobody has begun can be taken back (%d)", withdrawn);
	left_behind = workers;
	ok(!workers_free(left_behind, 50), "jobs that hang do not hold the end");
	atomic_store(&hold, false);
	usleep(100000);
	is_number(atomic_load(&ran), put - withdrawn, "the others ran once each");

	is_number(workers_new(&workers, 3, 100, run, NULL, NULL), 0, "three new workers");
	atomic_store(&ran, 0);
	for (int i = 0; i < 50; i++)
		workers_put(workers, &job);
	for (int i = 0; i < 2000 && atomic_load(&ran) < 50; i++)
		usleep(1000);
	is_number(atomic_load(&ran), 50, "fifty jobs ran");
	ok(workers_free(workers, 1000), "an orderly end");
}

static void notify(void *context)
{
	(void)context;
	atomic_fetch_add(&notified, 1);
}

static void *send_many(void *argument)
{
	for (int i = 0; i < 5000; i++) {
		struct message *message = message_new(MESSAGE_GONE);
		message->id.bytes[0] = (uint8_t)i;
		mailbox_put(argument, message, true);
	}
	return NULL;
}

static void mail(void)
{
	struct mailbox *mailbox = mailbox_new(notify, NULL);
	pthread_t sender;
	int got = 0, out_of_order = 0, most = 0;

	ok(!mailbox_take(mailbox), "nothing lies there at first");
	pthread_create(&sender, NULL, send_many, mailbox);
	while (got < 5000) {
		int batch = 0;
		for (struct message *message = mailbox_take(mailbox), *next; message;
			message = next) {
			next = message->next;
			out_of_order += message->id.bytes[0] != (uint8_t)got;
			message_free(message);
			got++;
			batch++;
		}
		if (batch > most)
			most = batch;
	}
	pthread_join(sender, NULL);
	is_number(out_of_order, 0, "5,000 messages in order");
	ok(most <= 256, "never more than there is room for (%d)", most);
	ok(atomic_load(&notified) > 0, "the receiver was woken");
	struct message *left = message_new(MESSAGE_MACHINE);
	left->machine = calloc(1, sizeof(*left->machine));
	machine_add_adapter(left->machine);
	mailbox_put(mailbox, left, false);
	mailbox_free(mailbox);
	ok(1, "what was left is freed (see the leak checker)");
}

int main(void)
{
	all_jobs_run();
	mail();
	return tap_done();
}
