/* SPDX-License-Identifier: MIT */
/*
 * values.h - what Hyper-V's and WMI's numbers and texts mean
 *
 * Sources: learn.microsoft.com, "Numbers" and "CIM_DATETIME" of WMI; Msvm_ComputerSystem,
 * Msvm_ConcreteJob and RequestStateChange of the Hyper-V WMI provider (V2). Pure.
 */
#ifndef HYPERVIVE_HOST_HYPERV_VALUES_H
#define HYPERVIVE_HOST_HYPERV_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/machine.h"

/* 64-bit numbers come as text: decimal, or hexadecimal after 0x. */
bool cim_parse_u64(const char *text, uint64_t *value);

/*
 * `yyyymmddHHMMSS.mmmmmmsUUU`, a point in time: microseconds since 1970. sUUU is the distance
 * from UTC in minutes. False for intervals, for dates with asterisks, and for no dates at all.
 */
bool cim_parse_datetime(const char *text, int64_t *time_us);

/* `ddddddddHHMMSS.mmmmmm:000`, an interval, in microseconds. */
bool cim_parse_interval(const char *text, int64_t *interval_us);

/* What an Msvm_ComputerSystem says of its state; 0 and empty where it says nothing. */
struct hyperv_state {
	uint32_t enabled;        /* EnabledState */
	uint32_t health;         /* HealthState */
	uint32_t operational[2]; /* OperationalStatus[0] and [1] */
	char other[24];          /* OtherEnabledState: in words, where EnabledState is 1 */
};

struct machine_status hyperv_status(const struct hyperv_state *state);

/* What an Msvm_KvpExchangeComponent says of itself while its machine runs. */
enum guest_tools_state hyperv_tools(uint32_t enabled, uint32_t operational, uint32_t detail);

/* Return values of the provider's methods. */
enum {
	HYPERV_DONE = 0,
	HYPERV_JOB_STARTED = 4096,
	HYPERV_ACCESS_DENIED = 32769,
	HYPERV_INVALID_STATE = 32775,
};

/* What a method answered, in words: "the machine's state does not allow it". */
const char *hyperv_return_text(uint32_t value);

enum hyperv_job_end { JOB_RUNS, JOB_SUCCEEDED, JOB_FAILED };

/* How a job stands; success is decided by JobState and ErrorCode together. */
enum hyperv_job_end hyperv_job_end(uint32_t job_state, uint32_t error_code);
const char *hyperv_job_state_text(uint32_t job_state);

/* JobType of Msvm_ConcreteJob, as far as it matters to us. */
enum { HYPERV_JOB_RESTORE = 15, HYPERV_JOB_RESUME = 27 };

#endif
