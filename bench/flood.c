/* SPDX-License-Identifier: MIT */
/*
 * flood.c - UDP frames on one interface, as fast as they go, with magic packets among them
 *
 * Frames are written through a packet socket past the queueing discipline (PACKET_QDISC_BYPASS), a
 * batch a system call (sendmmsg). A veth that cannot take a frame says so (ENOBUFS): such a frame
 * was never on the wire. For the flood it is counted as refused and not repeated; a magic packet
 * is repeated until the wire takes it, and its time is the beginning of the try that succeeded.
 *
 * The magic packets are spread evenly over the time, each a little off its even place so that
 * they do not march in step with a timer of the receiver's.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	BATCH = 64,
	HEADERS = 14 + 20 + 8,
	PAYLOAD_MAX = 1472,
	MAGIC_PAYLOAD = 102,
	MAGIC_MAX = 100000,
	NS_PER_S = 1000000000,
};

struct magic {
	uint8_t mac[6];
	int64_t sent_ns;
};

struct flood {
	const char *interface, *magic_file, *sent_file;
	double seconds;
	long rate; /* frames a second, 0: all that go, -1: none */
	int port, payload;
	uint8_t to[6];
	struct magic *magic;
	size_t magic_count;
	int socket;
	uint64_t sent, refused, repeated;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static unsigned ip_checksum(const uint8_t *header)
{
	unsigned sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (unsigned)header[i] << 8 | header[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

/* Ethernet, IPv4 and UDP in front of a payload; 192.0.2.7 (RFC 5737) to everyone. */
static void put_headers(uint8_t *frame, const uint8_t to[6], int from_port, int port, int payload)
{
	static const uint8_t from[6] = {0x02, 0, 0, 0, 0, 0x07};
	static const uint8_t addresses[8] = {192, 0, 2, 7, 255, 255, 255, 255};
	uint8_t *ip = frame + 14, *udp = ip + 20;

	memcpy(frame, to, 6);
	memcpy(frame + 6, from, 6);
	put16(frame + 12, ETHERTYPE_IP);
	memset(ip, 0, 28);
	ip[0] = 0x45;
	put16(ip + 2, (unsigned)(28 + payload));
	ip[8] = 64;
	ip[9] = IPPROTO_UDP;
	memcpy(ip + 12, addresses, sizeof(addresses));
	put16(ip + 10, ip_checksum(ip));
	put16(udp, (unsigned)from_port);
	put16(udp + 2, (unsigned)port);
	put16(udp + 4, (unsigned)(8 + payload));
}

/* A payload that no reader can take for a magic packet: there is no 0xff in it. */
static void put_payload(uint8_t *payload, int length, unsigned seed)
{
	for (int i = 0; i < length; i++) {
		seed = seed * 1103515245U + 12345U;
		payload[i] = (uint8_t)(seed >> 16) & 0x7f;
	}
}

static int open_socket(const char *interface)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), one = 1;
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(interface),
	};

	if (fd < 0 || !address.sll_ifindex ||
		setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)) < 0 ||
		bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		fprintf(stderr, "flood: cannot send on %s: %s\n", interface, strerror(errno));
		return -1;
	}
	return fd;
}

static int read_macs(struct flood *flood)
{
	char line[64];
	FILE *file = fopen(flood->magic_file, "re");

	flood->magic = calloc(MAGIC_MAX, sizeof(*flood->magic));
	while (file && flood->magic && flood->magic_count < MAGIC_MAX &&
		fgets(line, sizeof(line), file)) {
		uint8_t *mac = flood->magic[flood->magic_count].mac;

		if (sscanf(line, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2],
			    &mac[3], &mac[4], &mac[5]) != 6)
			break;
		flood->magic_count++;
	}
	bool whole = file && feof(file);
	if (file)
		fclose(file);
	if (!whole || !flood->magic_count) {
		fprintf(stderr, "flood: %s is not a list of MAC addresses\n", flood->magic_file);
		return -1;
	}
	return 0;
}

static int write_times(const struct flood *flood)
{
	FILE *file = fopen(flood->sent_file, "we");

	for (size_t i = 0; file && i < flood->magic_count; i++) {
		const uint8_t *mac = flood->magic[i].mac;

		fprintf(file, "%02x:%02x:%02x:%02x:%02x:%02x %lld\n", mac[0], mac[1], mac[2],
			mac[3], mac[4], mac[5], (long long)flood->magic[i].sent_ns);
	}
	if (!file || fclose(file) != 0) {
		fprintf(stderr, "flood: cannot write %s: %s\n", flood->sent_file, strerror(errno));
		return -1;
	}
	return 0;
}

static int send_magic(struct flood *flood, struct magic *magic)
{
	static const uint8_t everyone[6] = {255, 255, 255, 255, 255, 255};
	uint8_t frame[HEADERS + MAGIC_PAYLOAD], *payload = frame + HEADERS;

	put_headers(frame, everyone, 40000, 9, MAGIC_PAYLOAD);
	memset(payload, 0xff, 6);
	for (int i = 1; i <= 16; i++)
		memcpy(payload + 6 * i, magic->mac, 6);
	for (;;) {
		magic->sent_ns = now_ns();
		if (send(flood->socket, frame, sizeof(frame), 0) >= 0)
			return 0;
		if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
			break;
		flood->repeated++;
	}
	fprintf(stderr, "flood: cannot send: %s\n", strerror(errno));
	return -1;
}

/* One batch; the socket says how many went before one was refused. */
static int send_batch(struct flood *flood, struct mmsghdr *messages, unsigned count)
{
	for (unsigned at = 0; at < count;) {
		int went = sendmmsg(flood->socket, messages + at, count - at, 0);

		if (went > 0) {
			flood->sent += (unsigned)went;
			at += (unsigned)went;
		} else if (errno == ENOBUFS || errno == EAGAIN) {
			flood->refused++;
			at++;
		} else if (errno != EINTR) {
			fprintf(stderr, "flood: cannot send: %s\n", strerror(errno));
			return -1;
		}
	}
	return 0;
}

static void sleep_until(int64_t when)
{
	struct timespec until = {when / NS_PER_S, when % NS_PER_S};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		continue;
}

/* When magic packet number `at` goes, from the beginning: its even place, up to 40 % off. */
static int64_t magic_due(const struct flood *flood, size_t at)
{
	double step = flood->seconds * NS_PER_S / (double)(flood->magic_count + 1);
	double off = (double)((uint32_t)at * 2654435761U >> 16) / 65536.0 - 0.5;

	return (int64_t)(step * ((double)(at + 1) + 0.8 * off));
}

static int run(struct flood *flood, struct mmsghdr *messages)
{
	int64_t begin = now_ns(), end = begin + (int64_t)(flood->seconds * NS_PER_S), now = begin;
	uint64_t asked = 0;
	size_t magic_at = 0;

	for (; now < end; now = now_ns()) {
		int64_t next = end;
		unsigned count = flood->rate < 0 ? 0 : BATCH;

		if (magic_at < flood->magic_count) {
			next = begin + magic_due(flood, magic_at);
			if (next <= now) {
				if (send_magic(flood, &flood->magic[magic_at++]) < 0)
					return -1;
				continue;
			}
		}
		if (flood->rate > 0) {
			double due = (double)(now - begin) / NS_PER_S * (double)flood->rate;

			if ((double)asked >= due) {
				int64_t batch = begin + (int64_t)((double)(asked + 1) /
								  (double)flood->rate * NS_PER_S);
				next = batch < next ? batch : next;
				count = 0;
			} else if (due - (double)asked < BATCH) {
				count = (unsigned)(due - (double)asked) + 1;
			}
		}
		if (!count) {
			sleep_until(next);
			continue;
		}
		if (send_batch(flood, messages, count < BATCH ? count : BATCH) < 0)
			return -1;
		asked += count < BATCH ? count : BATCH;
	}
	printf("{\"frames\": %llu, \"refused\": %llu, \"magic\": %zu, \"repeated\": %llu, "
	       "\"seconds\": %.3f}\n",
		(unsigned long long)flood->sent, (unsigned long long)flood->refused, magic_at,
		(unsigned long long)flood->repeated, (double)(now - begin) / NS_PER_S);
	return 0;
}

static int usage(void)
{
	fputs("usage: flood --interface NAME --seconds S [--rate FRAMES|none] [--port P]\n"
	      "             [--payload BYTES] [--to MAC] [--magic FILE --sent FILE]\n"
	      "Sends UDP frames at the rate (default: all that go). FILE holds MAC addresses, one "
	      "a\n"
	      "line: each gets one magic packet, and --sent tells when (CLOCK_MONOTONIC, ns).\n",
		stderr);
	return 2;
}

static int read_options(struct flood *flood, int count, char **arguments)
{
	static const struct option options[] = {{"interface", 1, NULL, 'i'},
		{"seconds", 1, NULL, 's'}, {"rate", 1, NULL, 'r'}, {"port", 1, NULL, 'p'},
		{"payload", 1, NULL, 'l'}, {"to", 1, NULL, 't'}, {"magic", 1, NULL, 'm'},
		{"sent", 1, NULL, 'o'}, {NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(count, arguments, "", options, NULL)) != -1) {
		uint8_t *to = flood->to;

		if (option == 'i')
			flood->interface = optarg;
		else if (option == 's')
			flood->seconds = strtod(optarg, NULL);
		else if (option == 'r')
			flood->rate = strcmp(optarg, "none") ? strtol(optarg, NULL, 10) : -1;
		else if (option == 'p')
			flood->port = (int)strtol(optarg, NULL, 10);
		else if (option == 'l')
			flood->payload = (int)strtol(optarg, NULL, 10);
		else if (option == 'm')
			flood->magic_file = optarg;
		else if (option == 'o')
			flood->sent_file = optarg;
		else if (option != 't' || sscanf(optarg, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &to[0],
						  &to[1], &to[2], &to[3], &to[4], &to[5]) != 6)
			return -1;
	}
	bool good = flood->interface && flood->seconds > 0 && flood->seconds < 3600 &&
		    flood->payload >= 0 && flood->payload <= PAYLOAD_MAX && optind == count &&
		    flood->port >= 0 && flood->port <= 65535 &&
		    !flood->magic_file == !flood->sent_file;
	return good ? 0 : -1;
}

int main(int count, char **arguments)
{
	static uint8_t frames[BATCH][HEADERS + PAYLOAD_MAX];
	static struct mmsghdr messages[BATCH];
	static struct iovec vectors[BATCH];
	struct flood flood = {.port = 4000, .payload = 120, .to = {255, 255, 255, 255, 255, 255}};

	if (read_options(&flood, count, arguments) < 0)
		return usage();
	flood.socket = open_socket(flood.interface);
	if (flood.socket < 0)
		return 1;
	for (int i = 0; i < BATCH; i++) {
		put_headers(frames[i], flood.to, 40000 + i, flood.port, flood.payload);
		put_payload(frames[i] + HEADERS, flood.payload, (unsigned)i);
		vectors[i].iov_base = frames[i];
		vectors[i].iov_len = (size_t)(HEADERS + flood.payload);
		messages[i].msg_hdr.msg_iov = &vectors[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}

	int result = flood.magic_file ? read_macs(&flood) : 0;
	if (result == 0)
		result = run(&flood, messages);
	if (result == 0 && flood.sent_file)
		result = write_times(&flood);
	close(flood.socket);
	free(flood.magic);
	return result < 0 ? 1 : 0;
}
