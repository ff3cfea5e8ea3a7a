/* SPDX-License-Identifier: MIT */
/*
 * test_capture_windows.c - the capture of Windows, over loopback
 *
 * Ports 7 and 9 must be free; under Wine that takes root and best a network namespace of its own.
 * Senders bind the loopback address, so nothing leaves this machine.
 */
#include "capture/capture.h"
#include "capture/windows/network_headers.h"

#include <psapi.h>

#include "tap.h"
#include "wake/magic_packet.h"

enum { HEARD_MAX = 4096 };

struct heard {
	enum magic_verdict verdict;
	struct magic_packet packet;
	size_t length;
	char interface_name[FRAME_INTERFACE_SIZE];
};

static struct heard heard[HEARD_MAX];
static unsigned heard_count;
static uint8_t magic[102];

static void on_frame(void *context, const struct frame *frame)
{
	struct heard *one = &heard[heard_count];

	(void)context;
	if (heard_count == HEARD_MAX)
		return;
	memset(one, 0, sizeof(*one));
	one->verdict = magic_packet_parse(frame, &one->packet);
	one->length = frame->length;
	memcpy(one->interface_name, frame->interface, sizeof(one->interface_name));
	heard_count++;
}

/* Reads as the service does, until nothing has come for a while. */
static void listen_to(struct capture *capture, unsigned budget)
{
	struct error error = {0};

	heard_count = 0;
	while (WaitForSingleObject((HANDLE)capture_waitable(capture), 300) == WAIT_OBJECT_0) {
		if (capture_read(capture, budget, on_frame, NULL, &error) < 0) {
			printf("# %s\n", error.text);
			return;
		}
	}
}

static bool send_to(int family, uint16_t port, const void *bytes, size_t length)
{
	struct sockaddr_storage address = {0};
	SOCKET socket_ = socket(family, SOCK_DGRAM, IPPROTO_UDP);
	int size, sent;

	if (family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)&address;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		size = sizeof(*in);
	} else {
		struct sockaddr_in6 *in = (struct sockaddr_in6 *)&address;

		in->sin6_family = AF_INET6;
		in->sin6_port = htons(port);
		in->sin6_addr = in6addr_loopback;
		size = sizeof(*in);
	}
	sent = sendto(socket_, bytes, (int)length, 0, (struct sockaddr *)&address, size);
	closesocket(socket_);
	return sent == (int)length;
}

static bool send_magic(int family, uint16_t port)
{
	return send_to(family, port, magic, sizeof(magic));
}

static struct capture *open_capture(const char *const *interfaces, size_t count)
{
	struct capture_options options = {.interfaces = interfaces, .interface_count = count};
	struct capture *capture = NULL;
	struct error error = {0};

	if (capture_open(&capture, &options, &error) < 0)
		printf("# %s\n", error.text);
	return capture;
}

static bool wait_reach(struct capture *capture, struct capture_reach *reach)
{
	for (int i = 0; i < 200; i++) {
		if (capture_reach(capture, reach))
			return true;
		WaitForSingleObject((HANDLE)capture_waitable(capture), 50);
		capture_read(capture, 64, on_frame, NULL, NULL);
	}
	return false;
}

static void test_ports(struct capture *capture)
{
	static const int families[] = {AF_INET, AF_INET6};
	static const char *const sources[] = {"127.0.0.1", "::1"};
	static const uint16_t ports[] = {7, 9};
	char text[MAGIC_SOURCE_SIZE];

	for (int i = 0; i < 4; i++) {
		int family = families[i / 2];
		uint16_t port = ports[i % 2];

		ok(send_magic(family, port), "sent to %s port %u", sources[i / 2], port);
		listen_to(capture, 64);
		is_number(heard_count, 1, "heard once");
		is_number(heard[0].verdict, MAGIC_PACKET, "as a magic packet");
		is_text(magic_packet_source(&heard[0].packet, text), sources[i / 2],
			"from its sender");
		ok(memcmp(heard[0].packet.target.bytes, magic + 6, 6) == 0, "for its target");
		ok(heard[0].interface_name[0] && strncmp(heard[0].interface_name, "interface ", 10),
			"on an interface with a name: %s", heard[0].interface_name);
		is_number(heard[0].length, sizeof(magic) + 8 + (family == AF_INET ? 20 : 40),
			"with its headers");
	}
}

static void test_raw(struct capture *capture, const struct capture_reach *reach)
{
	uint8_t inside[8 + sizeof(magic)] = {0};

	if (!strstr(reach->heard, "UDP on any other port")) {
		ok(true, "raw sockets # SKIP not allowed here");
		return;
	}
	memcpy(inside + 8, magic, sizeof(magic));
	for (int i = 0; i < 2; i++) {
		int family = i ? AF_INET6 : AF_INET;

		send_magic(family, 40009);
		listen_to(capture, 64);
		is_number(heard_count, 1, "another port, over IPv%d", i ? 6 : 4);
		is_number(heard[0].verdict, MAGIC_PACKET, "is a magic packet");
		send_to(family, 40009, inside, sizeof(inside));
		listen_to(capture, 64);
		is_number(heard_count, 0, "there not inside of the payload");
		send_to(family, 9, inside, sizeof(inside));
		listen_to(capture, 64);
		is_number(heard_count, 1, "but on port 9, and once");
	}
}

static void test_bad_datagrams(struct capture *capture)
{
	static uint8_t large[65000];

	send_to(AF_INET, 9, "", 0);
	send_to(AF_INET, 9, "x", 1);
	send_to(AF_INET6, 7, magic, 5);
	listen_to(capture, 64);
	is_number(heard_count, 0, "what holds no stream is not handed over");
	send_to(AF_INET, 9, magic, 6);
	listen_to(capture, 64);
	is_number(heard_count, 1, "a stream alone is");
	is_number(heard[0].verdict, MAGIC_MALFORMED, "and is malformed");
	memset(large, 1, sizeof(large));
	memcpy(large + sizeof(large) - sizeof(magic), magic, sizeof(magic));
	ok(send_to(AF_INET, 9, large, sizeof(large)), "sent a large one");
	listen_to(capture, 64);
	is_number(heard_count, 1, "heard");
	is_number(heard[0].verdict, MAGIC_PACKET, "the packet at its end is found");
	is_number(heard[0].length, sizeof(large) + 28, "whole");
	send_magic(AF_INET, 9);
	listen_to(capture, 64);
	is_number(heard_count, 1, "and the next one is heard as ever");
}

static void test_bursts(struct capture *capture)
{
	unsigned all = 0;

	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 150; i++)
			send_magic(i % 2 ? AF_INET : AF_INET6, i % 3 ? 9 : 7);
		listen_to(capture, 64);
		all += heard_count;
	}
	is_number(all, 1500, "nothing of a burst is lost");
}

static void test_budget(struct capture *capture)
{
	HANDLE event = (HANDLE)capture_waitable(capture);

	for (int i = 0; i < 10; i++)
		send_magic(i % 2 ? AF_INET : AF_INET6, 9);
	WaitForSingleObject(event, 1000);
	heard_count = 0;
	is_number(capture_read(capture, 3, on_frame, NULL, NULL), 0, "reads with a budget");
	is_number(heard_count, 3, "so many");
	is_number(WaitForSingleObject(event, 0), WAIT_OBJECT_0, "and is ready for the rest");
	is_number(capture_read(capture, 0, on_frame, NULL, NULL), 0, "no budget, no frame");
	is_number(heard_count, 3, "indeed");
	is_number(WaitForSingleObject(event, 0), WAIT_OBJECT_0, "still ready");
	listen_to(capture, 2);
	is_number(heard_count, 7, "the rest, two at a time");
	is_number(WaitForSingleObject(event, 0), WAIT_TIMEOUT, "then not any more");
}

static void test_interfaces(void)
{
	const char *patterns[] = {"no such *", ""};
	struct capture *capture = open_capture(patterns, 1);
	char own[FRAME_INTERFACE_SIZE];

	memcpy(own, heard[0].interface_name, sizeof(own));
	send_magic(AF_INET, 9);
	listen_to(capture, 64);
	is_number(heard_count, 0, "an interface that is not wanted");
	capture_close(capture);
	patterns[1] = own;
	capture = open_capture(patterns, 2);
	send_magic(AF_INET, 9);
	listen_to(capture, 64);
	is_number(heard_count, 1, "one that is: %s", own);
	capture_close(capture);
}

/* Another program has UDP port 9 for itself, over IPv4. */
static void test_busy_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9)};
	SOCKET other = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
	struct capture_reach reach;
	struct capture *capture;
	BOOL on = TRUE;

	setsockopt(other, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const char *)&on, sizeof(on));
	ok(bind(other, (struct sockaddr *)&address, sizeof(address)) == 0, "another has port 9");
	capture = open_capture(NULL, 0);
	ok(capture != NULL, "that is not fatal");
	ok(wait_reach(capture, &reach), "known");
	ok(strncmp(reach.heard, "UDP port 7 over IPv4, UDP ports 7 and 9 over IPv6", 49) == 0,
		"what is heard: %s", reach.heard);
	if (strstr(reach.heard, "UDP on any other port,") ||
		strcmp(reach.heard + strlen(reach.heard) - 21, "UDP on any other port") == 0) {
		send_magic(AF_INET, 9);
		listen_to(capture, 64);
		is_number(heard_count, 1, "the raw socket hears the port's datagrams");
	} else {
		ok(strstr(reach.unheard, "UDP port 9 over IPv4 (") != NULL, "not heard: %s",
			reach.unheard);
	}
	capture_close(capture);
	closesocket(other);
}

/* The lowest number that is free: it grows with each handle that is left open. (Wine's
 * GetProcessHandleCount() counts nothing.) */
static uintptr_t next_handle(void)
{
	HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);

	CloseHandle(event);
	return (uintptr_t)event;
}

/* Wine counts no private memory. */
static size_t private_bytes(void)
{
	PROCESS_MEMORY_COUNTERS_EX counters = {.cb = sizeof(counters)};

	K32GetProcessMemoryInfo(
		GetCurrentProcess(), (PROCESS_MEMORY_COUNTERS *)&counters, sizeof(counters));
	return counters.PrivateUsage ? counters.PrivateUsage : counters.WorkingSetSize;
}

static void test_open_and_close(void)
{
	DWORD count_before, count_after;
	uintptr_t handle;
	size_t memory;
	int opened = 0;

	for (int i = 0; i < 50; i++)
		capture_close(open_capture(NULL, 0));
	GetProcessHandleCount(GetCurrentProcess(), &count_before);
	handle = next_handle();
	memory = private_bytes();
	for (int i = 0; i < 1000; i++) {
		struct capture *capture = open_capture(NULL, 0);
		struct capture_reach reach;

		/* Some live long enough for the background thread to come to its end. */
		if (i % 50 == 0)
			wait_reach(capture, &reach);
		opened += capture != NULL;
		capture_close(capture);
	}
	GetProcessHandleCount(GetCurrentProcess(), &count_after);
	is_number(opened, 1000, "opened a thousand times");
	ok(count_after <= count_before + 8, "no handle is left (%lu, %lu)",
		(unsigned long)count_before, (unsigned long)count_after);
	ok(next_handle() <= handle + 8 * sizeof(HANDLE), "nor is one in use (%#zx, %#zx)",
		(size_t)handle, (size_t)next_handle());
	ok(private_bytes() <= memory + (4 << 20), "nor memory (%zu, %zu KiB)", memory >> 10,
		private_bytes() >> 10);
}

int main(void)
{
	struct capture_counters counters;
	struct capture_reach reach;
	struct capture *capture;
	WSADATA data;

	WSAStartup(MAKEWORD(2, 2), &data);
	memset(magic, 0xff, 6);
	for (int i = 0; i < 16; i++)
		memcpy(magic + 6 + i * 6, (const uint8_t[6]){0x52, 0x54, 0, 0xaa, 0xbb, 1}, 6);
	capture_close(NULL);
	capture = open_capture(NULL, 0);
	ok(capture != NULL, "opens");
	if (!capture)
		return tap_done();
	ok(wait_reach(capture, &reach), "tells what it hears");
	ok(strncmp(reach.heard, "UDP ports 7 and 9 over IPv4 and IPv6", 36) == 0, "heard: %s",
		reach.heard);
	printf("# unheard: %s\n# firewall: %s\n", reach.unheard, reach.firewall);
	test_ports(capture);
	test_raw(capture, &reach);
	test_bad_datagrams(capture);
	test_bursts(capture);
	test_budget(capture);
	capture_counters(capture, &counters);
	ok(counters.frames > 1500 && counters.dropped == 0, "counted");
	capture_close(capture);
	test_interfaces();
	test_busy_port();
	test_open_and_close();
	WSACleanup();
	return tap_done();
}
