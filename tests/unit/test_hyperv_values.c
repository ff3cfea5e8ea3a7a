/* SPDX-License-Identifier: MIT */
/* What the numbers of Hyper-V and WMI mean. */
#include "host/hyperv/values.h"
#include "host/hyperv/wmi_status.h"
#include "tap.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_numbers(void)
{
	static const char *const BAD[] = {"", "0x", "-1", "1 ", " 1", "x", "12a", "0xg",
		"18446744073709551616", "0x10000000000000000", "99999999999999999999999"};
	uint64_t value = 7;

	for (size_t i = 0; i < COUNT(BAD); i++)
		ok(!cim_parse_u64(BAD[i], &value), "'%s' is no number", BAD[i]);
	is_number(value, 7, "and leaves the target alone");
	ok(cim_parse_u64("0", &value) && value == 0, "nothing");
	ok(cim_parse_u64("18446744073709551615", &value) && value == UINT64_MAX, "the greatest");
	ok(cim_parse_u64("0xFFffFFffFFffFFff", &value) && value == UINT64_MAX, "the same in hex");
	ok(cim_parse_u64("0X10", &value) && value == 16, "with a great X");
}

static void test_times(void)
{
	static const char *const BAD[] = {"", "2026", "20261121201530.123456",
		"20261121201530.123456-00", "20261121201530.123456-0000",
		"20261121201530.123456:000", "20261321201530.123456+000",
		"20260230201530.123456+000", "20261121241530.123456+000",
		"20261121206030.123456+000", "********201530.123456+000",
		"20261121201530,123456+000", "20261121201530.12345 +000"};
	static const char *const NO_INTERVAL[] = {"", "00000000000500.000000:001",
		"00000000000500.000000+000", "0000000000050.000000:000",
		"00000000000560.000000:000 ", "00000000006000.000000:000"};
	int64_t time = 7;

	for (size_t i = 0; i < COUNT(BAD); i++)
		ok(!cim_parse_datetime(BAD[i], &time), "'%s' is no date", BAD[i]);
	for (size_t i = 0; i < COUNT(NO_INTERVAL); i++)
		ok(!cim_parse_interval(NO_INTERVAL[i], &time), "'%s' is no interval",
			NO_INTERVAL[i]);
	is_number(time, 7, "and leaves the target alone");
	ok(cim_parse_datetime("20261121201530.123456-000", &time), "as Hyper-V writes it");
	is_number(time, 1795292130123456, "is UTC");
	ok(cim_parse_datetime("20261121211530.123456+060", &time), "an hour east");
	is_number(time, 1795292130123456, "is the same");
	ok(cim_parse_datetime("20261121151530.123456-300", &time), "five hours west");
	is_number(time, 1795292130123456, "too");
	ok(cim_parse_datetime("16010101000000.000000-000", &time), "before 1970");
	is_number(time, INT64_C(-11644473600000000), "is negative");
	ok(cim_parse_interval("00000000000500.000000:000", &time), "five minutes");
	is_number(time, 300000000, "in microseconds");
	ok(cim_parse_interval("99999999235959.999999:000", &time), "the longest");
	is_number(time, INT64_C(8639999999999999999), "fits");
}

static struct machine_status status(uint32_t enabled, uint32_t health, uint32_t detail)
{
	return hyperv_status(&(struct hyperv_state){enabled, health, {2, detail}, ""});
}

static void test_states(void)
{
	static const struct {
		uint32_t enabled;
		enum machine_state state;
	} STATES[] = {{0, STATE_OTHER}, {1, STATE_OTHER}, {2, STATE_RUNNING}, {3, STATE_OFF},
		{4, STATE_STOPPING}, {5, STATE_OTHER}, {6, STATE_SAVED}, {9, STATE_PAUSED},
		{10, STATE_STARTING}, {11, STATE_STARTING}, {32768, STATE_PAUSED},
		{32769, STATE_SAVED}, {32770, STATE_STARTING}, {32773, STATE_STOPPING},
		{32774, STATE_STOPPING}, {32776, STATE_STOPPING}, {32777, STATE_STARTING},
		{32779, STATE_OTHER}, {32780, STATE_STOPPING}, {0xffffffff, STATE_OTHER}};
	static const struct {
		uint32_t detail;
		enum machine_pause pause;
	} PAUSES[] = {{0, PAUSE_ADMINISTRATOR}, {32768, PAUSE_CHECKPOINT},
		{32769, PAUSE_CHECKPOINT}, {32770, PAUSE_CHECKPOINT}, {32771, PAUSE_STARTING_UP},
		{32772, PAUSE_ADMINISTRATOR}, {32773, PAUSE_DUMP}, {32774, PAUSE_MIGRATION}};

	for (size_t i = 0; i < COUNT(STATES); i++)
		is_text(machine_state_name(status(STATES[i].enabled, 5, 0).state),
			machine_state_name(STATES[i].state), "EnabledState %u",
			(unsigned)STATES[i].enabled);
	for (uint32_t disputed = 32781; disputed <= 32791; disputed++)
		is_number(status(disputed, 25, 0).state, STATE_OTHER,
			"nothing is made of the disputed %u", (unsigned)disputed);
	for (size_t i = 0; i < COUNT(PAUSES); i++)
		is_text(machine_pause_name(status(9, 5, PAUSES[i].detail).pause),
			machine_pause_name(PAUSES[i].pause), "paused, OperationalStatus[1] %u",
			(unsigned)PAUSES[i].detail);
	is_number(status(9, 20, 0).pause, PAUSE_IO_ERROR, "the host paused it: a disk is full");
	is_number(status(9, 25, 0).pause, PAUSE_IO_ERROR, "the host paused it: no storage");
	is_number(status(9, 0, 0).pause, PAUSE_ADMINISTRATOR, "no HealthState is no trouble");
	is_number(status(32771, 5, 0).pause, PAUSE_CHECKPOINT, "a checkpoint is made (v1)");
	is_number(status(3, 25, 32774).pause, 0, "no reason for a pause without one");

	struct hyperv_state other = {.enabled = 1, .other = "saving"};
	is_number(hyperv_status(&other).state, STATE_STOPPING, "1: the word tells");
	other.enabled = 0;
	is_number(hyperv_status(&other).state, STATE_OTHER, "but only there");
	other = (struct hyperv_state){.enabled = 1, .other = "Dancing"};
	is_number(hyperv_status(&other).state, STATE_OTHER, "and only if it is known");
}

static void test_tools(void)
{
	is_number(hyperv_tools(2, 2, 0), TOOLS_CONNECTED, "well");
	is_number(hyperv_tools(2, 3, 32775), TOOLS_CONNECTED, "an older protocol");
	is_number(hyperv_tools(2, 12, 0), TOOLS_DISCONNECTED, "no contact");
	is_number(hyperv_tools(2, 13, 32783), TOOLS_DISCONNECTED, "contact lost");
	is_number(hyperv_tools(2, 6, 0), TOOLS_DISCONNECTED, "error");
	is_number(hyperv_tools(3, 2, 0), TOOLS_ABSENT, "switched off");
	is_number(hyperv_tools(2, 2, 32896), TOOLS_ABSENT, "switched off, by its status");
	is_number(hyperv_tools(0, 0, 0), TOOLS_UNKNOWN, "nothing known");
}

static void test_jobs(void)
{
	for (uint32_t state = 2; state <= 6; state++)
		is_number(
			hyperv_job_end(state, 0), JOB_RUNS, "JobState %u goes on", (unsigned)state);
	is_number(hyperv_job_end(7, 0), JOB_SUCCEEDED, "completed");
	is_number(hyperv_job_end(32768, 0), JOB_SUCCEEDED, "completed with warnings");
	is_number(hyperv_job_end(7, 32768), JOB_FAILED, "completed with an error");
	is_number(hyperv_job_end(32768, 1), JOB_FAILED, "with warnings and an error");
	for (uint32_t state = 8; state <= 12; state++)
		is_number(hyperv_job_end(state, 0), JOB_FAILED, "JobState %u is a failure",
			(unsigned)state);
	is_number(hyperv_job_end(0, 0), JOB_FAILED, "no state at all");
	is_text(hyperv_job_state_text(10), "exception", "a state in words");
	is_text(hyperv_job_state_text(99), "unknown", "an unknown one");
	is_text(hyperv_return_text(32775), "the machine's state does not allow it", "an answer");
	ok(hyperv_return_text(31337)[0], "an answer that is not documented has words too");
}

static void test_status(void)
{
	is_number(wmi_status_class(0x800706ba), WMI_LOST, "RPC server unavailable");
	is_number(wmi_status_class(0x80010108), WMI_LOST, "disconnected");
	is_number(wmi_status_class(0x80041032), WMI_LOST, "cancelled");
	is_number(wmi_status_class(0x80041033), WMI_LOST, "shutting down");
	is_number(wmi_status_class(0x80041015), WMI_LOST, "transport failure");
	is_number(wmi_status_class(0x80041013), WMI_LOST, "provider load failure");
	is_number(wmi_status_class(0x80041004), WMI_DOUBTFUL, "provider failure");
	is_number(wmi_status_class(0x80041002), WMI_MISSING, "not found");
	is_number(wmi_status_class(0x80041003), WMI_DENIED, "denied by WMI");
	is_number(wmi_status_class(0x80070005), WMI_DENIED, "denied by DCOM");
	is_number(wmi_status_class(0x8004100e), WMI_NO_HYPERV, "no namespace");
	is_number(wmi_status_class(0), WMI_OTHER, "success is no class of failure");
	is_text(wmi_status_name(0x80041017), "WBEM_E_INVALID_QUERY", "a name");
	ok(!wmi_status_name(0x12345678) && !wmi_status_text(0x12345678), "an unknown one has none");
}

int main(void)
{
	test_numbers();
	test_times();
	test_states();
	test_tools();
	test_jobs();
	test_status();
	return tap_done();
}
