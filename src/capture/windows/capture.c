/* SPDX-License-Identifier: MIT */
/*
 * capture.c - frames off all adapters of a Windows host
 *
 * Theory of operation
 *
 * Windows has no packet socket, so there are several sources, and each hears what it can:
 *
 *   UDP sockets, ports 7 and 9     what is sent to this host or broadcast      (socket_source.c)
 *   raw UDP sockets                the same for all other ports                (raw_udp.c)
 *   PktMon, else NDIS capture      EtherType 0x0842, VLANs that only machines
 *                                  use, and what a firewall would take away    (pktmon.c, …)
 *
 * The sockets are read by the loop itself. The others have threads of their own, which put what
 * may be a magic packet into a ring (frame_ring.c). All of them set one event, which is reset
 * before everything is read; when the budget ends the reading early the event is set again. So
 * nothing that came meanwhile is missed: at worst the loop comes once for nothing.
 *
 * What is slow to begin (PktMon) or slow to ask (the firewall) is done by a background thread
 * after the opening; only where no socket can be opened does the opening wait for PktMon. The
 * thread also has PktMon look for new adapters when Windows tells of a change.
 *
 * One datagram may be heard by a socket and by PktMon, as a Linux host hears it at each adapter
 * that it crosses. Both are handed over, in the same shape (datagram.c): the waker tells copies
 * apart.
 */
#include "capture/capture.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/windows/wide.h"
#include "capture/windows/firewall.h"
#include "capture/windows/frame_ring.h"
#include "capture/windows/interface_names.h"
#include "capture/windows/ndis_capture.h"
#include "capture/windows/pktmon.h"
#include "capture/windows/reach.h"
#include "capture/windows/udp.h"

enum {
	/* Per family: the two ports, and the raw socket behind them. */
	SOCKETS_PER_FAMILY = REACH_PORT_COUNT + 1,
	SOCKET_COUNT = REACH_FAMILY_COUNT * SOCKETS_PER_FAMILY,
	SOURCE_COUNT = SOCKET_COUNT + 1, /* and the ring */
	/* Datagrams that are none of ours are read too, for each frame of the budget so many. */
	READS_PER_FRAME = 16,
	REFRESH_MS = 60000,
};

struct capture {
	HANDLE event;   /* what the loop waits for; stays set until it is reset */
	HANDLE changed; /* wakes the background thread */
	bool has_winsock;
	struct socket_source sockets[SOCKET_COUNT];
	struct udp_ports ports[REACH_FAMILY_COUNT];
	struct udp_neighbours neighbours;
	struct interface_names *names;
	struct frame_ring *ring;
	char **interfaces; /* patterns; all when there are none */
	size_t interface_count;
	struct capture_counters counters;
	unsigned first_source; /* the one that is read first, so that each has its turn */
	struct datagram_buffer buffer;
	struct ring_frame ring_frame;
	pthread_t background;
	bool has_background;
	atomic_bool stopping;
	/* Under the lock. */
	pthread_mutex_t lock;
	struct pktmon *pktmon;
	struct ndis_capture *ndis;
	bool reach_known;
	struct reach_facts facts;
};

/* One reading of the capture. */
struct reading {
	struct capture *capture;
	unsigned budget, reads;
	capture_frame_fn *each;
	void *context;
	struct error *error;
};

static int copy_patterns(
	struct capture *capture, const struct capture_options *options, struct error *error)
{
	size_t count = options ? options->interface_count : 0;

	if (count == 0)
		return 0;
	capture->interfaces = calloc(count, sizeof(*capture->interfaces));
	if (!capture->interfaces)
		return error_set(error, ERR_FAILED, "out of memory");
	for (; capture->interface_count < count; capture->interface_count++) {
		char *copy = strdup(options->interfaces[capture->interface_count]);

		if (!copy)
			return error_set(error, ERR_FAILED, "out of memory");
		capture->interfaces[capture->interface_count] = copy;
	}
	return 0;
}

static int start_winsock(struct capture *capture, struct error *error)
{
	WSADATA data;
	int result = WSAStartup(MAKEWORD(2, 2), &data);

	if (result != 0)
		return error_set_windows(
			error, ERR_FAILED, (uint32_t)result, "Windows Sockets do not start");
	capture->has_winsock = true;
	udp_neighbours_init(&capture->neighbours);
	return 0;
}

static void open_sockets(struct capture *capture)
{
	static const int FAMILIES[REACH_FAMILY_COUNT] = {AF_INET, AF_INET6};
	static const uint16_t PORTS[SOCKETS_PER_FAMILY] = {7, 9, 0};

	for (int i = 0; i < SOCKET_COUNT; i++) {
		int family = i / SOCKETS_PER_FAMILY, port = i % SOCKETS_PER_FAMILY;
		struct socket_source *source = &capture->sockets[i];
		bool open =
			socket_source_open(source, FAMILIES[family], PORTS[port], capture->event);
		struct reach_port *told = &capture->facts.ports[family][port % REACH_PORT_COUNT];

		if (PORTS[port] == 0) {
			capture->facts.raw[family] = open;
			continue;
		}
		told->open = open;
		told->shared = source->shared;
		if (!open)
			socket_source_explain(source->failure, told->why, sizeof(told->why));
	}
	for (int family = 0; family < REACH_FAMILY_COUNT; family++) {
		capture->ports[family].has_7 = capture->facts.ports[family][REACH_PORT_7].open;
		capture->ports[family].has_9 = capture->facts.ports[family][REACH_PORT_9].open;
	}
}

/* Starts PktMon, or else NDIS capture; facts->below says which, or why none. */
static void start_below(struct capture *capture, struct reach_facts *facts)
{
	struct pktmon *pktmon = NULL;
	struct ndis_capture *ndis = NULL;
	struct error error = {0}, other = {0};

	if (pktmon_start(&pktmon, capture->ring, capture->event, &error) == 0)
		facts->below = REACH_BELOW_PKTMON;
	else if (ndis_capture_start(&ndis, capture->ring, capture->event, facts->below_missing,
			 sizeof(facts->below_missing), &other) == 0)
		facts->below = REACH_BELOW_NDIS;
	else
		text_copy(facts->below_missing, sizeof(facts->below_missing), error.text);
	pthread_mutex_lock(&capture->lock);
	capture->pktmon = pktmon;
	capture->ndis = ndis;
	pthread_mutex_unlock(&capture->lock);
	SetEvent(capture->event); /* for what came before this could be seen */
}

static void publish(struct capture *capture, const struct reach_facts *facts)
{
	pthread_mutex_lock(&capture->lock);
	capture->facts = *facts;
	capture->reach_known = true;
	pthread_mutex_unlock(&capture->lock);
	SetEvent(capture->event);
}

static void *work_in_background(void *context)
{
	struct capture *capture = context;
	struct reach_facts facts = capture->facts; /* nobody writes there before publish() */

	if (facts.below == REACH_BELOW_NOT)
		start_below(capture, &facts);
	/* PktMon hears what comes before the firewall does. */
	if (facts.below != REACH_BELOW_PKTMON)
		firewall_read(&facts.firewall, &capture->stopping);
	publish(capture, &facts);
	while (!atomic_load(&capture->stopping)) {
		/* The network adapters of machines are none of the host's interfaces. */
		WaitForSingleObject(capture->changed, capture->pktmon ? REFRESH_MS : INFINITE);
		if (capture->pktmon && !atomic_load(&capture->stopping))
			pktmon_refresh(capture->pktmon);
	}
	return NULL;
}

/* Sockets, or at least PktMon, which then is waited for. */
static int require_something(struct capture *capture, struct error *error)
{
	const struct reach_port *port = &capture->facts.ports[REACH_IPV4][REACH_PORT_9];

	if (reach_any(&capture->facts))
		return 0;
	start_below(capture, &capture->facts);
	if (reach_any(&capture->facts))
		return 0;
	return error_set(error, ERR_FAILED,
		"no magic packet can be heard: UDP port 9: %s; other frames: %s", port->why,
		capture->facts.below_missing);
}

static int start_background(struct capture *capture, struct error *error)
{
	int result = pthread_create(&capture->background, NULL, work_in_background, capture);

	if (result != 0)
		return error_set_errno(
			error, ERR_FAILED, result, "cannot start the receiver's thread");
	capture->has_background = true;
	return 0;
}

static int open_parts(
	struct capture *capture, const struct capture_options *options, struct error *error)
{
	int status = copy_patterns(capture, options, error);

	if (status < 0)
		return status;
	capture->event = CreateEventW(NULL, TRUE, FALSE, NULL);
	capture->changed = CreateEventW(NULL, FALSE, FALSE, NULL);
	if (!capture->event || !capture->changed)
		return error_set_windows(
			error, ERR_FAILED, GetLastError(), "cannot create an event");
	status = start_winsock(capture, error);
	if (status < 0)
		return status;
	capture->ring = frame_ring_new();
	capture->names = interface_names_new(capture->changed);
	if (!capture->ring || !capture->names)
		return error_set(error, ERR_FAILED, "out of memory");
	open_sockets(capture);
	status = require_something(capture, error);
	if (status == 0)
		status = start_background(capture, error);
	return status;
}

int capture_open(
	struct capture **capture, const struct capture_options *options, struct error *error)
{
	struct capture *made = calloc(1, sizeof(*made));
	int status;

	if (!made)
		return error_set(error, ERR_FAILED, "out of memory");
	for (int i = 0; i < SOCKET_COUNT; i++)
		made->sockets[i].socket = INVALID_SOCKET;
	pthread_mutex_init(&made->lock, NULL);
	status = open_parts(made, options, error);
	if (status == 0)
		*capture = made;
	else
		capture_close(made);
	return status;
}

waitable capture_waitable(const struct capture *capture)
{
	return (waitable)capture->event;
}

static bool wanted(const struct capture *capture, const char *interface_name)
{
	if (capture->interface_count == 0)
		return true;
	for (size_t i = 0; i < capture->interface_count; i++) {
		if (text_matches(capture->interfaces[i], interface_name))
			return true;
	}
	return false;
}

/* The frame's interface has been named. */
static void hand_over(struct reading *reading, const struct frame *frame)
{
	if (!wanted(reading->capture, frame->interface))
		return;
	reading->budget--;
	reading->capture->counters.frames++;
	reading->each(reading->context, frame);
}

static void name_by_index(struct capture *capture, uint32_t index, struct frame *frame)
{
	text_copy(frame->interface, sizeof(frame->interface),
		interface_names_get(capture->names, index));
}

static bool may_go_on(const struct reading *reading)
{
	return reading->budget > 0 && reading->reads > 0;
}

/* Reads until the socket is empty or the budget is. */
static int read_socket(struct reading *reading, int i)
{
	struct capture *capture = reading->capture;
	struct socket_source *source = &capture->sockets[i];

	while (source->socket != INVALID_SOCKET && may_go_on(reading)) {
		struct received received;
		struct frame frame;
		bool ours;

		reading->reads--;
		switch (socket_source_read(source, &capture->buffer, &received, reading->error)) {
		case RECEIVED_NOTHING:
			return 0;
		case RECEIVED_FAILURE:
			return -reading->error->code;
		case RECEIVED_TROUBLE:
			continue;
		case RECEIVED_DATAGRAM:
			break;
		}
		ours = source->port ? udp_frame(&capture->neighbours, &received, &frame)
				    : raw_udp_frame(&capture->neighbours,
					      &capture->ports[i / SOCKETS_PER_FAMILY], &received,
					      &frame);
		if (!ours)
			continue;
		name_by_index(capture, received.interface_index, &frame);
		hand_over(reading, &frame);
	}
	return 0;
}

static struct pktmon *get_pktmon(struct capture *capture)
{
	struct pktmon *pktmon;

	pthread_mutex_lock(&capture->lock);
	pktmon = capture->pktmon;
	pthread_mutex_unlock(&capture->lock);
	return pktmon;
}

static struct ndis_capture *get_ndis(struct capture *capture)
{
	struct ndis_capture *ndis;

	pthread_mutex_lock(&capture->lock);
	ndis = capture->ndis;
	pthread_mutex_unlock(&capture->lock);
	return ndis;
}

static void read_ring(struct reading *reading)
{
	struct capture *capture = reading->capture;
	struct ring_frame *slot = &capture->ring_frame;
	struct pktmon *pktmon = get_pktmon(capture);

	if (!pktmon && !get_ndis(capture))
		return; /* whose numbers the frames have is not known yet */
	while (may_go_on(reading) && frame_ring_take(capture->ring, slot)) {
		struct frame frame = {
			.bytes = slot->bytes,
			.length = slot->length,
			.wire_length = slot->wire_length,
			.link = slot->link,
			.has_tag = slot->has_tag,
			.tag = slot->tag,
		};

		reading->reads--;
		datagram_normalise(slot->bytes, slot->length, slot->link);
		if (pktmon)
			pktmon_name(pktmon, slot->adapter, frame.interface);
		else
			name_by_index(capture, slot->adapter, &frame);
		hand_over(reading, &frame);
	}
}

static int check_sources(struct capture *capture, struct error *error)
{
	struct pktmon *pktmon = get_pktmon(capture);
	struct ndis_capture *ndis = get_ndis(capture);

	if ((pktmon && pktmon_broken(pktmon)) || (ndis && ndis_capture_broken(ndis)))
		return error_set(error, ERR_FAILED, "Windows ended the capture of frames");
	return 0;
}

int capture_read(struct capture *capture, unsigned budget, capture_frame_fn *each, void *context,
	struct error *error)
{
	struct error ignored = {0};
	struct reading reading = {
		.capture = capture,
		.budget = budget,
		.reads = budget < UINT_MAX / READS_PER_FRAME ? (budget + 1) * READS_PER_FRAME
							     : UINT_MAX,
		.each = each,
		.context = context,
		.error = error ? error : &ignored,
	};
	unsigned first = capture->first_source;
	int status = 0;

	ResetEvent(capture->event);
	capture->first_source = (first + 1) % SOURCE_COUNT;
	for (unsigned i = 0; i < SOURCE_COUNT && status == 0; i++) {
		unsigned source = (first + i) % SOURCE_COUNT;

		if (source < SOCKET_COUNT)
			status = read_socket(&reading, (int)source);
		else
			read_ring(&reading);
	}
	if (status == 0)
		status = check_sources(capture, reading.error);
	if (!may_go_on(&reading) || status < 0)
		SetEvent(capture->event);
	return status;
}

/* Windows does not count what its sockets drop. */
void capture_counters(struct capture *capture, struct capture_counters *counters)
{
	struct ndis_capture *ndis = get_ndis(capture);

	if (ndis)
		ndis_capture_count_lost(ndis);
	capture->counters.dropped = frame_ring_lost(capture->ring);
	*counters = capture->counters;
}

bool capture_reach(struct capture *capture, struct capture_reach *reach)
{
	bool known;

	pthread_mutex_lock(&capture->lock);
	known = capture->reach_known;
	if (known)
		reach_describe(&capture->facts, reach);
	pthread_mutex_unlock(&capture->lock);
	return known;
}

void capture_close(struct capture *capture)
{
	if (!capture)
		return;
	atomic_store(&capture->stopping, true);
	if (capture->has_background) {
		SetEvent(capture->changed);
		pthread_join(capture->background, NULL);
	}
	pktmon_stop(capture->pktmon);
	ndis_capture_stop(capture->ndis);
	interface_names_free(capture->names);
	for (int i = 0; i < SOCKET_COUNT; i++)
		socket_source_close(&capture->sockets[i]);
	frame_ring_free(capture->ring);
	if (capture->has_winsock)
		WSACleanup();
	if (capture->changed)
		CloseHandle(capture->changed);
	if (capture->event)
		CloseHandle(capture->event);
	for (size_t i = 0; i < capture->interface_count; i++)
		free(capture->interfaces[i]);
	free(capture->interfaces);
	pthread_mutex_destroy(&capture->lock);
	free(capture);
}
