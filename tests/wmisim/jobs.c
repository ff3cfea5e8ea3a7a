/* SPDX-License-Identifier: MIT */
/*
 * jobs.c - jobs go their way by the clock
 *
 * Theory of operation: nobody works on a job. Each active job knows when its next step is due
 * (New, Starting, Running, its end); jobs_advance() makes the steps that became due since the last
 * call, oldest first, with world.now at the moment they belong to, so that subscriptions see them
 * at the right poll. An ended job waits in a queue, sorted by time, until it is removed.
 */
#include "jobs.h"

#include <stdio.h>
#include <string.h>

#include "heap.h"
#include "rules.h"
#include "system.h"
#include "world.h"

enum step { STEP_STARTING, STEP_RUNNING, STEP_END, STEP_NEVER };

struct job {
	struct job *next;
	uint64_t began, due;
	enum step step;
	bool gone;        /* the object vanished, the work goes on */
	int from, by, to; /* states of the machine; to 0: none concerned */
	char id[GUID_SIZE];
	char machine[GUID_SIZE];
	struct job_options options;
};

static struct {
	struct job *active, *ended;
	unsigned removal;
	bool dynamic_addresses;
	unsigned long number;
} jobs;

void jobs_set_removal(unsigned milliseconds)
{
	jobs.removal = milliseconds;
}

void jobs_set_dynamic_addresses(bool on)
{
	jobs.dynamic_addresses = on;
}

static void free_list(struct job **list)
{
	while (*list) {
		struct job *next = (*list)->next;

		heap_free(*list);
		*list = next;
	}
}

void jobs_reset(void)
{
	free_list(&jobs.active);
	free_list(&jobs.ended);
	jobs.removal = 300000;
	jobs.dynamic_addresses = true;
	rules_reset();
}

struct entity *job_find(const char *guid)
{
	return store_find(hyperv_class("Msvm_ConcreteJob"), guid);
}

struct link_search {
	const char *job;
	struct entity *found;
};

static bool visit_link(void *context, struct entity *entity)
{
	struct link_search *search = context;

	if (!strstr(image_text(entity->image, "AffectingElement"), search->job))
		return true;
	search->found = entity;
	return false;
}

static void remove_object(const char *guid)
{
	struct entity *job = job_find(guid);
	struct link_search search = {guid, NULL};

	if (job)
		store_delete(job);
	for (;;) {
		search.found = NULL;
		store_each(hyperv_class("Msvm_AffectedJobElement"), visit_link, &search);
		if (!search.found)
			return;
		store_delete(search.found);
	}
}

static void change_object(const struct job *job, int state, const char *status, int percent)
{
	struct entity *object = job_find(job->id);
	char now[DATETIME_SIZE];
	struct values values;

	if (!object)
		return;
	system_datetime(now);
	values_begin(&values, object->image->class);
	values_number(&values, "JobState", state);
	values_text(&values, "JobStatus", status);
	values_number(&values, "PercentComplete", percent);
	values_text(&values, "TimeOfLastStateChange", now);
	if (state == JOB_STARTING)
		values_text(&values, "StartTime", now);
	if (state == job->options.end && job->step == STEP_END) {
		values_number(&values, "ErrorCode", job->options.error);
		if (job->options.text[0])
			values_text(&values, "ErrorDescription", job->options.text);
		if (job->options.summary[0])
			values_text(&values, "ErrorSummaryDescription", job->options.summary);
	}
	store_change(object, &values);
}

static void reach_state(const char *machine, int state)
{
	struct entity *entity = machine[0] ? machine_find(machine) : NULL;

	if (!entity || state == 0)
		return;
	machine_set_state(entity, state);
	if (state == STATE_RUNNING && jobs.dynamic_addresses)
		machine_assign_addresses(machine);
}

/* Ended jobs are sorted by the time of their removal. */
static void queue_removal(struct job *job)
{
	struct job **link = &jobs.ended;

	job->due += job->options.remove >= 0 ? (unsigned)job->options.remove : jobs.removal;
	while (*link && (*link)->due <= job->due)
		link = &(*link)->next;
	job->next = *link;
	*link = job;
}

static bool succeeded(const struct job *job)
{
	return job->options.error == 0 &&
	       (job->options.end == JOB_COMPLETED || job->options.end == JOB_WARNINGS);
}

static void make_step(struct job *job)
{
	unsigned delay = job->options.delay;

	switch (job->step) {
	case STEP_STARTING:
		change_object(job, JOB_STARTING, "Job is starting", 0);
		reach_state(job->machine, job->by);
		job->step = STEP_RUNNING;
		job->due = job->began + delay / 3;
		break;
	case STEP_RUNNING:
		change_object(job, JOB_RUNNING, "Job is running", 50);
		job->step = job->options.never ? STEP_NEVER : STEP_END;
		job->due = job->options.never ? UINT64_MAX : job->began + delay;
		break;
	default:
		reach_state(job->machine, succeeded(job) ? job->to : job->from);
		change_object(job, job->options.end,
			succeeded(job) ? "Completed successfully" : "Job failed", 100);
		break;
	}
}

static uint64_t next_due(const struct job *job)
{
	uint64_t vanish = job->began + (unsigned)job->options.vanish;

	return job->options.vanish >= 0 && !job->gone && vanish < job->due ? vanish : job->due;
}

static void advance_active(struct job **link)
{
	struct job *job = *link;
	bool ends = job->step == STEP_END;

	if (next_due(job) < job->due) {
		remove_object(job->id);
		job->gone = true;
		return;
	}
	make_step(job);
	if (!ends)
		return;
	*link = job->next;
	queue_removal(job);
}

void jobs_advance(uint64_t now)
{
	for (;;) {
		struct job **first = NULL, *ended = jobs.ended;

		for (struct job **link = &jobs.active; *link; link = &(*link)->next) {
			if (!first || next_due(*link) < next_due(*first))
				first = link;
		}
		if (first && next_due(*first) <= now &&
			(!ended || next_due(*first) <= ended->due)) {
			world.now = next_due(*first);
			advance_active(first);
		} else if (ended && ended->due <= now) {
			world.now = ended->due;
			jobs.ended = ended->next;
			remove_object(ended->id);
			heap_free(ended);
		} else {
			break;
		}
	}
	world.now = now;
}

uint64_t jobs_next_due(void)
{
	uint64_t due = jobs.ended ? jobs.ended->due : UINT64_MAX;

	for (const struct job *job = jobs.active; job; job = job->next) {
		if (next_due(job) < due)
			due = next_due(job);
	}
	return due;
}

static void put_object(const struct job *job, int type, const char *owner, const char *caption)
{
	char now[DATETIME_SIZE];
	struct values values;
	int64_t fine = 2;

	system_datetime(now);
	values_begin(&values, hyperv_class("Msvm_ConcreteJob"));
	values_text(&values, "InstanceID", job->id);
	values_text(&values, "Caption", caption);
	values_text(&values, "Description", caption);
	values_text(&values, "ElementName", caption);
	values_number(&values, "JobType", type);
	values_number(&values, "JobState", JOB_NEW);
	values_text(&values, "JobStatus", "Job is new");
	values_text(&values, "Owner", owner);
	values_number(&values, "PercentComplete", 0);
	values_number(&values, "ErrorCode", 0);
	values_number(&values, "HealthState", 5);
	values_numbers(&values, "OperationalStatus", &fine, 1);
	values_texts(&values, "StatusDescriptions", "OK", 1);
	values_text(&values, "TimeSubmitted", now);
	values_text(&values, "StartTime", now);
	values_text(&values, "TimeOfLastStateChange", now);
	values_text(&values, "ElapsedTime", "00000000000000.000000:000");
	values_text(&values, "TimeBeforeRemoval", "00000000000500.000000:000");
	values_number(&values, "DeleteOnCompletion", 0);
	values_number(&values, "Cancellable", 0);
	store_put(image_new(&values));
}

static void put_link(const struct job *job, const struct entity *affected)
{
	struct buffer element = {0}, job_path = {0};
	struct values values;

	path_write(&element, world.host, affected->image);
	path_write(&job_path, world.host, job_find(job->id)->image);
	values_begin(&values, hyperv_class("Msvm_AffectedJobElement"));
	values_text(&values, "AffectedElement", element.text);
	values_text(&values, "AffectingElement", job_path.text);
	store_put(image_new(&values));
	buffer_free(&element);
	buffer_free(&job_path);
}

static struct job *begin_job(int type, const char *owner, const char *caption,
	struct entity *const *affected, size_t count, const struct job_options *options)
{
	struct job *job = heap_alloc(sizeof(*job));

	job->began = world.now;
	job->due = world.now + options->delay / 6;
	job->options = *options;
	jobs.number++;
	snprintf(job->id, sizeof(job->id), "%08lX-0000-4000-A000-000000000000", jobs.number);
	put_object(job, type, owner, caption);
	for (size_t i = 0; i < count; i++)
		put_link(job, affected[i]);
	job->next = jobs.active;
	jobs.active = job;
	system_wake(); /* whoever waits has a new time to wake */
	return job;
}

void job_put(int type, const char *owner, const char *caption, struct entity *const *affected,
	size_t affected_count, const struct job_options *options, char guid[GUID_SIZE])
{
	struct job *job = begin_job(type, owner, caption, affected, affected_count, options);

	memcpy(guid, job->id, GUID_SIZE);
}

struct transition {
	int requested, from[4];
	int by, to;   /* 0: keeps its state meanwhile; where it was */
	int job_type; /* by `from[0]`; others below */
	const char *caption;
};

static const struct transition transitions[] = {
	{2, {STATE_OFF, 32769, 0, 0}, STATE_STARTING, STATE_RUNNING, 12,
		"Starting Virtual Machine"},
	{2, {STATE_SAVED, 0, 0, 0}, STATE_STARTING, STATE_RUNNING, 15, "Restoring Virtual Machine"},
	{2, {STATE_PAUSED, 32768, 0, 0}, 32777, STATE_RUNNING, 27, "Resuming Virtual Machine"},
	{3, {STATE_RUNNING, STATE_PAUSED, STATE_SAVED, 0}, 0, STATE_OFF, 13,
		"Turning Off Virtual Machine"},
	{6, {STATE_RUNNING, STATE_PAUSED, 0, 0}, 32773, STATE_SAVED, 14, "Saving Virtual Machine"},
	{9, {STATE_RUNNING, 0, 0, 0}, 32776, STATE_PAUSED, 26, "Pausing Virtual Machine"},
	{10, {STATE_RUNNING, 0, 0, 0}, 0, STATE_RUNNING, 29, "Rebooting Virtual Machine"},
	{11, {STATE_RUNNING, STATE_PAUSED, 0, 0}, 0, STATE_RUNNING, 28,
		"Resetting Virtual Machine"},
};

/* The way from one state to another; *known tells whether the request has a meaning at all. */
static const struct transition *find_transition(int requested, int state, bool *known)
{
	*known = false;
	for (size_t i = 0; i < sizeof(transitions) / sizeof(transitions[0]); i++) {
		const struct transition *transition = &transitions[i];

		if (transition->requested != requested)
			continue;
		*known = true;
		for (size_t from = 0; from < 4; from++) {
			if (transition->from[from] == state && state != 0)
				return transition;
		}
	}
	return NULL;
}

uint32_t machine_request(struct entity *machine, int requested, struct buffer *job_path)
{
	char guid[NAME_SIZE];
	int state = (int)image_number(machine->image, "EnabledState", 0);
	const struct transition *transition;
	struct job *job;
	struct rule rule;
	bool known;

	snprintf(guid, sizeof(guid), "%s", image_text(machine->image, "Name"));
	transition = find_transition(requested, state, &known);
	if (requested == 2)
		starts_count(guid);
	if (fold_equal(guid, world.host))
		return REQUEST_NOT_SUPPORTED;
	if (!known)
		return REQUEST_INVALID_PARAMETER;
	rule = rule_take(guid);
	if (rule.result == RULE_RETURN)
		return rule.code;
	if (!transition)
		return REQUEST_INVALID_STATE;
	if (rule.result == RULE_OK) {
		reach_state(guid, transition->to);
		return REQUEST_DONE;
	}
	job = begin_job(transition->job_type, "HVSIM\\administrator", transition->caption, &machine,
		1, &rule.job);
	job->from = state;
	job->by = transition->by ? transition->by : state;
	job->to = transition->to;
	snprintf(job->machine, sizeof(job->machine), "%.36s", guid);
	path_write(job_path, world.host, job_find(job->id)->image);
	return REQUEST_JOB;
}

static const struct job *find_job(const struct job *list, const char *id)
{
	while (list && !fold_equal(list->id, id))
		list = list->next;
	return list;
}

unsigned job_errors(const struct entity *entity, struct buffer *texts)
{
	const char *id = image_text(entity->image, "InstanceID");
	const struct job *job = find_job(jobs.active, id);
	const char *message;

	if (!job)
		job = find_job(jobs.ended, id);
	if (!job || image_number(entity->image, "ErrorCode", 0) == 0)
		return 0;
	message = job->options.errors[0] ? job->options.errors : job->options.text;
	if (!message[0])
		return 0;
	buffer_add_text(texts, "<INSTANCE CLASSNAME=\"Msvm_Error\"><PROPERTY NAME=\"Message\" "
			       "TYPE=\"string\"><VALUE>");
	buffer_add_xml(texts, message);
	buffer_printf(texts,
		"</VALUE></PROPERTY><PROPERTY NAME=\"MessageID\" TYPE=\"string\"><VALUE>%d</VALUE>"
		"</PROPERTY></INSTANCE>",
		job->options.error);
	buffer_add_char(texts, '\0');
	return 1;
}
