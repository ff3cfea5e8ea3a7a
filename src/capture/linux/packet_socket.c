/* SPDX-License-Identifier: MIT */
/*
 * packet_socket.c - frames off all adapters of a Linux host
 *
 * Theory of operation
 *
 * One packet socket (packet(7)) that is bound to no interface hears every interface of its network
 * namespace, those of tomorrow too: what they receive, before bridges, firewalls and Open vSwitch
 * see it, and what the host sends itself. Nothing has to be followed, and nothing is missed while
 * a new interface is being set up. The socket needs CAP_NET_RAW and nothing else.
 *
 * The socket is made with protocol 0, which hears nothing. Only when the filter (filter.c) and the
 * ring stand is it bound to all protocols, so that no unfiltered frame can ever be queued.
 *
 * Frames come through a ring in shared memory (Documentation/networking/packet_mmap.rst), so that
 * reading one costs no system call. It is TPACKET_V2: version 3 would gather frames into blocks
 * and hand over a block when it is full or when its timer runs out, at best after a millisecond,
 * and here frames are rare and each is urgent. A slot belongs to the kernel until it stores
 * TP_STATUS_USER in tp_status, and again from when we store TP_STATUS_KERNEL; both stores are
 * releases, and our load is an acquire.
 *
 * A frame that is larger than a slot (jumbo frames, GRO) is cut in the ring, and its whole is
 * queued as with an ordinary socket (PACKET_COPY_THRESH), to be fetched with recv(). What is
 * fetched has no origin, that stands in the slot alone; and on several processors the order of
 * queue and slots may differ. So the two are joined by their bytes: a fetched frame is kept until
 * the slot comes that holds its beginning. A slot whose frame is not to be had (the queue was full)
 * is handed over as it is, cut.
 *
 * The kernel takes the (outer) VLAN tag out of what is received; the tag is in the slot's header.
 */
#include "capture/capture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "capture/linux/filter.h"

enum {
	SLOT_SIZE = 2048,
	SLOT_COUNT = 2048,
	BLOCK_SIZE = 32768, /* what the kernel allocates in one piece */
	RING_SIZE = SLOT_SIZE * SLOT_COUNT,
	/* The largest IP packet, an Ethernet header and two VLAN tags fit. */
	LARGE_SIZE = 65536 + 64,
	LARGE_COUNT = 2,
};

_Static_assert(BLOCK_SIZE % SLOT_SIZE == 0 && RING_SIZE % BLOCK_SIZE == 0,
	"slots must lie in the ring without gaps");

/* A frame from the queue whose slot has not been read yet. */
struct large_frame {
	size_t wire_length; /* 0: none */
	uint8_t bytes[LARGE_SIZE];
};

struct capture {
	int fd;
	uint8_t *ring;
	unsigned next;     /* the slot that is filled next */
	unsigned oldest;   /* of the large frames: the one to make room */
	char **interfaces; /* patterns; all when there are none */
	size_t interface_count;
	struct capture_counters counters;
	struct large_frame large[LARGE_COUNT];
};

static int set_option(int fd, int name, int value)
{
	return setsockopt(fd, SOL_PACKET, name, &value, sizeof(value));
}

static int open_socket(struct capture *capture, struct error *error)
{
	capture->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (capture->fd >= 0)
		return 0;
	if (errno == EPERM || errno == EACCES) {
		int number = errno;

		error_set(error, ERR_FAILED,
			"listening to the network needs root or the capability CAP_NET_RAW");
		error->host_code = number;
		return -ERR_FAILED;
	}
	return error_set_errno(error, ERR_FAILED, errno, "cannot open a packet socket");
}

static int map_ring(struct capture *capture, struct error *error)
{
	struct tpacket_req request = {
		.tp_block_size = BLOCK_SIZE,
		.tp_block_nr = RING_SIZE / BLOCK_SIZE,
		.tp_frame_size = SLOT_SIZE,
		.tp_frame_nr = SLOT_COUNT,
	};
	void *ring;

	if (set_option(capture->fd, PACKET_VERSION, TPACKET_V2) ||
		set_option(capture->fd, PACKET_COPY_THRESH, SLOT_SIZE))
		return error_set_errno(error, ERR_FAILED, errno, "cannot set up the packet socket");
	if (setsockopt(capture->fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)))
		return error_set_errno(
			error, ERR_FAILED, errno, "cannot allocate the ring of the packet socket");
	ring = mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, capture->fd, 0);
	if (ring == MAP_FAILED)
		return error_set_errno(
			error, ERR_FAILED, errno, "cannot map the ring of the packet socket");
	capture->ring = ring;
	return 0;
}

static int start(struct capture *capture, struct error *error)
{
	struct sockaddr_ll everything = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = 0,
	};

	if (bind(capture->fd, (struct sockaddr *)&everything, sizeof(everything)))
		return error_set_errno(
			error, ERR_FAILED, errno, "cannot bind the packet socket to all adapters");
	return 0;
}

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

int capture_open(
	struct capture **capture, const struct capture_options *options, struct error *error)
{
	struct capture *made = calloc(1, sizeof(*made));
	int status;

	if (!made)
		return error_set(error, ERR_FAILED, "out of memory");
	made->fd = -1;
	status = copy_patterns(made, options, error);
	if (status == 0)
		status = open_socket(made, error);
	if (status == 0)
		status = filter_attach(made->fd, error);
	if (status == 0)
		status = map_ring(made, error);
	if (status == 0)
		status = start(made, error);
	if (status == 0)
		*capture = made;
	else
		capture_close(made);
	return status;
}

waitable capture_waitable(const struct capture *capture)
{
	return capture->fd;
}

/* The present name, also after a rename; "if7" when the interface is gone by now. */
static void name_interface(const struct capture *capture, int index, char *name)
{
	struct ifreq request = {.ifr_ifindex = index};

	if (ioctl(capture->fd, SIOCGIFNAME, &request) == 0)
		text_copy_bytes(
			name, FRAME_INTERFACE_SIZE, request.ifr_name, sizeof(request.ifr_name));
	else
		snprintf(name, FRAME_INTERFACE_SIZE, "if%d", index);
}

static bool wanted(const struct capture *capture, const char *interface)
{
	if (capture->interface_count == 0)
		return true;
	for (size_t i = 0; i < capture->interface_count; i++) {
		if (text_matches(capture->interfaces[i], interface))
			return true;
	}
	return false;
}

/*
 * Fetches a frame from the queue. Returns 1, or 0 when there is none, or a negative error. Also
 * takes away an error that waits at the socket, such as that an interface went down, which is
 * none of ours.
 */
static int fetch_large(struct capture *capture, struct error *error)
{
	struct large_frame *large = &capture->large[capture->oldest];
	ssize_t length;

	do {
		length = recv(capture->fd, large->bytes, LARGE_SIZE, MSG_DONTWAIT | MSG_TRUNC);
	} while (length < 0 && (errno == EINTR || errno == ENETDOWN));
	if (length < 0) {
		if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM)
			return 0;
		return error_set_errno(
			error, ERR_FAILED, errno, "cannot read from the packet socket");
	}
	large->wire_length = (size_t)length;
	capture->oldest = (capture->oldest + 1) % LARGE_COUNT;
	return 1;
}

static bool begins_with(const struct large_frame *large, const struct frame *cut)
{
	return large->wire_length != 0 && large->wire_length == cut->wire_length &&
	       cut->length <= LARGE_SIZE && memcmp(large->bytes, cut->bytes, cut->length) == 0;
}

/* Puts the whole of a frame in the place of its cut form, where it is to be had. */
static int complete(struct capture *capture, struct frame *frame, struct error *error)
{
	int fetched;

	do {
		for (unsigned i = 0; i < LARGE_COUNT; i++) {
			struct large_frame *large = &capture->large[i];

			if (!begins_with(large, frame))
				continue;
			frame->bytes = large->bytes;
			frame->length =
				large->wire_length < LARGE_SIZE ? large->wire_length : LARGE_SIZE;
			large->wire_length = 0;
			return 0;
		}
		fetched = fetch_large(capture, error);
	} while (fetched > 0);
	return fetched;
}

/* Fills what the slot knows of its frame; false when it is none that we can read. */
static bool read_slot(const struct capture *capture, const struct tpacket2_hdr *header,
	uint32_t status, struct frame *frame)
{
	const uint8_t *slot = (const uint8_t *)header;
	struct sockaddr_ll heard;

	if (header->tp_mac > SLOT_SIZE || header->tp_snaplen > (size_t)SLOT_SIZE - header->tp_mac)
		return false;
	*frame = (struct frame){
		.bytes = slot + header->tp_mac,
		.length = header->tp_snaplen,
		.wire_length = header->tp_len,
		.has_tag = (status & TP_STATUS_VLAN_VALID) != 0,
	};
	if (frame->has_tag)
		frame->tag = header->tp_vlan_tci;
	memcpy(&heard, slot + TPACKET_ALIGN(sizeof(*header)), sizeof(heard));
	name_interface(capture, heard.sll_ifindex, frame->interface);
	return filter_link(heard.sll_hatype, &frame->link);
}

int capture_read(struct capture *capture, unsigned budget, capture_frame_fn *each, void *context,
	struct error *error)
{
	unsigned done;
	int result = 0;

	for (done = 0; done < budget && result == 0; done++) {
		struct tpacket2_hdr *header =
			(struct tpacket2_hdr *)(capture->ring + (size_t)capture->next * SLOT_SIZE);
		uint32_t status = __atomic_load_n(&header->tp_status, __ATOMIC_ACQUIRE);
		struct frame frame;
		bool readable;

		if (!(status & TP_STATUS_USER))
			break;
		readable = read_slot(capture, header, status, &frame);
		if (readable && status & TP_STATUS_COPY)
			result = complete(capture, &frame, error);
		if (readable && wanted(capture, frame.interface)) {
			capture->counters.frames++;
			each(context, &frame);
		}
		__atomic_store_n(&header->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		capture->next = (capture->next + 1) % SLOT_COUNT;
	}
	/* Readable without a slot: a large frame whose slot comes in a moment, or an error. */
	if (done == 0 && budget > 0)
		result = fetch_large(capture, error);
	return result < 0 ? result : 0;
}

void capture_counters(struct capture *capture, struct capture_counters *counters)
{
	struct tpacket_stats statistics;
	socklen_t size = sizeof(statistics);

	/* The kernel begins anew with each reading. */
	if (getsockopt(capture->fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) == 0)
		capture->counters.dropped += statistics.tp_drops;
	*counters = capture->counters;
}

/* A packet socket sees frames before the host's own firewall does. */
bool capture_reach(struct capture *capture, struct capture_reach *reach)
{
	(void)capture;
	*reach = (struct capture_reach){
		.heard = "UDP over IPv4 and IPv6 on any port, EtherType 0x0842, "
			 "with and without VLAN tags"};
	return true;
}

void capture_close(struct capture *capture)
{
	if (!capture)
		return;
	if (capture->ring)
		munmap(capture->ring, RING_SIZE);
	if (capture->fd >= 0)
		close(capture->fd);
	for (size_t i = 0; i < capture->interface_count; i++)
		free(capture->interfaces[i]);
	free(capture->interfaces);
	free(capture);
}
