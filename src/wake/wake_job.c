/* SPDX-License-Identifier: MIT */
/* wake_job.c - the end of a wake as an event; the same for a packet and for a command */
#include "wake/waker.h"

void wake_origin_put(const struct wake_origin *origin, struct event *event)
{
	event_put_text(event, FIELD_SOURCE, origin->source);
	event_put_text(event, FIELD_INTERFACE, origin->interface);
	if (origin->vlan)
		event_put_number(event, FIELD_VLAN, origin->vlan);
	if (origin->inner_vlan)
		event_put_number(event, FIELD_INNER_VLAN, origin->inner_vlan);
	event_put_text(event, FIELD_USER, origin->user);
}

static int id_for(const struct wake_job *job)
{
	if (job->step == STEP_RUNS)
		return 9015;
	if (job->step == STEP_REFUSE)
		return 3001;
	if (job->acted)
		return 3000;
	return job->dry_run && !job->reason[0] && !job->result_text[0] ? 2001 : 3001;
}

void wake_job_event(const struct wake_job *job, struct event *event, int64_t time_us)
{
	int id = id_for(job);

	event_start(event, id, time_us);
	event_put_text(event, FIELD_VM_NAME, job->name);
	event_put_uuid(event, FIELD_VM_ID, &job->id);
	if (job->origin.has_mac)
		event_put_mac(event, FIELD_MAC, &job->origin.mac);
	wake_origin_put(&job->origin, event);
	if (job->step == STEP_ACT && (job->acted || id == 2001))
		event_put_text(event, FIELD_ACTION, host_action_name(job->action));
	if (id == 2001)
		event_put_text(event, FIELD_REASON, refusal_name(REFUSED_DRY_RUN));
	if (id != 3001)
		return;
	event_put_text(event, FIELD_REASON, job->reason);
	if (job->result_code || job->result_text[0]) {
		event_put_number(event, FIELD_RESULT_CODE, job->result_code);
		event_put_text(event, FIELD_RESULT_TEXT, job->result_text);
	}
}
