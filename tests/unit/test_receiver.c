/* SPDX-License-Identifier: MIT */
/* The receiver over a capture of the test's own: outages, opening anew, losses. */
#include <stdlib.h>

#include "base/clock.h"
#include "service/receiver.h"
#include "tap.h"

#define S NS_PER_S

static struct {
	bool open_fails, read_fails;
	int opened, closed;
	uint64_t dropped;
	bool reach_known;
	int reach_asked;
	const char *firewall;
} fake;

static struct {
	int count;
	int64_t lost;
	int reach, blocked; /* 1102, 1103 */
} told;                     /* events 1031 */

struct capture {
	int fd;
};

int capture_open(
	struct capture **capture, const struct capture_options *options, struct error *error)
{
	(void)options;
	if (fake.open_fails)
		return error_set(error, ERR_FAILED, "no socket");
	fake.opened++;
	*capture = calloc(1, sizeof(**capture));
	(*capture)->fd = 42;
	return 0;
}

waitable capture_waitable(const struct capture *capture)
{
	return capture->fd;
}

int capture_read(struct capture *capture, unsigned budget, capture_frame_fn *each, void *context,
	struct error *error)
{
	(void)capture;
	(void)budget;
	(void)each;
	(void)context;
	return fake.read_fails ? error_set(error, ERR_FAILED, "broken") : 0;
}

bool capture_reach(struct capture *capture, struct capture_reach *reach)
{
	(void)capture;
	*reach = (struct capture_reach){.heard = "everything"};
	snprintf(
		reach->firewall, sizeof(reach->firewall), "%s", fake.firewall ? fake.firewall : "");
	fake.reach_asked++;
	return fake.reach_known;
}

void capture_counters(struct capture *capture, struct capture_counters *counters)
{
	(void)capture;
	*counters = (struct capture_counters){.dropped = fake.dropped};
}

void capture_close(struct capture *capture)
{
	fake.closed += capture ? 1 : 0;
	free(capture);
}

static int count_event(void *context, const struct event *event, struct error *error)
{
	(void)context;
	(void)error;
	told.count += event->id == 1031;
	told.reach += event->id == 1102;
	told.blocked += event->id == 1103;
	event_number(event, FIELD_COUNT, &told.lost);
	return 0;
}

static const struct sink_ops COUNTER = {.name = "counter", .write = count_event};

static int told_now(struct recorder *recorder)
{
	recorder_flush(recorder, 5000);
	return told.count;
}

static void outage(struct receiver *receiver, struct recorder *recorder)
{
	fake.read_fails = fake.open_fails = true;
	receiver_read(receiver, 1, NULL, NULL, 100 * S);
	is_number(receiver_waitable(receiver), -1, "a capture that fails is closed");
	is_number(told_now(recorder), 1, "and that is told");
	is_number(receiver_tick(receiver, 100 * S) / S, 101, "it is tried again a second later");
	is_number(receiver_tick(receiver, 101 * S) / S, 103, "then after two");
	is_number(receiver_tick(receiver, 103 * S) / S, 107, "then after four");
	is_number(told_now(recorder), 1, "and told once");
	fake.read_fails = fake.open_fails = false;
	ok(receiver_tick(receiver, 107 * S) == UINT64_MAX,
		"open again, there is nothing to wait for");
	is_number(receiver_waitable(receiver), 42, "but its descriptor, in the same turn");
	receiver_read(receiver, 1, NULL, NULL, 108 * S);
	fake.read_fails = true;
	receiver_read(receiver, 1, NULL, NULL, 109 * S);
	is_number(told_now(recorder), 2, "the next outage is told anew");
	fake.read_fails = false;
	receiver_tick(receiver, 110 * S);
	is_number(receiver_waitable(receiver), 42, "and begins with a second again");
}

static void losses(struct receiver *receiver, struct recorder *recorder)
{
	fake.dropped = 7;
	receiver_read(receiver, 1, NULL, NULL, 200 * S);
	is_number(
		receiver_tick(receiver, 200 * S) / S, 201, "losses are looked for after a second");
	ok(receiver_tick(receiver, 201 * S) == UINT64_MAX, "then there is nothing to wait for");
	is_number(told_now(recorder), 3, "lost frames are told");
	is_number(told.lost, 7, "with their number");
	fake.dropped = 10;
	receiver_read(receiver, 1, NULL, NULL, 202 * S);
	is_number(receiver_tick(receiver, 203 * S) / S, 261, "more of them a minute later");
	is_number(told_now(recorder), 3, "not at once");
	receiver_tick(receiver, 261 * S);
	is_number(told_now(recorder), 4, "but without another frame");
	is_number(told.lost, 3, "the new ones only");
}

static void reach(struct receiver *receiver, struct recorder *recorder)
{
	receiver_tick(receiver, 10 * S);
	told_now(recorder);
	is_number(told.reach + told.blocked, 0, "what can be heard is not told before it is known");
	fake.reach_known = true;
	fake.firewall = "the firewall drops UDP";
	receiver_tick(receiver, 11 * S);
	receiver_tick(receiver, 12 * S);
	told_now(recorder);
	is_number(told.blocked, 1, "a firewall in the way is told once");
	is_number(told.reach, 0, "in place of what else is heard");
	is_number(fake.reach_asked, 2, "and nobody is asked again");
}

int main(void)
{
	struct recorder *recorder = recorder_new();
	const struct capture_options options = {0};
	struct receiver receiver;
	struct error error = {0};

	recorder_add(recorder, (struct sink){&COUNTER, NULL}, &error);
	is_number(receiver_open(&receiver, recorder, &options, &error), 0, "it opens");
	reach(&receiver, recorder);
	outage(&receiver, recorder);
	losses(&receiver, recorder);
	receiver_close(&receiver);
	is_number(fake.opened, fake.closed, "what was opened is closed");
	recorder_free(recorder);
	return tap_done();
}
