/* SPDX-License-Identifier: MIT */
/*
 * jobs.h - state changes of machines, and the jobs that make them
 */
#ifndef WMISIM_JOBS_H
#define WMISIM_JOBS_H

#include "machines.h"

enum job_limits { JOB_TEXT = 256 };

enum {
	JOB_NEW = 2,
	JOB_STARTING = 3,
	JOB_RUNNING = 4,
	JOB_COMPLETED = 7,
	JOB_EXCEPTION = 10,
	JOB_WARNINGS = 32768,
};

enum request_result {
	REQUEST_DONE = 0,
	REQUEST_JOB = 4096,
	REQUEST_NOT_SUPPORTED = 32770,
	REQUEST_INVALID_PARAMETER = 32773,
	REQUEST_INVALID_STATE = 32775,
};

enum rule_result { RULE_JOB, RULE_OK, RULE_RETURN };

struct job_options {
	unsigned delay; /* milliseconds until the end */
	int error;      /* ErrorCode; 0: none */
	int end;        /* last JobState */
	bool never;
	int vanish, remove; /* milliseconds; -1: does not, as job-removal says */
	char text[JOB_TEXT], summary[JOB_TEXT], errors[JOB_TEXT];
};

struct rule {
	char machine[GUID_SIZE]; /* "*" for all others */
	enum rule_result result;
	unsigned code;
	int times; /* how often it still counts; -1: always */
	struct job_options job;
};

void jobs_reset(void);
/* Makes everything happen that is due, in order, and sets world.now to `now`. */
void jobs_advance(uint64_t now);

/* When something is due next; UINT64_MAX: nothing is. */
uint64_t jobs_next_due(void);

/* A rule replaces the machine's older one; `rule` NULL takes it away. */
void rule_set(const char *machine, const struct rule *rule);
struct job_options job_options_default(void);

void jobs_set_removal(unsigned milliseconds);
void jobs_set_dynamic_addresses(bool on);

/* RequestStateChange: the return value, and the job's path where there is one. */
uint32_t machine_request(struct entity *machine, int requested, struct buffer *job_path);

/* A job of somebody else. `affected`: entities it concerns. The job's GUID into `guid`. */
void job_put(int type, const char *owner, const char *caption, struct entity *const *affected,
	size_t affected_count, const struct job_options *options, char guid[GUID_SIZE]);
struct entity *job_find(const char *guid);

/* The texts that GetErrorEx gives; their number. */
unsigned job_errors(const struct entity *job, struct buffer *texts);

unsigned long starts_of(const char *machine);
unsigned long starts_total(void);
/* "GUID=N ..." of all machines that were asked to start. */
void starts_write(struct buffer *buffer);
void starts_clear(void);

#endif
