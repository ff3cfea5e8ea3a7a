/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation: three kinds of thread meet here. The loop's thread owns the waker and all
 * state; the watch's thread and the workers only put messages into the mailbox and wake the loop.
 */
#include "service/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "service/mailbox.h"
#include "service/watch.h"
#include "service/workers.h"
#include "version.h"

/*
 * libvirtd takes five requests of one connection at a time (max_client_requests); the watch
 * needs up to two of them.
 */
enum { WAKE_WORKERS = 3, QUEUE = 16384 };

enum { STOP_JOBS_MS = 5000, STOP_WATCH_MS = 2000 };

struct engine {
	struct engine_options options;
	struct waker *waker;
	struct mailbox *mailbox;
	struct watch *watch;
	struct workers *workers;
	bool connected; /* the host answers */
	bool settled;
	bool lost_told; /* 1040 was recorded, 1041 is due */
	char uri[512];
	size_t machines;
};

static int64_t time_us(void *context)
{
	(void)context;
	return clock_realtime_us();
}

static bool debug_wanted(void *context)
{
	const struct engine *engine = context;

	return recorder_debug(engine->options.recorder);
}

static void emit(void *context, const struct event *event)
{
	const struct engine *engine = context;

	recorder_emit(engine->options.recorder, event);
}

static bool submit(void *context, const struct wake_job *job, const char **reason)
{
	const struct engine *engine = context;

	if (!engine->connected) {
		*reason = "host-unreachable";
		return false;
	}
	if (!workers_put(engine->workers, job)) {
		*reason = "busy";
		return false;
	}
	return true;
}

/* Workers */

static void take_error(struct wake_job *job, const struct error *error)
{
	job->result_code = error->host_code;
	text_copy(job->result_text, sizeof(job->result_text), error->text);
	if (error->code == ERR_UNREACHABLE)
		text_copy(job->reason, sizeof(job->reason), "host-unreachable");
}

/* What is told of the host's being asked: once, with the host's job where it makes one. */
struct asking {
	const struct wake_job *job;
	struct recorder *recorder; /* may be NULL */
	bool told;
};

static void tell_waking(struct asking *asking, const char *job_id)
{
	const struct wake_job *job = asking->job;
	struct event event;

	if (asking->told || !asking->recorder || !recorder_debug(asking->recorder))
		return;
	asking->told = true;
	event_start(&event, 9008, clock_realtime_us());
	event_put_text(&event, FIELD_VM_NAME, job->name);
	event_put_uuid(&event, FIELD_VM_ID, &job->id);
	event_put_text(&event, FIELD_JOB_ID, job_id);
	event_put_text(&event, FIELD_ACTION, host_action_name(job->action));
	recorder_emit(asking->recorder, &event);
}

static void on_job(void *context, const char *job_id)
{
	tell_waking(context, job_id);
}

/* Starts (unasked) or acts, and tells of it: before, or as soon as there is a job. */
static int ask_host(const struct host_ops *ops, struct host *host, struct wake_job *job,
	bool unasked, struct recorder *recorder, struct error *error)
{
	struct asking asking = {job, recorder, false};
	const struct host_progress progress = {&asking, on_job};
	int result;

	if (!ops->has_jobs)
		tell_waking(&asking, NULL);
	if (unasked)
		result = ops->start(host, &job->id, &job->action, &progress, error);
	else
		result = ops->act(host, &job->id, job->action, &progress, error);
	if (result != -ERR_STATE)
		tell_waking(&asking, NULL);
	return result;
}

/* The machine's state and what it asks for; false when the host did not tell it. */
static bool find_step(const struct host_ops *ops, struct host *host, struct wake_job *job)
{
	struct machine_status status;
	struct error error = {0};

	if (ops->status(host, &job->id, &status, &error) < 0) {
		job->step = STEP_ACT;
		take_error(job, &error);
		return false;
	}
	job->step = wake_step_for(&status, &job->action, job->reason);
	return job->step == STEP_ACT;
}

/* The short way, for a machine that was off when it was read last; true when it is not off. */
static bool start_unasked(const struct host_ops *ops, struct host *host, struct wake_job *job,
	struct recorder *recorder)
{
	struct error error = {0};

	job->step = STEP_ACT;
	job->action = ACTION_START;
	int result = ask_host(ops, host, job, true, recorder, &error);
	job->acted = result == 0;
	if (result < 0 && result != -ERR_STATE)
		take_error(job, &error);
	return result == -ERR_STATE;
}

void engine_run_job(const struct host_ops *ops, struct host *host, struct wake_job *job,
	struct recorder *recorder)
{
	struct error error = {0};

	if (job->believed_off && !job->dry_run && !start_unasked(ops, host, job, recorder))
		return;
	if (!find_step(ops, host, job) || job->dry_run)
		return;
	if (ask_host(ops, host, job, false, recorder, &error) == 0) {
		job->acted = true;
		return;
	}
	/* Somebody else may have been faster: then it runs, and nothing has failed. */
	struct machine_status status;
	struct error ignored = {0};
	if (error.code == ERR_STATE && ops->status(host, &job->id, &status, &ignored) == 0 &&
		status.state == STATE_RUNNING) {
		job->step = STEP_RUNS;
		return;
	}
	take_error(job, &error);
}

static void run_job(void *context, struct wake_job *job)
{
	struct engine *engine = context;
	struct host *host = watch_acquire(engine->watch);
	struct message *message;

	if (host) {
		engine_run_job(engine->options.host, host, job, engine->options.recorder);
		watch_release(engine->watch, host);
	} else {
		job->step = STEP_REFUSE;
		text_copy(job->reason, sizeof(job->reason), "host-unreachable");
	}
	message = message_new(MESSAGE_JOB_DONE);
	struct wake_job *copy = message ? malloc(sizeof(*copy)) : NULL;
	if (!copy) {
		/* Out of memory: the record is made here, only the machine's mark stays set. */
		struct event event;

		wake_job_event(job, &event, clock_realtime_us());
		recorder_emit(engine->options.recorder, &event);
		message_free(message);
		return;
	}
	*copy = *job;
	message->job = copy;
	mailbox_put(engine->mailbox, message, false);
}

/* The watch tells */

static void put_plain(void *context, enum message_kind kind, const char *text)
{
	struct engine *engine = context;
	struct message *message = message_new(kind);

	if (!message)
		return;
	text_copy(message->text, sizeof(message->text), text);
	mailbox_put(engine->mailbox, message, true);
}

/* On the host's thread: there is nothing to decide. */
static void watch_job(void *context, const struct host_job *job)
{
	const struct engine *engine = context;
	struct recorder *recorder = engine->options.recorder;
	struct event event;

	if (!recorder_debug(recorder))
		return;
	event_start(&event, 9012, clock_realtime_us());
	event_put_number(&event, FIELD_JOB_TYPE, job->type);
	event_put_text(&event, FIELD_JOB_ID, job->id);
	recorder_emit(recorder, &event);
}

static void watch_begin(void *context)
{
	put_plain(context, MESSAGE_BEGIN, "");
}

static void watch_complete(void *context, const char *uri)
{
	put_plain(context, MESSAGE_COMPLETE, uri);
}

static void watch_lost(void *context, const char *reason)
{
	put_plain(context, MESSAGE_LOST, reason);
}

static void watch_polling(void *context, const char *reason)
{
	put_plain(context, MESSAGE_POLLING, reason);
}

static struct machine *copy_machine(const struct machine *machine)
{
	struct machine *copy = malloc(sizeof(*copy));
	size_t bytes = machine->adapter_count * sizeof(*machine->adapters);

	if (!copy)
		return NULL;
	*copy = *machine;
	copy->adapters = malloc(bytes ? bytes : 1);
	if (!copy->adapters) {
		free(copy);
		return NULL;
	}
	if (bytes)
		memcpy(copy->adapters, machine->adapters, bytes);
	return copy;
}

static void watch_machine(void *context, const struct machine *machine)
{
	struct engine *engine = context;
	struct message *message = message_new(MESSAGE_MACHINE);

	if (!message)
		return;
	message->machine = copy_machine(machine);
	if (!message->machine) {
		message_free(message);
		return;
	}
	mailbox_put(engine->mailbox, message, true);
}

static void watch_gone(void *context, const struct uuid *id)
{
	struct engine *engine = context;
	struct message *message = message_new(MESSAGE_GONE);

	if (!message)
		return;
	message->id = *id;
	mailbox_put(engine->mailbox, message, true);
}

/* The loop's side */

static void count_machines(struct engine *engine)
{
	struct waker_counters counters;

	waker_counters(engine->waker, &counters);
	engine->machines = counters.machines;
}

static void inventory_complete(struct engine *engine, const char *uri)
{
	text_copy(engine->uri, sizeof(engine->uri), uri);
	waker_inventory_complete(engine->waker);
	count_machines(engine);
	engine->settled = true;
	if (!engine->lost_told)
		return;
	engine->lost_told = false;

	struct event event;
	event_start(&event, 1041, clock_realtime_us());
	event_put_text(&event, FIELD_CONNECT, engine->uri);
	event_put_number(&event, FIELD_COUNT, (int64_t)engine->machines);
	recorder_emit(engine->options.recorder, &event);
}

static void host_lost(struct engine *engine, const char *reason)
{
	struct event event;

	engine->connected = false;
	engine->settled = true;
	engine->lost_told = true;
	event_start(&event, 1040, clock_realtime_us());
	event_put_text(&event, FIELD_CONNECT, engine->uri);
	event_put_text(&event, FIELD_REASON, reason);
	recorder_emit(engine->options.recorder, &event);
}

static void tell_polling(const struct engine *engine, const char *reason)
{
	struct event event;

	event_start(&event, 1022, clock_realtime_us());
	event_put_text(&event, FIELD_CONNECT, engine->uri);
	event_put_text(&event, FIELD_REASON, reason);
	recorder_emit(engine->options.recorder, &event);
}

static void tell_no_memory(const struct engine *engine, const struct machine *machine)
{
	struct event event;

	event_start(&event, 1001, clock_realtime_us());
	event_put_text(&event, FIELD_MODULE, "inventory");
	event_put_text(&event, FIELD_REASON, "no memory for a virtual machine");
	event_put_text(&event, FIELD_VM_NAME, machine->name);
	recorder_emit(engine->options.recorder, &event);
}

static void handle(struct engine *engine, struct message *message, uint64_t now_ns)
{
	switch (message->kind) {
	case MESSAGE_BEGIN:
		engine->connected = true;
		waker_inventory_begin(engine->waker);
		break;
	case MESSAGE_MACHINE:
		if (!waker_inventory_machine(engine->waker, message->machine))
			tell_no_memory(engine, message->machine);
		break;
	case MESSAGE_GONE:
		waker_inventory_gone(engine->waker, &message->id);
		break;
	case MESSAGE_COMPLETE:
		inventory_complete(engine, message->text);
		break;
	case MESSAGE_LOST:
		host_lost(engine, message->text);
		break;
	case MESSAGE_POLLING:
		tell_polling(engine, message->text);
		break;
	case MESSAGE_JOB_DONE:
		waker_job_done(engine->waker, message->job, now_ns);
		break;
	}
}

void engine_messages(struct engine *engine, uint64_t now_ns)
{
	struct message *message = mailbox_take(engine->mailbox);

	while (message) {
		struct message *next = message->next;

		handle(engine, message, now_ns);
		message_free(message);
		message = next;
	}
}

int engine_new(
	struct engine **new_engine, const struct engine_options *options, struct error *error)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	const struct watch_listener listener = {engine, watch_begin, watch_machine, watch_gone,
		watch_complete, watch_lost, watch_polling, watch_job};
	const struct waker_ops ops = {engine, time_us, debug_wanted, emit, submit};

	if (!engine)
		return error_set(error, ERR_FAILED, "no memory for the service");
	engine->options = *options;
	text_copy(engine->uri, sizeof(engine->uri),
		options->connect ? options->connect : "the local host");
	engine->waker = waker_new(&ops, &options->key);
	engine->mailbox = mailbox_new(options->notify, options->notify_context);
	if (!engine->waker || !engine->mailbox) {
		error_set(error, ERR_FAILED, "no memory for the service");
		goto failed;
	}
	if (workers_new(&engine->workers, WAKE_WORKERS, QUEUE, run_job, engine, error) < 0)
		goto failed;
	engine->watch = watch_new(options->host, options->connect, &listener, error);
	if (!engine->watch)
		goto failed;
	*new_engine = engine;
	return 0;

failed:
	workers_free(engine->workers, 1000);
	mailbox_free(engine->mailbox);
	waker_free(engine->waker);
	free(engine);
	return error ? -error->code : -ERR_FAILED;
}

void engine_set_policy(struct engine *engine, const struct wake_policy *policy)
{
	waker_set_policy(engine->waker, policy);
}

void engine_reconnect(struct engine *engine, const char *connect)
{
	text_copy(engine->uri, sizeof(engine->uri), connect ? connect : "the local host");
	watch_reconnect(engine->watch, connect);
}

void engine_frame(struct engine *engine, const struct frame *frame, uint64_t now_ns)
{
	waker_frame(engine->waker, frame, now_ns);
}

uint64_t engine_tick(struct engine *engine, uint64_t now_ns)
{
	return waker_tick(engine->waker, now_ns);
}

bool engine_is_settled(const struct engine *engine)
{
	return engine->settled;
}

void engine_put_facts(const struct engine *engine, struct event *event)
{
	event_put_number(event, FIELD_COUNT, (int64_t)engine->machines);
	event_put_text(event, FIELD_CONNECT, engine->uri);
	event_put_text(event, FIELD_VERSION, HYPERVIVE_VERSION);
}

void engine_counters(const struct engine *engine, struct waker_counters *counters)
{
	waker_counters(engine->waker, counters);
}

bool engine_free(struct engine *engine)
{
	struct wake_job job;

	if (!engine)
		return true;
	while (workers_withdraw(engine->workers, &job)) {
		job.step = STEP_REFUSE;
		text_copy(job.reason, sizeof(job.reason), "service-stopped");
		waker_job_done(engine->waker, &job, clock_monotonic_ns());
	}
	mailbox_end_waiting(engine->mailbox);
	bool clean = workers_free(engine->workers, STOP_JOBS_MS);
	clean = watch_free(engine->watch, STOP_WATCH_MS) && clean;
	engine_messages(engine, clock_monotonic_ns());
	if (!clean)
		return false;
	mailbox_free(engine->mailbox);
	waker_free(engine->waker);
	free(engine);
	return true;
}
