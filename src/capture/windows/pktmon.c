/* SPDX-License-Identifier: MIT */
/*
 * pktmon.c - frames from Windows' packet monitor
 *
 * Theory of operation
 *
 * A session has constraints (what), data sources (where) and outputs (to whom). Ours takes
 * EtherType 0x0842 and UDP to ports 7 and 9 from all network interfaces: those of the host, the
 * ports of virtual switches, and the physical adapters beneath, where frames of VLANs that only
 * machines use come by. It stands below the firewall and filters in the kernel, so that ordinary
 * traffic costs nothing here.
 *
 * A port's constraint is given twice, as first and as second port, because the documentation
 * calls them source and destination while the program pktmon takes either for both.
 *
 * Packets come on a thread of the library. There they are only checked, passed through the gate
 * and copied. One packet is reported at several edges of one component; those have group, number
 * and component in common and are dropped. Reports of other components are copies that the waker
 * tells apart, as it does with a Linux host's adapters. (That the group is the same at all
 * components is documented, and was not so where it was tried.)
 *
 * Sources are listed once more whenever the host's interfaces change, and new ones are added.
 * Sessions belong to the process: one that ended badly leaves nothing behind.
 */
#include "capture/windows/pktmon.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/windows/wide.h"
#include "capture/windows/frame_gate.h"
#include "capture/windows/interface_names.h"
#include "capture/windows/pktmon_api.h"

enum {
	SOURCES_MAX = 512,
	LIST_SIZE_MAX = 4 << 20,
	REPORTS = 64, /* remembered to tell a second one of the same component */
	ETHER_TYPE_WAKE_ON_LAN = 0x0842,
	PROTOCOL_UDP = 17,
};

struct report {
	uint64_t group, digest;
	uint16_t number, component;
};

struct pktmon {
	struct pktmon_api api;
	HANDLE handle, session, stream;
	struct frame_ring *ring;
	HANDLE ready;
	atomic_bool stopping, broken;
	/* For the library's thread. */
	struct report reports[REPORTS];
	unsigned next_report;
	/* Sources that were added, and their names. */
	pthread_mutex_t lock;
	unsigned source_count;
	struct {
		uint32_t id, secondary_id;
		char name[FRAME_INTERFACE_SIZE];
	} sources[SOURCES_MAX];
};

static bool find(const struct pktmon_api *api, const char *name, void *function)
{
	FARPROC found = GetProcAddress(api->module, name);

	memcpy(function, &found, sizeof(found));
	return found != NULL;
}

static int load(struct pktmon_api *api, struct error *error)
{
	api->module = LoadLibraryExW(L"pktmonapi.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
	if (api->module && find(api, "PacketMonitorInitialize", &api->initialize) &&
		find(api, "PacketMonitorUninitialize", &api->uninitialize) &&
		find(api, "PacketMonitorEnumDataSources", &api->enumerate) &&
		find(api, "PacketMonitorCreateLiveSession", &api->create_session) &&
		find(api, "PacketMonitorCloseSessionHandle", &api->close_session) &&
		find(api, "PacketMonitorAddSingleDataSourceToSession", &api->add_source) &&
		find(api, "PacketMonitorAddCaptureConstraint", &api->add_constraint) &&
		find(api, "PacketMonitorCreateRealtimeStream", &api->create_stream) &&
		find(api, "PacketMonitorCloseRealtimeStream", &api->close_stream) &&
		find(api, "PacketMonitorAttachOutputToSession", &api->attach) &&
		find(api, "PacketMonitorSetSessionActive", &api->set_active))
		return 0;
	return error_set(error, ERR_FAILED, "needs PktMon: Windows Server 2022 or later");
}

/* FNV-1a; it only keeps two different packets of one number apart. */
static uint64_t digest_of(const uint8_t *bytes, size_t length)
{
	uint64_t digest = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < length; i++)
		digest = (digest ^ bytes[i]) * UINT64_C(0x100000001b3);
	return digest;
}

static bool reported_before(struct pktmon *pktmon, const struct report *report)
{
	for (unsigned i = 0; i < REPORTS; i++) {
		const struct report *other = &pktmon->reports[i];

		if (other->group == report->group && other->digest == report->digest &&
			other->number == report->number && other->component == report->component)
			return true;
	}
	pktmon->reports[pktmon->next_report] = *report;
	pktmon->next_report = (pktmon->next_report + 1) % REPORTS;
	return false;
}

static bool link_of(uint16_t type, enum frame_link *link)
{
	*link = type == PKTMON_TYPE_IP ? FRAME_IP : FRAME_ETHERNET;
	return type == PKTMON_TYPE_IP || type == PKTMON_TYPE_ETHERNET;
}

static void CALLBACK on_packet(void *context, const struct pktmon_packet *packet)
{
	struct pktmon *pktmon = context;
	struct pktmon_metadata metadata;
	struct ring_frame about = {0};
	const uint8_t *bytes;

	if (packet->missed_writes || packet->missed_reads)
		frame_ring_add_lost(
			pktmon->ring, (uint64_t)packet->missed_writes + packet->missed_reads);
	if (!packet->data || packet->metadata_offset > packet->size ||
		sizeof(metadata) > packet->size - packet->metadata_offset ||
		packet->packet_offset > packet->size ||
		packet->packet_length > packet->size - packet->packet_offset)
		return;
	memcpy(&metadata, (const uint8_t *)packet->data + packet->metadata_offset,
		sizeof(metadata));
	bytes = (const uint8_t *)packet->data + packet->packet_offset;
	if (!link_of(metadata.type, &about.link) ||
		!frame_gate_passes(bytes, packet->packet_length, about.link))
		return;
	if (reported_before(pktmon, &(struct report){.group = metadata.group,
					    .digest = digest_of(bytes, packet->packet_length),
					    .number = metadata.number,
					    .component = metadata.component}))
		return;
	about.adapter = metadata.component;
	about.wire_length = packet->packet_length;
	frame_ring_put(pktmon->ring, &about, bytes, packet->packet_length);
	SetEvent(pktmon->ready);
}

static void CALLBACK on_event(void *context, const void *info, int kind)
{
	struct pktmon *pktmon = context;

	(void)info;
	if (kind != PKTMON_EVENT_STOPPED && kind != PKTMON_EVENT_FATAL)
		return;
	if (atomic_load(&pktmon->stopping))
		return;
	atomic_store(&pktmon->broken, true);
	SetEvent(pktmon->ready);
}

static HRESULT constrain(struct pktmon *pktmon)
{
	static const uint16_t PORTS[] = {7, 9};
	struct pktmon_constraint constraint = {
		.present = PKTMON_HAS_ETHER_TYPE, .ether_type = ETHER_TYPE_WAKE_ON_LAN};
	HRESULT result = pktmon->api.add_constraint(pktmon->session, &constraint);

	for (int i = 0; i < 4 && SUCCEEDED(result); i++) {
		constraint = (struct pktmon_constraint){
			.present =
				PKTMON_HAS_PROTOCOL | (i % 2 ? PKTMON_HAS_PORT2 : PKTMON_HAS_PORT1),
			.protocol = PROTOCOL_UDP};
		constraint.port1 = i % 2 ? 0 : PORTS[i / 2];
		constraint.port2 = i % 2 ? PORTS[i / 2] : 0;
		result = pktmon->api.add_constraint(pktmon->session, &constraint);
	}
	return result;
}

/* A list for free(), or NULL. */
static struct pktmon_data_source_list *list_sources(struct pktmon *pktmon, SIZE_T *size)
{
	struct pktmon_data_source_list *list;
	SIZE_T needed = 0;

	pktmon->api.enumerate(
		pktmon->handle, PKTMON_SOURCES_NETWORK_INTERFACES, FALSE, 0, &needed, NULL);
	if (needed < sizeof(*list) || needed > LIST_SIZE_MAX)
		return NULL;
	list = calloc(1, needed);
	if (list && FAILED(pktmon->api.enumerate(pktmon->handle, PKTMON_SOURCES_NETWORK_INTERFACES,
			    FALSE, needed, &needed, list))) {
		free(list);
		return NULL;
	}
	*size = needed;
	return list;
}

/* The list's own pointers are believed only where they point into it. */
static const struct pktmon_data_source *source_at(
	const struct pktmon_data_source_list *list, SIZE_T size, UINT32 i)
{
	uintptr_t start = (uintptr_t)list, at;

	/* The list is of pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
	if (size < sizeof(*list) || i >= (size - sizeof(*list)) / sizeof(list->sources[0]))
		return NULL;
	at = (uintptr_t)list->sources[i];
	if (at < start || at - start > size ||
		sizeof(struct pktmon_data_source) > size - (at - start))
		return NULL;
	return list->sources[i];
}

static bool has_source(struct pktmon *pktmon, uint32_t id)
{
	bool found = false;

	pthread_mutex_lock(&pktmon->lock);
	for (unsigned i = 0; i < pktmon->source_count && !found; i++)
		found = pktmon->sources[i].id == id;
	pthread_mutex_unlock(&pktmon->lock);
	return found;
}

/* The alias where Windows has an interface for it, else the description. */
static void name_source(const struct pktmon_data_source *source, char name[FRAME_INTERFACE_SIZE])
{
	wchar_t description[PKTMON_TEXT_LENGTH + 1];
	struct mac mac = {{0}};

	memcpy(description, source->description, sizeof(source->description));
	description[PKTMON_TEXT_LENGTH] = L'\0';
	if (source->present & PKTMON_PRESENT_MAC)
		memcpy(mac.bytes, source->detail, sizeof(mac.bytes));
	if (interface_names_find(description, &mac, name))
		return;
	wide_to_utf8(name, FRAME_INTERFACE_SIZE, description);
	if (!name[0])
		snprintf(name, FRAME_INTERFACE_SIZE, "component %u", (unsigned)source->id);
}

static void add_source(struct pktmon *pktmon, const struct pktmon_data_source *source)
{
	char name[FRAME_INTERFACE_SIZE];

	if (has_source(pktmon, source->id) || pktmon->source_count == SOURCES_MAX)
		return;
	if (FAILED(pktmon->api.add_source(pktmon->session, source)))
		return;
	name_source(source, name);
	pthread_mutex_lock(&pktmon->lock);
	pktmon->sources[pktmon->source_count].id = source->id;
	pktmon->sources[pktmon->source_count].secondary_id = source->secondary_id;
	memcpy(pktmon->sources[pktmon->source_count].name, name, sizeof(name));
	pktmon->source_count++;
	pthread_mutex_unlock(&pktmon->lock);
}

void pktmon_refresh(struct pktmon *pktmon)
{
	SIZE_T size = 0;
	struct pktmon_data_source_list *list = list_sources(pktmon, &size);

	for (UINT32 i = 0; list && i < list->count; i++) {
		const struct pktmon_data_source *source = source_at(list, size, i);

		if (source)
			add_source(pktmon, source);
	}
	free(list);
}

static HRESULT run(struct pktmon *pktmon)
{
	const struct pktmon_stream_options options = {
		.context = pktmon,
		.on_event = on_event,
		.on_packet = on_packet,
		.buffer_multiplier = 4,
		.truncation = FRAME_RING_BYTES,
	};
	const struct pktmon_api *api = &pktmon->api;
	HRESULT result = api->initialize(PKTMON_VERSION_1_0, NULL, &pktmon->handle);

	if (SUCCEEDED(result))
		result = api->create_session(pktmon->handle, L"HyperVive", &pktmon->session);
	if (SUCCEEDED(result))
		result = constrain(pktmon);
	/* Where no source can be named the session is left without, which stands for all. */
	if (SUCCEEDED(result)) {
		pktmon_refresh(pktmon);
		result = api->create_stream(pktmon->handle, &options, &pktmon->stream);
	}
	if (SUCCEEDED(result))
		result = api->attach(pktmon->session, pktmon->stream);
	if (SUCCEEDED(result))
		result = api->set_active(pktmon->session, TRUE);
	return result;
}

int pktmon_start(struct pktmon **pktmon, struct frame_ring *ring, HANDLE ready, struct error *error)
{
	struct pktmon *made = calloc(1, sizeof(*made));
	HRESULT result;

	if (!made)
		return error_set(error, ERR_FAILED, "out of memory");
	made->ring = ring;
	made->ready = ready;
	pthread_mutex_init(&made->lock, NULL);
	if (load(&made->api, error) < 0) {
		pktmon_stop(made);
		return -error->code;
	}
	result = run(made);
	if (FAILED(result)) {
		pktmon_stop(made);
		if (result == E_ACCESSDENIED)
			return error_set(
				error, ERR_FAILED, "PktMon needs an administrator's rights");
		return error_set_windows(
			error, ERR_FAILED, (uint32_t)result, "PktMon does not start");
	}
	*pktmon = made;
	return 0;
}

void pktmon_name(struct pktmon *pktmon, uint32_t adapter, char name[FRAME_INTERFACE_SIZE])
{
	bool found = false;

	pthread_mutex_lock(&pktmon->lock);
	for (unsigned i = 0; i < pktmon->source_count && !found; i++) {
		found = pktmon->sources[i].id == adapter ||
			(adapter != 0 && pktmon->sources[i].secondary_id == adapter);
		if (found)
			memcpy(name, pktmon->sources[i].name, FRAME_INTERFACE_SIZE);
	}
	pthread_mutex_unlock(&pktmon->lock);
	if (!found)
		snprintf(name, FRAME_INTERFACE_SIZE, "component %u", (unsigned)adapter);
}

bool pktmon_broken(const struct pktmon *pktmon)
{
	return atomic_load(&pktmon->broken);
}

void pktmon_stop(struct pktmon *pktmon)
{
	if (!pktmon)
		return;
	atomic_store(&pktmon->stopping, true);
	if (pktmon->session && pktmon->stream)
		pktmon->api.set_active(pktmon->session, FALSE);
	if (pktmon->stream)
		pktmon->api.close_stream(pktmon->stream); /* waits for its thread */
	if (pktmon->session)
		pktmon->api.close_session(pktmon->session);
	if (pktmon->handle)
		pktmon->api.uninitialize(pktmon->handle);
	if (pktmon->api.module)
		FreeLibrary(pktmon->api.module);
	pthread_mutex_destroy(&pktmon->lock);
	free(pktmon);
}
