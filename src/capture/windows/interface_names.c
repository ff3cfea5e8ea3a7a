/* SPDX-License-Identifier: MIT */
#include "capture/windows/interface_names.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { KEPT = 64 };

struct interface_names {
	atomic_bool stale;
	HANDLE changed;
	HANDLE notification;
	unsigned count, next;
	struct {
		uint32_t index;
		char name[FRAME_INTERFACE_SIZE];
	} kept[KEPT];
	char unkept[FRAME_INTERFACE_SIZE];
};

/* Without memory of its own, as it stands in the packet path: at most 256 characters (NDIS). */
static void copy_name(char name[FRAME_INTERFACE_SIZE], const wchar_t *wide)
{
	char narrow[3 * (NDIS_IF_MAX_STRING_SIZE + 1) + 1];
	int length =
		WideCharToMultiByte(CP_UTF8, 0, wide, -1, narrow, (int)sizeof(narrow), NULL, NULL);

	text_copy(name, FRAME_INTERFACE_SIZE, length > 0 ? narrow : "");
}

static void WINAPI on_change(void *context, MIB_IPINTERFACE_ROW *row, MIB_NOTIFICATION_TYPE type)
{
	struct interface_names *names = context;

	(void)row;
	(void)type;
	atomic_store(&names->stale, true);
	SetEvent(names->changed);
}

struct interface_names *interface_names_new(HANDLE changed)
{
	struct interface_names *names = calloc(1, sizeof(*names));

	if (!names)
		return NULL;
	names->changed = changed;
	/* Without notifications names stay as they are read first. */
	if (NotifyIpInterfaceChange(AF_UNSPEC, on_change, names, FALSE, &names->notification) !=
		NO_ERROR)
		names->notification = NULL;
	return names;
}

static bool read_alias(uint32_t index, char name[FRAME_INTERFACE_SIZE])
{
	wchar_t alias[NDIS_IF_MAX_STRING_SIZE + 1];
	NET_LUID luid;

	if (ConvertInterfaceIndexToLuid(index, &luid) != NO_ERROR ||
		ConvertInterfaceLuidToAlias(&luid, alias, NDIS_IF_MAX_STRING_SIZE + 1) != NO_ERROR)
		return false;
	copy_name(name, alias);
	return name[0] != '\0';
}

const char *interface_names_get(struct interface_names *names, uint32_t index)
{
	char *name = names->unkept;

	if (atomic_exchange(&names->stale, false))
		names->count = names->next = 0;
	for (unsigned i = 0; i < names->count; i++) {
		if (names->kept[i].index == index)
			return names->kept[i].name;
	}
	if (!read_alias(index, name)) {
		snprintf(name, FRAME_INTERFACE_SIZE, "interface %u", (unsigned)index);
		return name;
	}
	names->kept[names->next].index = index;
	memcpy(names->kept[names->next].name, name, FRAME_INTERFACE_SIZE);
	name = names->kept[names->next].name;
	names->next = (names->next + 1) % KEPT;
	if (names->count < KEPT)
		names->count++;
	return name;
}

static bool same_mac(const MIB_IF_ROW2 *row, const struct mac *mac)
{
	return row->PhysicalAddressLength == sizeof(mac->bytes) && !mac_is_zero(mac) &&
	       memcmp(row->PhysicalAddress, mac->bytes, sizeof(mac->bytes)) == 0;
}

bool interface_names_find(
	const wchar_t *description, const struct mac *mac, char name[FRAME_INTERFACE_SIZE])
{
	MIB_IF_TABLE2 *table = NULL;
	const MIB_IF_ROW2 *found = NULL;
	unsigned mac_count = 0;

	if (GetIfTable2(&table) != NO_ERROR)
		return false;
	for (ULONG i = 0; i < table->NumEntries; i++) {
		const MIB_IF_ROW2 *row = &table->Table[i];

		if (row->InterfaceAndOperStatusFlags.FilterInterface)
			continue; /* filters repeat the adapter that they stand on */
		if (wcscmp(row->Description, description) == 0) {
			found = row;
			mac_count = 1;
			break;
		}
		if (same_mac(row, mac)) {
			found = row;
			mac_count++;
		}
	}
	if (found && mac_count == 1)
		copy_name(name, found->Alias);
	else
		found = NULL;
	FreeMibTable(table);
	return found && name[0];
}

void interface_names_free(struct interface_names *names)
{
	if (!names)
		return;
	/* Waits for a notification that is under way. */
	if (names->notification)
		CancelMibChangeNotify2(names->notification);
	free(names);
}
