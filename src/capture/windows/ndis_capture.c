/* SPDX-License-Identifier: MIT */
/*
 * ndis_capture.c - frames from Windows' capture filter, through event tracing
 *
 * Theory of operation
 *
 * The provider Microsoft-Windows-NDIS-PacketCapture writes an event for each frame that passes an
 * adapter on which its filter (ndis_binding.c) stands, while a trace session asks for it. Ours is
 * a real-time session with a name of its own, which Windows hands over on a thread of ours
 * (ProcessTrace), a full buffer at a time or once a second. So a frame may be a second late, and
 * every received frame of the host is copied once: that is why PktMon, which filters in the
 * kernel, goes first where Windows has it.
 *
 * Event 1001 (an adapter): interface index, the lower one's index, size, bytes. The VLAN tag is
 * not in it. Event 1003 (a virtual switch, where its extension "Microsoft NDIS Capture" is on)
 * has more fields, which TDH finds by their names; the tag stands in the out-of-band data. TDH is
 * asked only for events in which the stream is seen.
 *
 * A session outlives its process. One that a crash left behind is stopped before ours starts; a
 * named event tells that the process which made it is still there, and then it is left alone.
 */
#include "capture/windows/ndis_capture.h"

#include <evntcons.h>
#include <evntrace.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tdh.h>

#include "base/windows/wide.h"
#include "capture/windows/frame_gate.h"
#include "capture/windows/ndis_binding.h"
#include "capture/windows/ndis_event.h"

static const wchar_t SESSION[] = L"HyperVive Packet Capture";
static const wchar_t ALIVE[] = L"Global\\HyperVivePacketCapture";
static const GUID PROVIDER = {
	0x2ed6006e, 0x4729, 0x4609, {0xb4, 0x23, 0x3e, 0xe7, 0xbc, 0xd6, 0x78, 0xef}};

#define NO_TRACE ((TRACEHANDLE)INVALID_HANDLE_VALUE)

enum { FRAME_SIZE_MAX = 16384, OUT_OF_BAND_MAX = 2048, NAME_ROOM = 128 };

typedef ULONG WINAPI property_size_fn(PEVENT_RECORD event, ULONG context_count,
	PTDH_CONTEXT contexts, ULONG count, PPROPERTY_DATA_DESCRIPTOR properties, ULONG *size);
typedef ULONG WINAPI property_fn(PEVENT_RECORD event, ULONG context_count, PTDH_CONTEXT contexts,
	ULONG count, PPROPERTY_DATA_DESCRIPTOR properties, ULONG size, PBYTE buffer);

struct session_properties {
	EVENT_TRACE_PROPERTIES session;
	wchar_t names[2 * NAME_ROOM];
};

struct ndis_capture {
	struct frame_ring *ring;
	HANDLE ready, alive;
	TRACEHANDLE session, trace;
	HMODULE tdh;
	property_size_fn *property_size;
	property_fn *property;
	pthread_t thread;
	bool running;
	atomic_bool stopping, broken;
	uint64_t lost_told;
	/* For the thread. */
	uint8_t frame[FRAME_SIZE_MAX];
	uint8_t out_of_band[OUT_OF_BAND_MAX];
};

static struct session_properties new_properties(void)
{
	return (struct session_properties){
		.session = {
			.Wnode = {.BufferSize = sizeof(struct session_properties),
				.ClientContext = 1, /* the performance counter */
				.Flags = WNODE_FLAG_TRACED_GUID},
			.BufferSize = 64, /* KiB */
			.MinimumBuffers = 16,
			.MaximumBuffers = 64,
			.FlushTimer = 1,
			.LogFileMode = EVENT_TRACE_REAL_TIME_MODE,
			.LoggerNameOffset = offsetof(struct session_properties, names),
			.LogFileNameOffset = offsetof(struct session_properties, names) +
					     NAME_ROOM * sizeof(wchar_t),
		}};
}

static void put(
	struct ndis_capture *capture, struct ring_frame *about, const uint8_t *bytes, size_t length)
{
	if (!frame_gate_passes(bytes, length, about->link))
		return;
	about->wire_length = length;
	frame_ring_put(capture->ring, about, bytes, length);
	SetEvent(capture->ready);
}

static void take_adapter_frame(
	struct ndis_capture *capture, struct ring_frame *about, const EVENT_RECORD *event)
{
	const uint8_t *frame;
	size_t length;

	if (ndis_event_adapter_frame(
		    event->UserData, event->UserDataLength, &about->adapter, &frame, &length))
		put(capture, about, frame, length);
}

/* Reads a property of the event by its name; its length, or 0. */
static ULONG read_property(struct ndis_capture *capture, EVENT_RECORD *event, const wchar_t *name,
	void *target, ULONG size)
{
	PROPERTY_DATA_DESCRIPTOR property = {
		.PropertyName = (ULONGLONG)(uintptr_t)name, .ArrayIndex = ULONG_MAX};
	ULONG length = 0;

	if (capture->property_size(event, 0, NULL, 1, &property, &length) != ERROR_SUCCESS ||
		length > size ||
		capture->property(event, 0, NULL, 1, &property, length, target) != ERROR_SUCCESS)
		return 0;
	return length;
}

static void take_switch_frame(
	struct ndis_capture *capture, struct ring_frame *about, EVENT_RECORD *event)
{
	ULONG length, out_of_band;

	if (!capture->property || event->UserDataLength < sizeof(about->adapter) ||
		!frame_gate_has_stream(event->UserData, event->UserDataLength))
		return;
	length = read_property(capture, event, L"Fragment", capture->frame, sizeof(capture->frame));
	if (length == 0)
		return;
	out_of_band = read_property(
		capture, event, L"OOBData", capture->out_of_band, sizeof(capture->out_of_band));
	memcpy(&about->adapter, event->UserData, sizeof(about->adapter));
	about->tag = ndis_event_tag(capture->out_of_band, out_of_band);
	about->has_tag = about->tag != 0;
	put(capture, about, capture->frame, length);
}

static void WINAPI on_event(EVENT_RECORD *event)
{
	const EVENT_DESCRIPTOR *kind = &event->EventHeader.EventDescriptor;
	struct ndis_capture *capture = event->UserContext;
	struct ring_frame about = {0};

	if (memcmp(&event->EventHeader.ProviderId, &PROVIDER, sizeof(PROVIDER)) != 0 ||
		!ndis_event_link(kind->Keyword, &about.link))
		return;
	if (kind->Id == NDIS_EVENT_ADAPTER_FRAME)
		take_adapter_frame(capture, &about, event);
	else if (kind->Id == NDIS_EVENT_SWITCH_FRAME)
		take_switch_frame(capture, &about, event);
}

static void *process(void *context)
{
	struct ndis_capture *capture = context;

	ProcessTrace(&capture->trace, 1, NULL, NULL);
	if (!atomic_load(&capture->stopping)) {
		atomic_store(&capture->broken, true);
		SetEvent(capture->ready);
	}
	return NULL;
}

static void load_tdh(struct ndis_capture *capture)
{
	FARPROC size, property;

	capture->tdh = LoadLibraryExW(L"tdh.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
	size = capture->tdh ? GetProcAddress(capture->tdh, "TdhGetPropertySize") : NULL;
	property = capture->tdh ? GetProcAddress(capture->tdh, "TdhGetProperty") : NULL;
	if (!size || !property)
		return;
	memcpy(&capture->property_size, &size, sizeof(size));
	memcpy(&capture->property, &property, sizeof(property));
}

static ULONG start_session(struct ndis_capture *capture)
{
	struct session_properties properties = new_properties();
	ULONG result = StartTraceW(&capture->session, SESSION, &properties.session);

	if (result == ERROR_ALREADY_EXISTS) {
		properties = new_properties();
		ControlTraceW(0, SESSION, &properties.session, EVENT_TRACE_CONTROL_STOP);
		properties = new_properties();
		result = StartTraceW(&capture->session, SESSION, &properties.session);
	}
	if (result != ERROR_SUCCESS)
		capture->session = NO_TRACE;
	return result;
}

static ULONG run(struct ndis_capture *capture)
{
	ENABLE_TRACE_PARAMETERS parameters = {.Version = 2};
	EVENT_TRACE_LOGFILEW log = {
		.LoggerName = (wchar_t *)SESSION,
		.ProcessTraceMode = PROCESS_TRACE_MODE_REAL_TIME | PROCESS_TRACE_MODE_EVENT_RECORD,
		.EventRecordCallback = on_event,
		.Context = capture,
	};
	ULONG result = start_session(capture);

	if (result != ERROR_SUCCESS)
		return result;
	result = EnableTraceEx2(capture->session, &PROVIDER, EVENT_CONTROL_CODE_ENABLE_PROVIDER,
		TRACE_LEVEL_VERBOSE, NDIS_KEYWORD_RECEIVE | NDIS_KEYWORD_VM_SWITCH, 0, 0,
		&parameters);
	if (result != ERROR_SUCCESS)
		return result;
	capture->trace = OpenTraceW(&log);
	if (capture->trace == NO_TRACE)
		return GetLastError();
	if (pthread_create(&capture->thread, NULL, process, capture) != 0)
		return ERROR_NOT_ENOUGH_MEMORY;
	capture->running = true;
	return ERROR_SUCCESS;
}

/* False: another process that captures is alive. */
static bool be_the_only_one(struct ndis_capture *capture)
{
	capture->alive = CreateEventW(NULL, TRUE, FALSE, ALIVE);
	return capture->alive && GetLastError() != ERROR_ALREADY_EXISTS;
}

int ndis_capture_start(struct ndis_capture **capture, struct frame_ring *ring, HANDLE ready,
	char *missing, size_t missing_size, struct error *error)
{
	struct ndis_capture *made;
	struct ndis_binding binding;
	ULONG result;

	if (!ndis_binding_read(&binding) || binding.covered == 0)
		return error_set(
			error, ERR_FAILED, "Windows' capture filter is bound to no adapter");
	made = calloc(1, sizeof(*made));
	if (!made)
		return error_set(error, ERR_FAILED, "out of memory");
	made->ring = ring;
	made->ready = ready;
	made->session = made->trace = NO_TRACE;
	if (!be_the_only_one(made)) {
		ndis_capture_stop(made);
		return error_set(error, ERR_FAILED, "another hypervive captures already");
	}
	load_tdh(made);
	result = run(made);
	if (result != ERROR_SUCCESS) {
		ndis_capture_stop(made);
		return error_set_windows(error, ERR_FAILED, result, "NDIS capture does not start");
	}
	snprintf(missing, missing_size, "%s", binding.names);
	*capture = made;
	return 0;
}

void ndis_capture_count_lost(struct ndis_capture *capture)
{
	struct session_properties properties = new_properties();
	uint64_t lost;

	if (ControlTraceW(capture->session, NULL, &properties.session, EVENT_TRACE_CONTROL_QUERY) !=
		ERROR_SUCCESS)
		return;
	lost = properties.session.EventsLost;
	if (lost > capture->lost_told)
		frame_ring_add_lost(capture->ring, lost - capture->lost_told);
	capture->lost_told = lost;
}

bool ndis_capture_broken(const struct ndis_capture *capture)
{
	return atomic_load(&capture->broken);
}

void ndis_capture_stop(struct ndis_capture *capture)
{
	struct session_properties properties = new_properties();

	if (!capture)
		return;
	atomic_store(&capture->stopping, true);
	if (capture->session != NO_TRACE)
		ControlTraceW(
			capture->session, NULL, &properties.session, EVENT_TRACE_CONTROL_STOP);
	/* ProcessTrace ends with the session; CloseTrace ends it in any case. */
	if (capture->trace != NO_TRACE)
		CloseTrace(capture->trace);
	if (capture->running)
		pthread_join(capture->thread, NULL);
	if (capture->tdh)
		FreeLibrary(capture->tdh);
	if (capture->alive)
		CloseHandle(capture->alive);
	free(capture);
}
