/* SPDX-License-Identifier: MIT */
/*
 * bare_wmi.c - the baseline of the Windows bench: what reading all machines costs without us
 *
 * Connects to root\virtualization\v2, reads machines, their settings and their adapters, 64 objects
 * at a time and every property that was asked for, and keeps nothing. Prints one line of JSON:
 * microseconds from this process's creation to main(), and to the end of the last query, and the
 * objects. With `wait` it then lives until its standard input ends, so that its memory can be
 * looked at.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <windows.h>

#include <wbemidl.h>

static const wchar_t *const QUERIES[] = {
	L"SELECT Name, ElementName, EnabledState FROM Msvm_ComputerSystem WHERE Name != __SERVER",
	L"SELECT InstanceID, Notes FROM Msvm_VirtualSystemSettingData "
	L"WHERE VirtualSystemType = 'Microsoft:Hyper-V:System:Realized'",
	L"SELECT InstanceID, Address FROM Msvm_SyntheticEthernetPortSettingData",
	L"SELECT InstanceID, Address FROM Msvm_EmulatedEthernetPortSettingData",
};

enum { QUERY_COUNT = sizeof(QUERIES) / sizeof(QUERIES[0]), BATCH = 64 };

static int64_t since_creation_us(void)
{
	FILETIME now, created, ended, kernel, user;

	GetSystemTimePreciseAsFileTime(&now);
	GetProcessTimes(GetCurrentProcess(), &created, &ended, &kernel, &user);
	return ((int64_t)(((uint64_t)now.dwHighDateTime << 32) | now.dwLowDateTime) -
		       (int64_t)(((uint64_t)created.dwHighDateTime << 32) |
				 created.dwLowDateTime)) /
	       10;
}

static void read_object(IWbemClassObject *object)
{
	BSTR name;
	VARIANT value;

	IWbemClassObject_BeginEnumeration(object, WBEM_FLAG_NONSYSTEM_ONLY);
	while (IWbemClassObject_Next(object, 0, &name, &value, NULL, NULL) == S_OK) {
		SysFreeString(name);
		VariantClear(&value);
	}
}

static HRESULT read_all(IWbemServices *services, const wchar_t *query, unsigned *count)
{
	BSTR language = SysAllocString(L"WQL"), text = SysAllocString(query);
	IEnumWbemClassObject *found = NULL;
	IWbemClassObject *objects[BATCH];
	HRESULT result = IWbemServices_ExecQuery(services, language, text,
		WBEM_FLAG_RETURN_IMMEDIATELY | WBEM_FLAG_FORWARD_ONLY, NULL, &found);

	for (ULONG got = BATCH; result == S_OK && got > 0;) {
		result = IEnumWbemClassObject_Next(found, 60000, BATCH, objects, &got);
		for (ULONG i = 0; SUCCEEDED(result) && i < got; i++) {
			read_object(objects[i]);
			IWbemClassObject_Release(objects[i]);
			++*count;
		}
	}
	if (found)
		IEnumWbemClassObject_Release(found);
	SysFreeString(language);
	SysFreeString(text);
	return SUCCEEDED(result) ? S_OK : result; /* the last Next() was WBEM_S_FALSE */
}

static HRESULT open_services(IWbemServices **services)
{
	BSTR name_space = SysAllocString(L"root\\virtualization\\v2");
	IWbemLocator *locator = NULL;
	HRESULT result = CoCreateInstance(&CLSID_WbemLocator, NULL, CLSCTX_INPROC_SERVER,
		&IID_IWbemLocator, (void **)&locator);

	if (SUCCEEDED(result)) {
		result = IWbemLocator_ConnectServer(
			locator, name_space, NULL, NULL, NULL, 0, NULL, NULL, services);
		IWbemLocator_Release(locator);
	}
	SysFreeString(name_space);
	return result;
}

int main(int argc, char **argv)
{
	int64_t begun = since_creation_us();
	IWbemServices *services = NULL;
	unsigned count = 0;

	CoInitializeEx(NULL, COINIT_MULTITHREADED);
	HRESULT result = open_services(&services);
	for (int i = 0; SUCCEEDED(result) && i < QUERY_COUNT; i++)
		result = read_all(services, QUERIES[i], &count);
	printf("{\"main_us\":%" PRId64 ",\"us\":%" PRId64 ",\"objects\":%u,\"result\":%lu}\n",
		begun, since_creation_us(), count, (unsigned long)result);
	fflush(stdout);
	if (argc == 2 && strcmp(argv[1], "wait") == 0) {
		while (getchar() != EOF)
			continue;
	}
	if (services)
		IWbemServices_Release(services);
	CoUninitialize();
	return SUCCEEDED(result) ? 0 : 1;
}
