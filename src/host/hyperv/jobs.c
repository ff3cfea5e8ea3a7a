/* SPDX-License-Identifier: MIT */
/*
 * jobs.c - follows a job of the host's to its end
 *
 * A job is an object that is read again and again: often at first, as starting an empty machine
 * takes a blink, then more seldom. It stays for five minutes after its end.
 */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "host/hyperv/embedded_instance.h"
#include "host/hyperv/hyperv_host.h"

enum { FIRST_REST_MS = 100, LAST_REST_MS = 500, PATIENCE_S = 120 };

static bool take_message(void *context, const char *xml)
{
	char *message = context;
	struct embedded_field field = {"Message", message, sizeof(((struct error *)0)->text)};

	return !embedded_instance_read(xml, strlen(xml), &field, 1) || !message[0];
}

/* What GetErrorEx() tells, the first message of perhaps several. */
static void read_errors(struct host *host, const char *path, char *text, size_t size)
{
	char message[sizeof(((struct error *)0)->text)] = "";
	IWbemClassObject *result;

	if (FAILED(wmi_call(&host->wmi, path, "GetErrorEx", NULL, &result)))
		return;
	wmi_texts(result, L"Errors", take_message, message, NULL);
	IWbemClassObject_Release(result);
	text_copy(text, size, message);
}

/* Sentences of the host's end with a full stop, and some with an empty line. */
static void trim(char *text)
{
	size_t length = strlen(text);

	while (length > 0 && (unsigned char)text[length - 1] <= ' ')
		text[--length] = '\0';
	if (length > 0 && text[length - 1] == '.')
		text[length - 1] = '\0';
}

/* Why the job failed, in the host's own words: the first of several places that has some. */
static void find_reason(
	struct host *host, const char *path, IWbemClassObject *object, char *text, size_t size)
{
	wmi_text(object, L"ErrorDescription", text, size, NULL);
	trim(text);
	if (!text[0])
		wmi_text(object, L"ErrorSummaryDescription", text, size, NULL);
	trim(text);
	if (!text[0])
		read_errors(host, path, text, size);
	trim(text);
	if (!text[0])
		wmi_text(object, L"JobStatus", text, size, NULL);
	trim(text);
}

static int tell_failure(struct host *host, const char *path, IWbemClassObject *object,
	const struct job *job, uint32_t code, struct error *error)
{
	char reason[sizeof(((struct error *)0)->text)];

	find_reason(host, path, object, reason, sizeof(reason));
	if (reason[0] && code)
		error_set(error, ERR_FAILED, "%s", reason);
	else if (reason[0])
		error_set(error, ERR_FAILED, "%s (the host's job ended in the state '%s')", reason,
			hyperv_job_state_text(job->state));
	else
		error_set(error, ERR_FAILED,
			"the host's job %s ended in the state '%s' with the error code %u and "
			"without a word",
			job->id, hyperv_job_state_text(job->state), (unsigned)code);
	if (error)
		error->host_code = code;
	return -ERR_FAILED;
}

/* Reads the job once. 1 while it runs, 0 when it succeeded. */
static int look(struct host *host, const char *path, struct job *job, struct error *error)
{
	IWbemClassObject *object;
	uint32_t code;
	HRESULT failure = wmi_get(&host->wmi, path, &object);

	if (FAILED(failure))
		return hyperv_error(host, failure, error);
	int found = wmi_number(object, L"JobState", &job->state, error);
	if (found >= 0)
		found = wmi_number(object, L"ErrorCode", &code, error);
	wmi_number(object, L"JobType", &job->type, NULL);
	int result = found;
	if (found >= 0) {
		switch (hyperv_job_end(job->state, code)) {
		case JOB_RUNS:
			result = 1;
			break;
		case JOB_SUCCEEDED:
			result = 0;
			break;
		case JOB_FAILED:
			result = tell_failure(host, path, object, job, code, error);
			break;
		}
	}
	IWbemClassObject_Release(object);
	return result;
}

int jobs_follow(struct host *host, const char *path, const struct host_progress *progress,
	struct job *job, struct error *error)
{
	uint64_t deadline = clock_monotonic_ns() + PATIENCE_S * NS_PER_S;
	unsigned rest = FIRST_REST_MS;
	int result;

	*job = (struct job){0};
	/* The host may call itself by another name than we do, so only the object is named. */
	path = object_path_relative(path);
	if (!object_path_key(path, "InstanceID", job->id, sizeof(job->id)))
		return error_set(
			error, ERR_FAILED, "the host names a job that has no id: %s", path);
	if (progress)
		progress->job(progress->context, job->id);
	while ((result = look(host, path, job, error)) == 1) {
		if (clock_monotonic_ns() >= deadline)
			return error_set(error, ERR_FAILED,
				"the host's job %s has not ended after %d seconds, its state is "
				"'%s'",
				job->id, PATIENCE_S, hyperv_job_state_text(job->state));
		clock_sleep_ms(rest);
		rest = rest * 3 / 2 < LAST_REST_MS ? rest * 3 / 2 : LAST_REST_MS;
	}
	return result;
}
