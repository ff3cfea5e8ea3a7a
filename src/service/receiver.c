/* SPDX-License-Identifier: MIT */
#include "service/receiver.h"

#include "base/clock.h"

#define LOSS_CHECK_NS  NS_PER_S
#define LOSS_REPORT_NS (60 * NS_PER_S)

static int open_capture(struct receiver *receiver, struct error *error)
{
	if (capture_open(&receiver->capture, &receiver->options, error) < 0)
		return -error->code;
	receiver->retry_at = UINT64_MAX;
	receiver->loss_check_at = UINT64_MAX;
	receiver->lost_told = 0;
	return 0;
}

int receiver_open(struct receiver *receiver, struct recorder *recorder,
	const struct capture_options *options, struct error *error)
{
	*receiver = (struct receiver){.recorder = recorder, .options = *options};
	return open_capture(receiver, error);
}

void receiver_close(struct receiver *receiver)
{
	capture_close(receiver->capture);
	receiver->capture = NULL;
}

waitable receiver_waitable(const struct receiver *receiver)
{
	return receiver->capture ? capture_waitable(receiver->capture) : WAITABLE_NONE;
}

static void fail(struct receiver *receiver, uint64_t now_ns, const struct error *error)
{
	struct event event;

	receiver_close(receiver);
	receiver->retry_at = now_ns + backoff_next(&receiver->backoff) * NS_PER_MS;
	if (receiver->trouble_told)
		return;
	receiver->trouble_told = true;
	event_start(&event, 1031, clock_realtime_us());
	event_put_text(&event, FIELD_REASON, error->text);
	recorder_emit(receiver->recorder, &event);
}

void receiver_read(struct receiver *receiver, unsigned budget, capture_frame_fn *each,
	void *context, uint64_t now_ns)
{
	struct error error = {0};

	if (capture_read(receiver->capture, budget, each, context, &error) < 0) {
		fail(receiver, now_ns, &error);
		return;
	}
	/* A whole turn without trouble ends an outage. */
	backoff_reset(&receiver->backoff);
	receiver->trouble_told = false;
	if (receiver->loss_check_at == UINT64_MAX)
		receiver->loss_check_at = now_ns + LOSS_CHECK_NS;
}

static void retry(struct receiver *receiver, uint64_t now_ns)
{
	struct error error = {0};

	if (open_capture(receiver, &error) < 0)
		fail(receiver, now_ns, &error);
}

static void tell_losses(struct receiver *receiver, uint64_t now_ns)
{
	struct capture_counters counters;
	struct event event;

	receiver->loss_check_at = UINT64_MAX;
	capture_counters(receiver->capture, &counters);
	if (counters.dropped <= receiver->lost_told)
		return;
	if (now_ns < receiver->loss_report_at) {
		receiver->loss_check_at = receiver->loss_report_at;
		return;
	}
	receiver->loss_report_at = now_ns + LOSS_REPORT_NS;
	event_start(&event, 1031, clock_realtime_us());
	event_put_text(&event, FIELD_REASON, "frames came faster than they could be read");
	event_put_number(&event, FIELD_COUNT, (int64_t)(counters.dropped - receiver->lost_told));
	recorder_emit(receiver->recorder, &event);
	receiver->lost_told = counters.dropped;
}

/* Once a run: it does not change while the service runs, and 1031 tells of trouble. */
static void tell_reach(struct receiver *receiver)
{
	struct capture_reach reach;
	struct event event;

	if (!capture_reach(receiver->capture, &reach))
		return;
	receiver->reach_told = true;
	event_start(&event, reach.firewall[0] ? 1103 : 1102, clock_realtime_us());
	event_put_text(&event, FIELD_FIREWALL, reach.firewall);
	event_put_text(&event, FIELD_HEARD, reach.heard);
	event_put_text(&event, FIELD_UNHEARD, reach.unheard);
	recorder_emit(receiver->recorder, &event);
}

uint64_t receiver_tick(struct receiver *receiver, uint64_t now_ns)
{
	if (!receiver->capture && now_ns >= receiver->retry_at)
		retry(receiver, now_ns);
	if (receiver->capture && !receiver->reach_told)
		tell_reach(receiver);
	if (receiver->capture && now_ns >= receiver->loss_check_at)
		tell_losses(receiver, now_ns);
	return receiver->capture ? receiver->loss_check_at : receiver->retry_at;
}
