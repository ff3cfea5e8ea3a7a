/* SPDX-License-Identifier: MIT */
/*
 * test_capture_windows_ndis.c - where Windows' capture filter stands, and a refused trace
 *
 * Writes the registry keys of a network adapter, so it runs under Wine only; it needs an Ethernet
 * adapter that is up.
 */
#include "capture/windows/ndis_binding.h"
#include "capture/windows/ndis_capture.h"
#include "tap.h"

#define FILTER_KEY                                                                \
	L"SYSTEM\\CurrentControlSet\\Control\\Network\\{4d36e974-e325-11ce-bfc1-" \
	L"08002be10318}\\{11111111-2222-3333-4444-555555555555}"
#define ADAPTER_KEY                                                                          \
	L"SYSTEM\\CurrentControlSet\\Control\\Class\\{4d36e972-e325-11ce-bfc1-08002be10318}" \
	L"\\9876"

static wchar_t guid[64];

static bool find_adapter(void)
{
	MIB_IF_TABLE2 *table = NULL;
	bool found = false;

	if (GetIfTable2(&table) != NO_ERROR)
		return false;
	for (ULONG i = 0; i < table->NumEntries && !found; i++) {
		found = table->Table[i].Type == IF_TYPE_ETHERNET_CSMACD &&
			table->Table[i].OperStatus == IfOperStatusUp;
		if (found)
			StringFromGUID2(&table->Table[i].InterfaceGuid, guid, 64);
	}
	FreeMibTable(table);
	return found;
}

static void set_text(
	const wchar_t *key, const wchar_t *name, DWORD type, const wchar_t *text, size_t length)
{
	RegSetKeyValueW(HKEY_LOCAL_MACHINE, key, name, type, text, (DWORD)(length * sizeof(*text)));
}

/* The adapter's list of filters, which may name ours. */
static void bind_filter(const wchar_t *filter)
{
	wchar_t list[256] = {0};
	int length = swprintf(list, 250, L"%ls-{99999999-0000-0000-0000-000000000000}-0000", guid);

	length += 1 + swprintf(list + length + 1, (size_t)(250 - length), L"%ls-%ls-0000", guid,
			      filter);
	set_text(ADAPTER_KEY L"\\Linkage", L"FilterList", REG_MULTI_SZ, list, (size_t)length + 2);
}

int main(void)
{
	HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
	HANDLE ready = CreateEventW(NULL, TRUE, FALSE, NULL);
	struct frame_ring *ring = frame_ring_new();
	struct ndis_capture *capture = NULL;
	struct ndis_binding binding;
	struct error error = {0};
	char missing[128] = "";

	if (!ntdll || !GetProcAddress(ntdll, "wine_get_version") || !find_adapter()) {
		printf("1..0 # SKIP needs Wine and an Ethernet adapter\n");
		return 0;
	}
	ok(!ndis_binding_read(&binding), "a Windows without the filter");
	is_number(ndis_capture_start(&capture, ring, ready, missing, sizeof(missing), &error),
		-ERR_FAILED, "is not captured on");
	is_text(error.text, "Windows' capture filter is bound to no adapter", "and told");
	set_text(FILTER_KEY, L"ComponentId", REG_SZ, L"ms_NdisCap", 11);
	set_text(ADAPTER_KEY, L"NetCfgInstanceId", REG_SZ, guid, wcslen(guid) + 1);
	bind_filter(L"{11111111-2222-3333-4444-666666666666}");
	ok(ndis_binding_read(&binding) && binding.covered == 0 && binding.left_out == 1,
		"an adapter without it: %s", binding.names);
	ok(binding.names[0] != '\0', "has a name");
	bind_filter(L"{11111111-2222-3333-4444-555555555555}");
	ok(ndis_binding_read(&binding) && binding.covered == 1 && binding.left_out == 0,
		"an adapter with it");
	for (int i = 0; i < 3; i++) {
		is_number(
			ndis_capture_start(&capture, ring, ready, missing, sizeof(missing), &error),
			-ERR_FAILED, "Wine has no trace sessions");
		ok(strncmp(error.text, "NDIS capture does not start: ", 29) == 0, "told: %s",
			error.text);
	}
	ok(capture == NULL, "nothing was started");
	RegDeleteTreeW(HKEY_LOCAL_MACHINE, ADAPTER_KEY);
	RegDeleteTreeW(HKEY_LOCAL_MACHINE, FILTER_KEY);
	frame_ring_free(ring);
	CloseHandle(ready);
	return tap_done();
}
