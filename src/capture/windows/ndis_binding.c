/* SPDX-License-Identifier: MIT */
/*
 * ndis_binding.c - on which adapters Windows' capture filter stands
 *
 * The filter "ms_ndiscap" is part of Windows. Where it is bound, it shows in the adapter's list of
 * filters in the registry: Class\{4d36e972…}\NNNN\Linkage, FilterList, items
 * "{adapter}-{filter}-0000". The filter's own GUID is the key below Network\{4d36e974…} whose
 * ComponentId is ms_ndiscap. To bind it where it is not would stop and start the adapter's whole
 * stack, machines' traffic included, so we only look.
 */
#include "capture/windows/ndis_binding.h"

#include <stdio.h>
#include <string.h>

#include "capture/windows/interface_names.h"
#include "capture/windows/network_headers.h"

static const wchar_t FILTERS[] =
	L"SYSTEM\\CurrentControlSet\\Control\\Network\\{4d36e974-e325-11ce-bfc1-08002be10318}";
static const wchar_t ADAPTERS[] =
	L"SYSTEM\\CurrentControlSet\\Control\\Class\\{4d36e972-e325-11ce-bfc1-08002be10318}";

enum { GUID_LENGTH = 38, LIST_LENGTH = 4096, PATH_LENGTH = 160 };

static bool read_text(HKEY root, const wchar_t *path, const wchar_t *value, DWORD type,
	wchar_t *text, DWORD length)
{
	DWORD size = length * (DWORD)sizeof(*text);

	return RegGetValueW(root, path, value, type, NULL, text, &size) == ERROR_SUCCESS;
}

/* Calls for the names of all subkeys, until it returns false. */
static void each_subkey(
	HKEY key, bool (*each)(HKEY key, const wchar_t *name, void *context), void *context)
{
	wchar_t name[64];

	for (DWORD i = 0;; i++) {
		DWORD length = sizeof(name) / sizeof(name[0]);
		LONG result = RegEnumKeyExW(key, i, name, &length, NULL, NULL, NULL, NULL);

		if (result == ERROR_MORE_DATA)
			continue;
		if (result != ERROR_SUCCESS || !each(key, name, context))
			return;
	}
}

static bool is_capture_filter(HKEY key, const wchar_t *name, void *context)
{
	wchar_t id[64];

	if (!read_text(key, name, L"ComponentId", RRF_RT_REG_SZ, id, 64) ||
		_wcsicmp(id, L"ms_ndiscap") != 0 || wcslen(name) != GUID_LENGTH)
		return true;
	wcscpy(context, name);
	return false;
}

struct search {
	const wchar_t *filter;
	MIB_IF_TABLE2 *table;
	struct ndis_binding *binding;
};

/* The interface of an adapter, when it is up and carries Ethernet. */
static const MIB_IF_ROW2 *find_interface(const MIB_IF_TABLE2 *table, const wchar_t *guid_text)
{
	GUID guid;

	if (CLSIDFromString(guid_text, &guid) != S_OK)
		return NULL;
	for (ULONG i = 0; i < table->NumEntries; i++) {
		const MIB_IF_ROW2 *row = &table->Table[i];

		if (memcmp(&row->InterfaceGuid, &guid, sizeof(guid)) == 0 &&
			row->Type == IF_TYPE_ETHERNET_CSMACD && row->OperStatus == IfOperStatusUp)
			return row;
	}
	return NULL;
}

static bool filter_listed(const wchar_t *list, const wchar_t *filter)
{
	/* Each item is "{adapter}-{filter}-NNNN"; the list ends with an empty one. */
	for (; *list; list += wcslen(list) + 1) {
		if (wcslen(list) > (size_t)2 * GUID_LENGTH &&
			_wcsnicmp(list + GUID_LENGTH + 1, filter, GUID_LENGTH) == 0)
			return true;
	}
	return false;
}

static void leave_out(struct ndis_binding *binding, const MIB_IF_ROW2 *row)
{
	char name[FRAME_INTERFACE_SIZE];
	size_t used = strlen(binding->names);
	struct mac none = {{0}};

	binding->left_out++;
	if (!interface_names_find(row->Description, &none, name))
		snprintf(name, sizeof(name), "interface %u", (unsigned)row->InterfaceIndex);
	if (strlen(name) + 2 + sizeof(" and 99 more") < sizeof(binding->names) - used)
		snprintf(binding->names + used, sizeof(binding->names) - used, "%s%s",
			used ? ", " : "", name);
}

static bool look_at_adapter(HKEY key, const wchar_t *name, void *context)
{
	struct search *search = context;
	wchar_t id[64], path[PATH_LENGTH], list[LIST_LENGTH];
	const MIB_IF_ROW2 *row;

	if (!read_text(key, name, L"NetCfgInstanceId", RRF_RT_REG_SZ, id, 64))
		return true;
	row = find_interface(search->table, id);
	if (!row)
		return true;
	_snwprintf(path, PATH_LENGTH, L"%ls\\Linkage", name);
	if (read_text(key, path, L"FilterList", RRF_RT_REG_MULTI_SZ, list, LIST_LENGTH) &&
		filter_listed(list, search->filter))
		search->binding->covered++;
	else
		leave_out(search->binding, row);
	return true;
}

static bool each_key(const wchar_t *path,
	bool (*each)(HKEY key, const wchar_t *name, void *context), void *context)
{
	HKEY key;

	if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, path, 0, KEY_READ, &key) != ERROR_SUCCESS)
		return false;
	each_subkey(key, each, context);
	RegCloseKey(key);
	return true;
}

bool ndis_binding_read(struct ndis_binding *binding)
{
	wchar_t filter[GUID_LENGTH + 1] = L"";
	struct search search = {.filter = filter, .binding = binding};
	bool read;

	memset(binding, 0, sizeof(*binding));
	if (!each_key(FILTERS, is_capture_filter, filter) || !filter[0])
		return false;
	if (GetIfTable2(&search.table) != NO_ERROR)
		return false;
	read = each_key(ADAPTERS, look_at_adapter, &search);
	FreeMibTable(search.table);
	return read;
}
