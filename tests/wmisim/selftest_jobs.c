/* SPDX-License-Identifier: MIT */
/*
 * selftest_jobs.c - parameters, methods, starts and what becomes of their jobs
 */
#include "selftest.h"

static void test_put(void)
{
	IWbemClassObject *in = state_request(0), *class, *copy;
	VARIANT variant;

	V_VT(&variant) = VT_I4;
	V_I4(&variant) = 2;
	is_status(put(in, "RequestedState", &variant, 0), S_OK, "VT_I4 into a uint16");
	is_status(put(in, "RequestedState", &variant, CIM_UINT16), 0x80041008,
		"the type of an instance's property must be 0");
	is_status(put(in, "requestedstate", &variant, 0), S_OK, "case does not matter");
	is_status(put(in, "NoSuch", &variant, 0), 0x80041002, "an unknown parameter");
	is_status(put(in, "ReturnValue", &variant, 0), 0x80041002, "an out parameter");
	is_status(put(in, "TimeoutPeriod", &variant, 0), 0x80041005, "a number into a datetime");
	V_I4(&variant) = 70000;
	is_status(put(in, "RequestedState", &variant, 0), 0x80041005, "too large for a uint16");
	V_VT(&variant) = VT_UI2;
	V_UI2(&variant) = 2;
	is_status(put(in, "RequestedState", &variant, 0), 0x80041005, "VT_UI2 is not documented");
	V_VT(&variant) = VT_BSTR;
	V_BSTR(&variant) = text("2");
	is_status(put(in, "RequestedState", &variant, 0), 0x80041005, "text into a uint16");
	is_status(put(in, "TimeoutPeriod", &variant, 0), S_OK, "text into a datetime");
	VariantClear(&variant);
	V_VT(&variant) = VT_NULL;
	is_status(put(in, "TimeoutPeriod", &variant, 0), S_OK, "VT_NULL takes the value away");
	is_status(put(in, "TimeoutPeriod", NULL, 0), S_OK, "so does no VARIANT");
	is_number(get_type(in, "TimeoutPeriod"), VT_NULL, "it is NULL");
	IWbemClassObject_Clone(in, &copy);
	is_text(get_text(copy, "RequestedState"), "2", "a clone has the values");
	drop(copy);
	drop(in);
	fetch(hyperv, "Msvm_ComputerSystem", &class);
	is_status(put(class, "Name", NULL, 0), 0x8004100c, "classes are not changed");
	drop(class);
}

static void test_methods(void)
{
	IWbemClassObject *in = state_request(2), *empty = state_request(0), *out, *class,
			 *wrong = NULL;
	IWbemClassObject *in_class = NULL, *machine;

	is_status(call(VM_PATH(VM_A), "NoSuch", in, &out), 0x8004102e, "an unknown method");
	is_status(call(VM_PATH(VM_A), "RequestStateChange", NULL, &out), 0x8004102f,
		"no in parameters");
	is_status(call(VM_PATH(VM_A), "RequestStateChange", empty, &out), 0x8004102f,
		"RequestedState is missing");
	is_status(call("Msvm_ComputerSystem", "RequestStateChange", in, &out), 0x8004102f,
		"a class's path");
	is_status(call("Msvm_ComputerSystem.Name=\"x\"", "RequestStateChange", in, &out),
		0x8004103a, "wrong keys");
	is_status(call(VM_PATH("11111111-2222-4333-8444-000000000000"), "RequestStateChange", in,
			  &out),
		0x80041002, "no such machine");
	fetch(hyperv, VM_PATH(VM_A), &machine);
	is_status(call(VM_PATH(VM_A), "RequestStateChange", machine, &out), 0x8004102f,
		"an object that is no in parameters");
	is_status(IWbemClassObject_GetMethod(machine, L"RequestStateChange", 0, &wrong, NULL),
		0x8004101e, "GetMethod of an instance");
	fetch(hyperv, "Msvm_ComputerSystem", &class);
	is_status(IWbemClassObject_GetMethod(class, L"NoSuch", 0, &wrong, NULL), 0x80041002,
		"GetMethod of an unknown method");
	IWbemClassObject_GetMethod(class, L"RequestStateChange", 0, &in_class, &wrong);
	is_status(call(VM_PATH(VM_A), "RequestStateChange", in_class, &out), 0x8004102f,
		"the signature without SpawnInstance");
	is_text(get_text(in_class, "__CLASS"), "__PARAMETERS", "the signature's class");
	drop(wrong);
	drop(class);
	fetch(hyperv, "Msvm_ConcreteJob", &class);
	IWbemClassObject_GetMethod(class, L"GetErrorEx", 0, &wrong, NULL);
	ok(!wrong, "GetErrorEx has no in parameters");
	drop(class);
	tell("refuse method RequestStateChange");
	is_status(call(VM_PATH(VM_A), "RequestStateChange", in, &out), 0x80041003,
		"a refused method");
	tell("allow method");
	drop(in_class);
	drop(machine);
	drop(in);
	drop(empty);
	is_text(control("starts " VM_A), "ok 0", "nothing was started");
}

static void test_starts(void)
{
	IWbemClassObject *job;
	char path[512];

	is_number(request(VM_PATH(VM_A), 2, path), 4096, "a start begins a job");
	ok(strstr(path, "\\\\HV1\\root\\virtualization\\v2:Msvm_ConcreteJob.InstanceID=\"") == path,
		"the job's path: %s", path);
	is_number(wait_for_job(path, &job), 7, "the job completes");
	is_text(get_text(job, "ErrorCode"), "0", "without an error");
	is_text(get_text(job, "JobType"), "12", "Start");
	drop(job);
	is_text(control("get machine " VM_A " EnabledState"), "ok 2", "the machine runs");
	is_number(request(VM_PATH(VM_A), 2, path), 32775, "a running machine cannot be started");
	is_number(request(VM_PATH(VM_A), 99, path), 32773, "an unknown state");
	is_text(control("starts " VM_A), "ok 2", "starts are counted");
	is_number(request(VM_PATH("HV1"), 2, path), 32770, "the host cannot be started");
	is_number(request(VM_PATH(VM_C), 3, path), 4096, "turning off");
	is_number(wait_for_job(path, &job), 7, "completes");
	drop(job);
	tell("start " VM_C " ok");
	is_number(request(VM_PATH(VM_C), 2, path), 0, "a start without a job");
	is_text(path, "NULL", "has no job");
	ok(strstr(control("get adapter " DEVICE_C " Address"), "00155D"),
		"a dynamic address became real");
	tell("start " VM_B " return=32769 times=1");
	is_number(request(VM_PATH(VM_B), 2, path), 32769, "a refused start");
	tell("start * return=32778");
	is_number(request(VM_PATH(VM_B), 2, path), 32778,
		"the rule for all counts after the last time");
	tell("start * default");
}

static void test_failing_jobs(void)
{
	IWbemClassObject *job, *out;
	VARIANT errors;
	char path[512];

	tell("start " VM_B
	     " job delay=30 fail=32768 text=\"not enough memory\" summary=\"failed\" errors=why");
	request(VM_PATH(VM_B), 2, path);
	is_number(wait_for_job(path, &job), 10, "the job ends as Exception");
	is_text(get_text(job, "ErrorCode"), "32768", "its code");
	is_text(get_text(job, "ErrorDescription"), "not enough memory", "its text");
	is_text(get_text(job, "ErrorSummaryDescription"), "failed", "its summary");
	drop(job);
	is_status(call(path, "GetErrorEx", NULL, &out), S_OK, "GetErrorEx");
	get(out, "Errors", &errors);
	is_number(V_VT(&errors), VT_ARRAY | VT_BSTR, "gives texts");
	VariantClear(&errors);
	drop(out);
	is_text(control("get machine " VM_B " EnabledState"), "ok 6",
		"the machine is where it was");
	tell("start " VM_B " job delay=20 fail=5 summary=only");
	request(VM_PATH(VM_B), 2, path);
	is_number(wait_for_job(path, &job), 10, "fails again");
	is_text(get_text(job, "ErrorDescription"), "NULL", "without a description");
	drop(job);
	tell("start " VM_B " job delay=20 vanish=10");
	request(VM_PATH(VM_B), 2, path);
	is_number(wait_for_job(path, &job), -1, "a job that vanishes");
	Sleep(40);
	is_text(control("get machine " VM_B " EnabledState"), "ok 2", "but the machine runs");
	tell("start " VM_D " job delay=20 warnings remove=20");
	request(VM_PATH(VM_D), 2, path);
	is_number(wait_for_job(path, &job), 32768, "completed with warnings");
	drop(job);
	Sleep(60);
	is_status(fetch(hyperv, path, &job), 0x80041002, "and is removed soon");
	tell("machine " VM_D " state=off");
	tell("start " VM_D " job delay=20 never");
	request(VM_PATH(VM_D), 2, path);
	Sleep(80);
	is_number(fetch(hyperv, path, &job), 0, "a job that never ends");
	is_text(get_text(job, "JobState"), "4", "is running");
	drop(job);
	is_text(control("get machine " VM_D " EnabledState"), "ok 10", "and so is the start");
}

static void test_foreign_jobs(void)
{
	char query_text[256], guid[40];
	const char *answer =
		control("job 70 of=" VM_A " and=" CHECKPOINT " owner=\"DOM\\\\alice\" delay=20");
	IWbemClassObject *job;

	ok(strncmp(answer, "ok ", 3) == 0 && strlen(answer) == 39, "a job of somebody else: %s",
		answer);
	snprintf(guid, sizeof(guid), "%s", answer + 3);
	snprintf(query_text, sizeof(query_text),
		"ASSOCIATORS OF {Msvm_ConcreteJob.InstanceID=\"%s\"} WHERE ResultClass = "
		"Msvm_ComputerSystem",
		guid);
	is_number(query(hyperv, query_text, NULL), 1, "concerns a machine");
	snprintf(query_text, sizeof(query_text),
		"SELECT * FROM Msvm_ConcreteJob WHERE JobType = 70");
	is_number(query(hyperv, query_text, &job), 1, "is found by its type");
	is_text(get_text(job, "Owner"), "DOM\\alice", "its owner");
	drop(job);
}

int main(int count, char **arguments)
{
	if (!selftest_begin(count, arguments))
		return tap_done();
	connect_hyperv();
	test_put();
	test_methods();
	test_starts();
	test_failing_jobs();
	test_foreign_jobs();
	return selftest_end();
}
