/* SPDX-License-Identifier: MIT */
/*
 * selftest.c - proves the simulator by plain COM calls, above all what it refuses: connecting,
 * the control language, speed and memory. The other selftest_*.c do the same for the rest.
 *
 * selftest.exe PATH\wmisim.dll   (registers the DLL in this Wine prefix, then uses it through
 * CoCreateInstance like any client)
 */
#include "selftest.h"

static void test_connect(void)
{
	static const struct {
		const char *resource, *user, *password;
		uint32_t want;
	} rows[] = {
		{"root\\virtualization\\v2", NULL, NULL, 0},
		{"ROOT/Virtualization/V2", NULL, NULL, 0},
		{"\\\\.\\root\\virtualization\\v2", NULL, NULL, 0},
		{"\\\\hv1\\root\\virtualization\\v2", NULL, NULL, 0},
		{"\\\\HV1\\root\\cimv2", NULL, NULL, 0},
		{"root\\StandardCimv2", NULL, NULL, 0},
		{"root\\virtualization", NULL, NULL, 0x8004100e},
		{"root\\virtualization\\v2\\x", NULL, NULL, 0x8004100e},
		{"", NULL, NULL, 0x8004100e},
		{"\\\\nobody\\root\\virtualization\\v2", NULL, NULL, 0x800706ba},
		{"root\\virtualization\\v2", "a", "b", 0x80041064},
		{"\\\\FAR\\root\\virtualization\\v2", "DOM\\admin", "secret", 0},
		{"\\\\FAR\\root\\virtualization\\v2", "DOM\\admin", "wrong", 0x80041003},
		{"\\\\FAR\\root\\virtualization\\v2", NULL, NULL, 0x80041003},
	};
	IWbemServices *services;
	IClientSecurity *security;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		is_status(connect_as(rows[i].resource, rows[i].user, rows[i].password, &services),
			rows[i].want, "connect to '%s'", rows[i].resource);
		drop(services);
	}
	tell("refuse access code=80070005");
	is_status(
		connect_as("root\\cimv2", NULL, NULL, &services), 0x80070005, "access is refused");
	tell("allow access");
	is_status(connect_as("root\\virtualization\\v2", NULL, NULL, &hyperv), S_OK,
		"and allowed again");
	is_status(IUnknown_QueryInterface(hyperv, &IID_IClientSecurity, (void **)&security),
		E_NOINTERFACE, "no IClientSecurity, as with any object in the process");
	is_status(CoSetProxyBlanket((IUnknown *)hyperv, RPC_C_AUTHN_WINNT, RPC_C_AUTHZ_NONE, NULL,
			  RPC_C_AUTHN_LEVEL_CALL, RPC_C_IMP_LEVEL_IMPERSONATE, NULL, EOAC_NONE),
		E_NOINTERFACE, "so CoSetProxyBlanket fails");
}

static void test_commands(void)
{
	static const char *const bad[] = {"nonsense", "machine", "machine 123",
		"machine " VM_A " state=x", "machine " VM_A " colour=red", "adapter " VM_A,
		"adapter " VM_A " " DEVICE_A " kind=odd", "set machine " VM_A " NoSuch=1",
		"set machine " VM_A " EnabledState=x", "set machine " VM_A " Name=x",
		"set machine " VM_A " OperationalStatus=1", "get machine " VM_A " NoSuch",
		"get machine nobody Name", "delete switch nobody", "machine " VM_A " name=\"open",
		"machine " VM_A " name=\"a\"b", "start " VM_A " perhaps", "job x of=none", "job 70",
		"checkpoint " CHECKPOINT, "fill a b", "instance NoSuch A=1",
		"instance Msvm_ConcreteJob Caption=x", "refuse everything", "hang x",
		"within-factor x"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *answer = control(bad[i]);

		ok(strncmp(answer, "error ", 6) == 0, "'%s': %s", bad[i], answer);
	}
	is_text(control(""), "ok", "an empty line");
	is_text(control("# comment"), "ok", "a comment");
	tell("set settings " VM_A " Notes=[\"a \\\"b\\\"\",c,\"d,e\"]");
	is_text(control("get settings " VM_A " Notes"), "ok [\"a \\\"b\\\"\",\"c\",\"d,e\"]",
		"a list");
	tell("set settings " VM_A " Notes=null");
	is_text(control("get settings " VM_A " Notes"), "ok null", "NULL");
	tell("set 'Win32_Service.Name=\"vmms\"' State=Paused");
	is_text(control("get Win32_Service vmms State"), "ok \"Paused\"", "by a path");
}

/* Listing once as a client does it: what it needs of every adapter. */
static unsigned list_adapters(void)
{
	IEnumWbemClassObject *enumerator;
	IWbemClassObject *objects[64];
	ULONG returned = 0;
	unsigned count = 0;
	VARIANT variant;

	start_query(hyperv, "SELECT InstanceID, Address FROM Msvm_SyntheticEthernetPortSettingData",
		usual, &enumerator);
	do {
		IEnumWbemClassObject_Next(enumerator, FOREVER, 64, objects, &returned);
		for (ULONG i = 0; i < returned; i++) {
			IWbemClassObject_Get(objects[i], L"InstanceID", 0, &variant, NULL, NULL);
			VariantClear(&variant);
			IWbemClassObject_Get(objects[i], L"Address", 0, &variant, NULL, NULL);
			VariantClear(&variant);
			drop(objects[i]);
		}
		count += returned;
	} while (returned > 0);
	drop(enumerator);
	return count;
}

static double milliseconds(LARGE_INTEGER from)
{
	LARGE_INTEGER now, frequency;

	QueryPerformanceCounter(&now);
	QueryPerformanceFrequency(&frequency);
	return (double)(now.QuadPart - from.QuadPart) * 1000 / (double)frequency.QuadPart;
}

static void test_many(void)
{
	LARGE_INTEGER start;
	long long blocks = 0;
	char path[512];

	tell("reset");
	tell("host HV1");
	QueryPerformanceCounter(&start);
	tell("ping");
	printf("# ping: %.1f ms\n", milliseconds(start));
	QueryPerformanceCounter(&start);
	tell("fill 1000 2");
	printf("# fill 1000 2: %.1f ms\n", milliseconds(start));
	printf("# %.40s\n", control("stats"));
	is_number(
		query(hyperv, "SELECT Name FROM Msvm_ComputerSystem WHERE Name != __SERVER", NULL),
		1000, "a thousand machines");
	QueryPerformanceCounter(&start);
	is_number(list_adapters(), 2000, "two thousand adapters");
	printf("# listing 2000 adapters: %.1f ms\n", milliseconds(start));
	tell("start * job delay=1 remove=0");
	tell("job-removal 0");
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 20; i++) {
			request(VM_PATH("00000000-0000-4000-8000-000000000001"), 2, path);
			Sleep(3);
			tell("machine 00000000-0000-4000-8000-000000000001 state=off");
			list_adapters();
		}
		if (round == 0)
			blocks = stat_value("blocks");
	}
	is_number(stat_value("blocks"), blocks, "no memory is lost by starts and listings");
}

int main(int count, char **arguments)
{
	if (!selftest_begin(count, arguments))
		return tap_done();
	test_connect();
	test_commands();
	test_many();
	return selftest_end();
}
