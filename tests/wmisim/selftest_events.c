/* SPDX-License-Identifier: MIT */
/*
 * selftest_events.c - subscriptions, enumerators, losses and delays
 */
#include "selftest.h"

static HRESULT next_event(
	IEnumWbemClassObject *enumerator, LONG timeout, char *class_name, char *name)
{
	IWbemClassObject *event, *target;
	HRESULT result = next(enumerator, timeout, &event);

	class_name[0] = name[0] = '\0';
	if (result == S_OK) {
		target = get_object(event, "TargetInstance");
		snprintf(class_name, 64, "%s", get_text(event, "__CLASS"));
		snprintf(name, 128, "%s", get_text(target, "ElementName"));
		drop(target);
	}
	drop(event);
	return result;
}

static void test_bad_subscriptions(void)
{
	static const struct {
		const char *wql;
		uint32_t want;
	} rows[] = {
		{"SELECT * FROM __InstanceCreationEvent WHERE TargetInstance ISA "
		 "'Msvm_ConcreteJob'",
			0x80042002},
		{"SELECT * FROM __InstanceCreationEvent WITHIN 2", 0x80042001},
		{"SELECT * FROM __InstanceCreationEvent WITHIN 2 WHERE TargetInstance ISA 'NoSuch'",
			0x80041010},
		{"SELECT * FROM __InstanceCreationEvent WITHIN 2 WHERE TargetInstance ISA "
		 "'Win32_Service'",
			0x80041010},
		{"SELECT * FROM NoSuch WITHIN 2 WHERE TargetInstance ISA 'Msvm_ConcreteJob'",
			0x80041002},
		{"SELECT * FROM Msvm_ConcreteJob WITHIN 2", 0x80041059},
		{"SELECT * FROM __InstanceCreationEvent WITHIN x WHERE TargetInstance ISA "
		 "'Msvm_ConcreteJob'",
			0x80041058},
		{"SELECT * FROM __InstanceCreationEvent WITHIN 2 TargetInstance ISA "
		 "'Msvm_ConcreteJob'",
			0x80041058},
		{"SELECT * FROM __InstanceCreationEvent WITHIN 2 WHERE TargetInstance ISA "
		 "'Msvm_ConcreteJob' AND "
		 "TargetInstance.NoSuch = 1",
			0x80041017},
		{"SELECT * FROM __InstanceCreationEvent WITHIN 2 WHERE TargetInstance ISA "
		 "'Msvm_ConcreteJob' AND "
		 "PreviousInstance.JobType = 1",
			0x80041017},
		{"SELECT * FROM __InstanceCreationEvent WITHIN 2 WHERE TargetInstance ISA "
		 "'Msvm_ConcreteJob' AND "
		 "TargetInstance.JobType = 'x'",
			0x80041017},
	};
	const char *good = "SELECT * FROM __InstanceCreationEvent WITHIN 2 WHERE TargetInstance "
			   "ISA 'Msvm_ConcreteJob'";
	IEnumWbemClassObject *enumerator;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		is_status(subscribe(rows[i].wql, usual, &enumerator), rows[i].want, "%s",
			rows[i].wql);
		drop(enumerator);
	}
	is_status(subscribe(good, WBEM_FLAG_RETURN_IMMEDIATELY, &enumerator), 0x80041008,
		"FORWARD_ONLY is missing");
	is_status(subscribe(good, WBEM_FLAG_FORWARD_ONLY, &enumerator), 0x80041008,
		"RETURN_IMMEDIATELY is missing");
	tell("refuse notifications Msvm_ConcreteJob code=80041003");
	is_status(subscribe(good, usual, &enumerator), 0x80041003, "a refused subscription");
	tell("allow notifications");
	is_status(subscribe(good, usual, &enumerator), S_OK, "a good one");
	drop(enumerator);
}

static void test_events(void)
{
	IEnumWbemClassObject *events;
	char class_name[64], name[128];
	ULONGLONG start;

	is_status(
		subscribe(
			"SELECT * FROM __InstanceOperationEvent WITHIN 2 WHERE TargetInstance ISA "
			"'Msvm_ComputerSystem'",
			usual, &events),
		S_OK, "a subscription");
	is_status(next_event(events, 0, class_name, name), WBEM_S_TIMEDOUT, "nothing yet");
	start = GetTickCount64();
	tell("machine 11111111-2222-4333-8444-000000000001 name=new");
	is_status(next_event(events, FOREVER, class_name, name), S_OK, "an event");
	is_text(class_name, "__InstanceCreationEvent", "of a creation");
	is_text(name, "new", "with the machine");
	ok(GetTickCount64() - start <= 150, "within WITHIN times the factor");
	tell("machine 11111111-2222-4333-8444-000000000001 state=running");
	is_status(next_event(events, 2000, class_name, name), S_OK, "another");
	is_text(class_name, "__InstanceModificationEvent", "of a modification");
	tell("within-factor 1"); /* so that no poll falls between the two */
	tell("machine 11111111-2222-4333-8444-000000000002 name=short");
	tell("delete machine 11111111-2222-4333-8444-000000000002");
	tell("within-factor 0.05");
	is_status(next_event(events, 250, class_name, name), WBEM_S_TIMEDOUT,
		"what comes and goes between two polls is not seen");
	tell("delete machine 11111111-2222-4333-8444-000000000001");
	is_status(next_event(events, 2000, class_name, name), S_OK, "the last");
	is_text(class_name, "__InstanceDeletionEvent", "of the deletion");
	is_status(IEnumWbemClassObject_Reset(events), 0x80041016, "Reset is refused");
	tell("break notifications");
	is_status(next_event(events, 2000, class_name, name), 0x80041032,
		"a broken subscription ends");
	drop(events);
}

static void test_event_filters(void)
{
	IEnumWbemClassObject *events;
	IWbemClassObject *event, *previous;
	char class_name[64], name[128];

	tell("events immediate");
	is_status(subscribe("SELECT * FROM __InstanceModificationEvent WITHIN 2 WHERE "
			    "(TargetInstance ISA "
			    "'Msvm_SyntheticEthernetPortSettingData' OR TargetInstance ISA "
			    "'Msvm_EmulatedEthernetPortSettingData') AND TargetInstance.Address <> "
			    "'000000000000'",
			  usual, &events),
		S_OK, "a subscription with a filter");
	tell("adapter " VM_A " " DEVICE_A " mac=000000000000");
	tell("set machine " VM_A " ElementName=other");
	tell("adapter " VM_B " " DEVICE_B " mac=00155D0000FF");
	is_status(next(events, 1000, &event), S_OK, "an event at once");
	previous = get_object(event, "PreviousInstance");
	is_text(get_text(previous, "Address"), "00155D000002", "PreviousInstance");
	is_number(get_type(event, "TIME_CREATED"), VT_BSTR, "TIME_CREATED");
	drop(previous);
	drop(event);
	is_status(next_event(events, 0, class_name, name), WBEM_S_TIMEDOUT,
		"nothing else passed the filter");
	drop(events);
	tell("events poll");
}

static void test_enumerators(void)
{
	IEnumWbemClassObject *enumerator;
	IWbemClassObject *objects[16], *object;
	ULONG returned = 99;
	BSTR language = text("SQL"), wql = text("SELECT * FROM Msvm_ComputerSystem");

	is_status(IWbemServices_ExecQuery(hyperv, language, wql, usual, NULL, &enumerator),
		0x80041018, "another language");
	SysFreeString(language);
	is_status(IWbemServices_ExecQuery(hyperv, NULL, wql, usual, NULL, &enumerator), 0x80041008,
		"no language");
	SysFreeString(wql);
	is_status(start_query(hyperv, "SELECT * FROM Msvm_ComputerSystem", 0x1000, &enumerator),
		0x80041008, "bad flags");
	is_status(start_query(hyperv, "SELECT * FROM NoSuch", 0, &enumerator), 0x80041010,
		"a synchronous query tells its error itself");
	is_status(start_query(hyperv, "SELECT * FROM NoSuch", usual, &enumerator), S_OK,
		"a semisynchronous one by Next");
	is_status(next(enumerator, 0, &object), 0x80041010, "there");
	drop(enumerator);
	tell("errors call");
	is_status(start_query(hyperv, "SELECT * FROM NoSuch", usual, &enumerator), 0x80041010,
		"unless the scenario says so");
	tell("errors next");
	start_query(hyperv, "SELECT * FROM Msvm_ComputerSystem", usual, &enumerator);
	is_status(IEnumWbemClassObject_Next(enumerator, 0, 0, objects, &returned), 0x80041008,
		"no objects");
	is_status(IEnumWbemClassObject_Next(enumerator, 0, 3, objects, &returned), S_OK,
		"three objects");
	is_number(returned, 3, "are three");
	for (ULONG i = 0; i < returned; i++)
		drop(objects[i]);
	is_status(IEnumWbemClassObject_Next(enumerator, 0, 16, objects, &returned), S_FALSE,
		"the rest");
	is_number(returned, 2, "are two");
	for (ULONG i = 0; i < returned; i++)
		drop(objects[i]);
	is_status(next(enumerator, 0, &object), S_FALSE, "then no more");
	is_status(IEnumWbemClassObject_Reset(enumerator), 0x80041016, "forward only");
	drop(enumerator);
	start_query(hyperv, "SELECT * FROM Msvm_ComputerSystem", 0, &enumerator);
	next(enumerator, 0, &object);
	drop(object);
	is_status(IEnumWbemClassObject_Reset(enumerator), S_OK, "not forward only");
	drop(enumerator);
}

static void test_losses(void)
{
	const char *all = "SELECT * FROM Msvm_ComputerSystem";
	IEnumWbemClassObject *events, *rows;
	IWbemServices *services;
	IWbemClassObject *object;
	ULONGLONG start;

	tell("vmms down");
	is_number(query(hyperv, all, NULL), -(long long)0x80041013,
		"vmms down: the provider is not there");
	is_status(fetch(hyperv, VM_PATH(VM_A), &object), 0x80041013, "nor for GetObject");
	is_status(fetch(hyperv, "Msvm_ComputerSystem", &object), S_OK, "classes are");
	drop(object);
	tell("vmms down empty");
	is_number(query(hyperv, all, NULL), 0, "or: there is nothing");
	tell("vmms up");
	is_number(query(hyperv, all, NULL), 5, "vmms is back");
	tell("hide machines on");
	is_number(query(hyperv, all, NULL), 0, "a user without rights");
	tell("hide machines off");
	tell("refuse query Msvm_ComputerSystem");
	is_number(query(hyperv, all, NULL), -(long long)0x80041003, "a refused class");
	tell("allow query");
	tell("slow 60");
	start_query(hyperv, all, usual, &rows);
	is_status(next(rows, 5, &object), WBEM_S_TIMEDOUT, "slow: not yet there");
	is_status(next(rows, 1000, &object), S_OK, "then it is");
	drop(object);
	drop(rows);
	tell("slow 0");
	tell("hang 0.1");
	start = GetTickCount64();
	is_number(query(hyperv, all, NULL), 5, "a hanging host answers in the end");
	ok(GetTickCount64() - start >= 80, "but late");
	subscribe("SELECT * FROM __InstanceCreationEvent WITHIN 2 WHERE TargetInstance ISA "
		  "'Msvm_ConcreteJob'",
		usual, &events);
	start_query(hyperv, all, usual, &rows);
	tell("winmgmt down");
	is_number(query(hyperv, all, NULL), -(long long)0x800706ba,
		"winmgmt down: the proxy is dead");
	is_status(next(rows, 0, &object), 0x800706ba, "and the enumerator");
	is_status(next(events, 0, &object), 0x800706ba, "and the subscription");
	is_status(
		connect_as("root\\cimv2", NULL, NULL, &services), 0x80070422, "no new connection");
	tell("winmgmt up");
	is_number(query(hyperv, all, NULL), -(long long)0x800706ba, "the old proxy stays dead");
	drop(events);
	drop(rows);
	drop(hyperv);
	is_status(connect_as("root\\virtualization\\v2", NULL, NULL, &hyperv), S_OK,
		"a new connection");
	is_number(query(hyperv, all, NULL), 5, "works");
}

struct waiter {
	IEnumWbemClassObject *events;
	HRESULT result;
};

static DWORD WINAPI wait_for_event(void *argument)
{
	struct waiter *waiter = argument;
	IWbemClassObject *object;

	CoInitializeEx(NULL, COINIT_MULTITHREADED);
	waiter->result = next(waiter->events, FOREVER, &object);
	drop(object);
	CoUninitialize();
	return 0;
}

static void test_waiting(void)
{
	struct waiter waiter = {NULL, E_FAIL};
	HANDLE thread;

	subscribe("SELECT * FROM __InstanceCreationEvent WITHIN 2 WHERE TargetInstance ISA "
		  "'Msvm_ConcreteJob'",
		usual, &waiter.events);
	thread = CreateThread(NULL, 0, wait_for_event, &waiter, 0, NULL);
	Sleep(30);
	tell("winmgmt down");
	is_number(WaitForSingleObject(thread, 2000), WAIT_OBJECT_0, "a call that waits ends");
	is_status(waiter.result, 0x800706be, "RPC_S_CALL_FAILED");
	CloseHandle(thread);
	drop(waiter.events);
	drop(hyperv);
	tell("winmgmt up");
	connect_as("root\\virtualization\\v2", NULL, NULL, &hyperv);
	subscribe("SELECT * FROM __InstanceCreationEvent WITHIN 2 WHERE TargetInstance ISA "
		  "'Msvm_ConcreteJob'",
		usual, &waiter.events);
	thread = CreateThread(NULL, 0, wait_for_event, &waiter, 0, NULL);
	Sleep(30);
	tell("job 72 of=none delay=10");
	is_number(WaitForSingleObject(thread, 2000), WAIT_OBJECT_0, "an event wakes it");
	is_status(waiter.result, S_OK, "with S_OK");
	CloseHandle(thread);
	drop(waiter.events);
}

int main(int count, char **arguments)
{
	if (!selftest_begin(count, arguments))
		return tap_done();
	connect_hyperv();
	test_bad_subscriptions();
	test_events();
	test_event_filters();
	test_enumerators();
	test_losses();
	test_waiting();
	return selftest_end();
}
