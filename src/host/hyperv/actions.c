/* SPDX-License-Identifier: MIT */
/*
 * actions.c - makes a machine run
 *
 * One call does it whatever the machine was: RequestStateChange to "enabled" starts one that is
 * off, restores one that is saved, and resumes one that is paused. The job that it begins knows
 * which of them it is. The machine's state is looked at only when the host refused.
 */
#include "host/hyperv/hyperv_host.h"

static const uint16_t ENABLED = 2;

/* A new set of parameters; the class of them is fetched once a connection. */
static HRESULT new_parameters(struct host *host, IWbemClassObject **parameters)
{
	HRESULT result = E_FAIL;

	*parameters = NULL;
	pthread_mutex_lock(&host->mutex);
	if (!host->state_change_parameters)
		result = wmi_method(&host->wmi, "Msvm_ComputerSystem", "RequestStateChange",
			&host->state_change_parameters);
	IWbemClassObject *class = host->state_change_parameters;
	pthread_mutex_unlock(&host->mutex);
	if (!class)
		return result;
	result = IWbemClassObject_SpawnInstance(class, 0, parameters);
	if (FAILED(result))
		return result;
	result = wmi_put_number(*parameters, L"RequestedState", ENABLED);
	if (FAILED(result)) {
		IWbemClassObject_Release(*parameters);
		*parameters = NULL;
	}
	return result;
}

static HRESULT call_state_change(
	struct host *host, const struct uuid *id, IWbemClassObject **result_object)
{
	IWbemClassObject *parameters;
	char path[256];
	HRESULT result = new_parameters(host, &parameters);

	*result_object = NULL;
	if (!parameters)
		return FAILED(result) ? result : E_UNEXPECTED;
	hyperv_machine_path(id, path);
	result = wmi_call(&host->wmi, path, "RequestStateChange", parameters, result_object);
	IWbemClassObject_Release(parameters);
	return result;
}

static int refused(uint32_t value, struct error *error)
{
	enum error_code code = value == HYPERV_INVALID_STATE ? ERR_STATE : ERR_FAILED;

	error_set(error, code, "the host refuses to start the machine: %s (%u)",
		hyperv_return_text(value), (unsigned)value);
	if (error)
		error->host_code = value;
	return -(int)code;
}

/* The job vanished, and took its result with it: the machine itself tells. */
static int judge_by_state(
	struct host *host, const struct uuid *id, const struct job *job, struct error *error)
{
	struct machine_status status;
	int result = machines_status(host, id, &status, error);

	if (result < 0)
		return result;
	if (status.state == STATE_RUNNING || status.state == STATE_STARTING)
		return 0;
	return error_set(error, ERR_FAILED,
		"the host's job %s vanished before its end, and the machine does not run (%s)",
		job->id, machine_state_name(status.state));
}

static int follow(struct host *host, const struct uuid *id, IWbemClassObject *answer,
	enum host_action *done, const struct host_progress *progress, struct error *error)
{
	char path[OBJECT_PATH_SIZE];
	struct job job = {.id = "without a name"};
	int result = wmi_text(answer, L"Job", path, sizeof(path), error);

	if (result < 0)
		return result;
	result = result == 1 ? jobs_follow(host, path, progress, &job, error) : -ERR_NOT_FOUND;
	if (job.type == HYPERV_JOB_RESTORE)
		*done = ACTION_RESTORE;
	else if (job.type == HYPERV_JOB_RESUME)
		*done = ACTION_RESUME;
	return result == -ERR_NOT_FOUND ? judge_by_state(host, id, &job, error) : result;
}

static int make_run(struct host *host, const struct uuid *id, enum host_action *done,
	const struct host_progress *progress, struct error *error)
{
	IWbemClassObject *answer;
	uint32_t value;
	HRESULT failure = call_state_change(host, id, &answer);

	if (FAILED(failure)) {
		int code = hyperv_error(host, failure, error);

		return code == -ERR_NOT_FOUND ? hyperv_not_found(id, error) : code;
	}
	int result = wmi_number(answer, L"ReturnValue", &value, error);
	if (result == 0)
		result = error_set(error, ERR_FAILED, "the host did not say whether it started it");
	if (result == 1 && value == HYPERV_JOB_STARTED)
		result = follow(host, id, answer, done, progress, error);
	else if (result == 1)
		result = value == HYPERV_DONE ? 0 : refused(value, error);
	IWbemClassObject_Release(answer);
	return result;
}

static int run(struct host *host, const struct uuid *id, enum host_action *done,
	const struct host_progress *progress, struct error *error)
{
	struct machine_status status;
	int result = make_run(host, id, done, progress, error);

	/* Whatever went wrong: where it runs, somebody else was faster. */
	if (result == -ERR_FAILED && machines_status(host, id, &status, NULL) == 0 &&
		status.state == STATE_RUNNING) {
		result = -ERR_STATE;
		if (error)
			error->code = ERR_STATE;
	}
	return result;
}

/*
 * Hyper-V starts, restores and resumes by the same request. So the state is asked for all the
 * same: a machine that was paused a moment ago, perhaps for an I/O error, must not be resumed.
 */
int actions_start(struct host *host, const struct uuid *id, enum host_action *done,
	const struct host_progress *progress, struct error *error)
{
	struct machine_status status;
	int result = machines_status(host, id, &status, error);

	if (result < 0)
		return result;
	if (status.state != STATE_OFF && status.state != STATE_SAVED)
		return error_set(error, ERR_STATE, "the machine is not off any more (%s)",
			machine_state_name(status.state));
	*done = status.state == STATE_SAVED ? ACTION_RESTORE : ACTION_START;
	return run(host, id, done, progress, error);
}

int actions_act(struct host *host, const struct uuid *id, enum host_action action,
	const struct host_progress *progress, struct error *error)
{
	return run(host, id, &action, progress, error);
}
