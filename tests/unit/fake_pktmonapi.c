/* SPDX-License-Identifier: MIT */
/* fake_pktmonapi.c - a pktmonapi.dll for Wine, see fake_pktmonapi.h */
#include "fake_pktmonapi.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>

#define EXPORT __declspec(dllexport)

/* Layouts by byte offset, as programs found them. */
enum {
	SOURCE_SIZE = 424,
	SOURCE_DESCRIPTION = 132,
	SOURCE_ID = 388,
	SOURCE_PRESENT = 400,
	SOURCE_MAC = 408,
	CONSTRAINT_PRESENT = 128,
	CONSTRAINT_ETHER_TYPE = 146,
	CONSTRAINT_PROTOCOL = 150,
	CONSTRAINT_PORT1 = 186,
	CONSTRAINT_PORT2 = 188,
	METADATA_SIZE = 40,
};

struct descriptor {
	const void *data;
	UINT32 size, metadata_offset, packet_offset, packet_length, missed_writes, missed_reads;
};

struct configuration {
	void *context;
	void(CALLBACK *on_event)(void *context, const void *info, int kind);
	void(CALLBACK *on_data)(void *context, const struct descriptor *data);
	UINT16 multiplier, truncation;
};

static struct fake_state state;
static struct configuration stream;
static int attached, source_count = 2, list_damaged, fail_at;
static char handle, session, stream_handle;

static HRESULT answer(int good)
{
	if (!good)
		state.misuse++;
	if (fail_at > 0 && --fail_at == 0)
		return HRESULT_FROM_WIN32(ERROR_NOT_READY);
	return good ? S_OK : E_INVALIDARG;
}

EXPORT HRESULT WINAPI PacketMonitorInitialize(UINT32 version, void *reserved, HANDLE *result);
EXPORT HRESULT WINAPI PacketMonitorInitialize(UINT32 version, void *reserved, HANDLE *result)
{
	HRESULT status = answer(version == 0x00010000 && !reserved);

	if (status == S_OK) {
		state.initialized++;
		*result = &handle;
	}
	return status;
}

EXPORT void WINAPI PacketMonitorUninitialize(HANDLE which);
EXPORT void WINAPI PacketMonitorUninitialize(HANDLE which)
{
	if (which != &handle || state.sessions || state.streams)
		state.misuse++;
	state.initialized--;
}

static size_t list_size(void)
{
	return 8 + (size_t)source_count * (8 + SOURCE_SIZE);
}

static void fill_list(uint8_t *list)
{
	UINT32 count = (UINT32)source_count;

	memset(list, 0, list_size());
	memcpy(list, &count, 4);
	for (UINT32 i = 0; i < count; i++) {
		uint8_t *source = list + 8 + count * 8 + i * SOURCE_SIZE;
		UINT32 kind = 1, id = 20 + i, present = 8;
		wchar_t name[] = L"Fake NIC #0";
		uint8_t *pointer = list_damaged ? source + 1000000 : source;

		name[10] = (wchar_t)(L'0' + i);
		memcpy(list + 8 + i * 8, &pointer, 8);
		memcpy(source, &kind, 4);
		memcpy(source + SOURCE_DESCRIPTION, name, sizeof(name));
		memcpy(source + SOURCE_ID, &id, 4);
		memcpy(source + SOURCE_PRESENT, &present, 4);
		memset(source + SOURCE_MAC, 2, 6);
	}
	if (list_damaged)
		memset(list, 0xff, 4);
}

EXPORT HRESULT WINAPI PacketMonitorEnumDataSources(
	HANDLE which, int kind, BOOLEAN hidden, SIZE_T size, SIZE_T *needed, void *list);
EXPORT HRESULT WINAPI PacketMonitorEnumDataSources(
	HANDLE which, int kind, BOOLEAN hidden, SIZE_T size, SIZE_T *needed, void *list)
{
	if (which != &handle || kind != 1 || hidden)
		return answer(0);
	*needed = list_size();
	if (!list || size < list_size())
		return HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER);
	fill_list(list);
	return S_OK;
}

EXPORT HRESULT WINAPI PacketMonitorCreateLiveSession(
	HANDLE which, const wchar_t *name, HANDLE *result);
EXPORT HRESULT WINAPI PacketMonitorCreateLiveSession(
	HANDLE which, const wchar_t *name, HANDLE *result)
{
	HRESULT status = answer(which == &handle && name[0]);

	if (status == S_OK) {
		state.sessions++;
		state.sources = state.constraints = 0;
		state.ether_types = state.udp_ports_7 = state.udp_ports_9 = 0;
		*result = &session;
	}
	return status;
}

EXPORT void WINAPI PacketMonitorCloseSessionHandle(HANDLE which);
EXPORT void WINAPI PacketMonitorCloseSessionHandle(HANDLE which)
{
	if (which != &session || state.active)
		state.misuse++;
	state.sessions--;
}

EXPORT HRESULT WINAPI PacketMonitorAddSingleDataSourceToSession(HANDLE which, const void *source);
EXPORT HRESULT WINAPI PacketMonitorAddSingleDataSourceToSession(HANDLE which, const void *source)
{
	UINT32 kind;

	memcpy(&kind, source, 4);
	if (which != &session || kind != 1)
		return answer(0);
	state.sources++;
	return S_OK;
}

static UINT16 number_at(const uint8_t *bytes, size_t offset)
{
	UINT16 number;

	memcpy(&number, bytes + offset, 2);
	return number;
}

EXPORT HRESULT WINAPI PacketMonitorAddCaptureConstraint(HANDLE which, const void *constraint);
EXPORT HRESULT WINAPI PacketMonitorAddCaptureConstraint(HANDLE which, const void *constraint)
{
	const uint8_t *bytes = constraint;
	UINT32 present;
	UINT16 port;

	memcpy(&present, bytes + CONSTRAINT_PRESENT, 4);
	state.constraints++;
	if (present == 1u << 3) {
		state.ether_types += number_at(bytes, CONSTRAINT_ETHER_TYPE) == 0x0842;
	} else if (present == (1u << 5 | 1u << 11) || present == (1u << 5 | 1u << 12)) {
		port = number_at(bytes, present & 1u << 11 ? CONSTRAINT_PORT1 : CONSTRAINT_PORT2);
		if (bytes[CONSTRAINT_PROTOCOL] != 17)
			return answer(0);
		state.udp_ports_7 += port == 7;
		state.udp_ports_9 += port == 9;
	} else {
		return answer(0);
	}
	return answer(which == &session);
}

EXPORT HRESULT WINAPI PacketMonitorCreateRealtimeStream(
	HANDLE which, const struct configuration *configuration, HANDLE *result);
EXPORT HRESULT WINAPI PacketMonitorCreateRealtimeStream(
	HANDLE which, const struct configuration *configuration, HANDLE *result)
{
	HRESULT status = answer(which == &handle && configuration->on_data &&
				configuration->multiplier >= 1 && configuration->multiplier <= 10 &&
				configuration->truncation <= 9000);

	if (status == S_OK) {
		stream = *configuration;
		state.multiplier = stream.multiplier;
		state.truncation = stream.truncation;
		state.streams++;
		*result = &stream_handle;
	}
	return status;
}

EXPORT void WINAPI PacketMonitorCloseRealtimeStream(HANDLE which);
EXPORT void WINAPI PacketMonitorCloseRealtimeStream(HANDLE which)
{
	if (which != &stream_handle || state.active)
		state.misuse++;
	attached = 0;
	state.streams--;
}

EXPORT HRESULT WINAPI PacketMonitorAttachOutputToSession(HANDLE to, HANDLE which);
EXPORT HRESULT WINAPI PacketMonitorAttachOutputToSession(HANDLE to, HANDLE which)
{
	HRESULT status = answer(to == &session && which == &stream_handle && !attached);

	attached = status == S_OK;
	return status;
}

EXPORT HRESULT WINAPI PacketMonitorSetSessionActive(HANDLE which, BOOLEAN active);
EXPORT HRESULT WINAPI PacketMonitorSetSessionActive(HANDLE which, BOOLEAN active)
{
	HRESULT status = answer(which == &session && (!active || attached));

	if (status == S_OK) {
		state.active = active;
		/* Windows tells of the end too, and that one is nobody's trouble. */
		stream.on_event(stream.context, NULL, active ? 0 : 1);
	}
	return status;
}

struct emission {
	const struct fake_packet *packet;
	int times;
};

static void emit_once(const struct fake_packet *packet)
{
	const size_t size = METADATA_SIZE + packet->length;
	uint8_t *block = calloc(1, size);
	struct descriptor descriptor = {
		.data = block,
		.size = (UINT32)size + packet->add_to_size,
		.metadata_offset = packet->add_to_metadata_offset,
		.packet_offset = METADATA_SIZE + packet->add_to_packet_offset,
		.packet_length = packet->length + packet->add_to_length,
		.missed_writes = packet->missed,
	};

	if (!block)
		return;
	memcpy(block, &packet->group, 8);
	memcpy(block + 14, &packet->type, 2);
	memcpy(block + 16, &packet->component, 2);
	memcpy(block + 18, &packet->edge, 2);
	memcpy(block + METADATA_SIZE, packet->bytes, packet->length);
	stream.on_data(stream.context, &descriptor);
	free(block);
}

static DWORD WINAPI emit_on_thread(void *context)
{
	const struct emission *emission = context;

	for (int i = 0; i < emission->times; i++)
		emit_once(emission->packet);
	return 0;
}

EXPORT fake_emit_fn fake_emit;
EXPORT int fake_emit(const struct fake_packet *packet, int times)
{
	struct emission emission = {packet, times};
	HANDLE thread;

	if (!state.active)
		return 0;
	thread = CreateThread(NULL, 0, emit_on_thread, &emission, 0, NULL);
	WaitForSingleObject(thread, INFINITE);
	CloseHandle(thread);
	return 1;
}

EXPORT fake_event_fn fake_event;
EXPORT void fake_event(int kind)
{
	if (state.active)
		stream.on_event(stream.context, NULL, kind);
}

EXPORT fake_state_fn fake_state;
EXPORT void fake_state(struct fake_state *result)
{
	*result = state;
}

EXPORT fake_sources_fn fake_sources;
EXPORT void fake_sources(int count, int damaged)
{
	source_count = count;
	list_damaged = damaged;
}

EXPORT fake_fail_fn fake_fail;
EXPORT void fake_fail(int n)
{
	fail_at = n;
}
