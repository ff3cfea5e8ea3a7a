/* SPDX-License-Identifier: MIT */
/*
 * test_capture_windows_pktmon.c - the capture with a packet monitor
 *
 * Wine has none, so this brings one (fake_pktmonapi.c), which must lie beside the program as
 * fake_pktmonapi.dll. It is copied to the system folder of the Wine prefix for the time of the
 * test; on Windows itself the test is skipped.
 */
#include "capture/capture.h"
#include "capture/windows/network_headers.h"
#include "fake_pktmonapi.h"
#include "tap.h"
#include "wake/magic_packet.h"

enum { HEARD_MAX = 2048, FRAME_LENGTH = 116 };

static struct {
	enum magic_verdict verdict;
	struct magic_packet packet;
	size_t length, wire_length;
	char interface_name[FRAME_INTERFACE_SIZE];
} heard[HEARD_MAX];
static unsigned heard_count;

static uint8_t frame_bytes[FRAME_LENGTH];
static wchar_t installed[MAX_PATH];
static HMODULE module;
static fake_state_fn *get_state;
static fake_emit_fn *emit;
static fake_event_fn *tell;
static fake_sources_fn *set_sources;
static fake_fail_fn *fail_nth;

static void on_frame(void *context, const struct frame *frame)
{
	(void)context;
	if (heard_count == HEARD_MAX)
		return;
	heard[heard_count].verdict = magic_packet_parse(frame, &heard[heard_count].packet);
	heard[heard_count].length = frame->length;
	heard[heard_count].wire_length = frame->wire_length;
	memcpy(heard[heard_count].interface_name, frame->interface, FRAME_INTERFACE_SIZE);
	heard_count++;
}

static int read_all(struct capture *capture, struct error *error)
{
	heard_count = 0;
	while (WaitForSingleObject((HANDLE)capture_waitable(capture), 100) == WAIT_OBJECT_0) {
		if (capture_read(capture, 64, on_frame, NULL, error) < 0)
			return -1;
	}
	return 0;
}

static bool wait_reach(struct capture *capture, struct capture_reach *reach)
{
	for (int i = 0; i < 200; i++) {
		if (capture_reach(capture, reach))
			return true;
		Sleep(50);
	}
	return false;
}

static struct capture *open_capture(struct capture_reach *reach)
{
	struct capture_options options = {.interfaces = NULL};
	struct capture *capture = NULL;
	struct error error = {0};

	if (capture_open(&capture, &options, &error) < 0) {
		printf("# %s\n", error.text);
		return NULL;
	}
	wait_reach(capture, reach);
	return capture;
}

static bool find(const char *name, void *function)
{
	FARPROC found = GetProcAddress(module, name);

	memcpy(function, &found, sizeof(found));
	return found != NULL;
}

/* True under Wine with the fake in its place. */
static bool install(void)
{
	HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
	wchar_t from[MAX_PATH];
	wchar_t *slash;

	if (!ntdll || !GetProcAddress(ntdll, "wine_get_version"))
		return false;
	GetModuleFileNameW(NULL, from, MAX_PATH);
	slash = wcsrchr(from, L'\\');
	wcscpy(slash ? slash + 1 : from, L"fake_pktmonapi.dll");
	GetSystemDirectoryW(installed, MAX_PATH - 20);
	wcscat(installed, L"\\pktmonapi.dll");
	if (!CopyFileW(from, installed, FALSE))
		return false;
	module = LoadLibraryExW(L"pktmonapi.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
	return module && find("fake_state", &get_state) && find("fake_emit", &emit) &&
	       find("fake_event", &tell) && find("fake_sources", &set_sources) &&
	       find("fake_fail", &fail_nth);
}

static void make_frame(void)
{
	static const uint8_t sender[6] = {2, 0, 0, 0, 0, 9}, target[6] = {0x52, 0x54, 0, 1, 2, 3};

	memset(frame_bytes, 0xff, 6);
	memcpy(frame_bytes + 6, sender, 6);
	frame_bytes[12] = 0x08;
	frame_bytes[13] = 0x42;
	memset(frame_bytes + 14, 0xff, 6);
	for (int i = 0; i < 16; i++)
		memcpy(frame_bytes + 20 + i * 6, target, 6);
}

static struct fake_packet usual(uint64_t group)
{
	return (struct fake_packet){.bytes = frame_bytes,
		.length = FRAME_LENGTH,
		.group = group,
		.type = 1,
		.component = 21};
}

static void test_session(const struct capture_reach *reach)
{
	struct fake_state state;

	get_state(&state);
	ok(strstr(reach->heard, "EtherType 0x0842 and VLANs of the virtual switch (PktMon)"),
		"heard: %s", reach->heard);
	is_text(reach->unheard, "", "nothing is missing");
	is_text(reach->firewall, "", "no firewall in between");
	ok(state.initialized == 1 && state.sessions == 1 && state.streams == 1 && state.active,
		"one session, active");
	is_number(state.sources, 2, "with both network interfaces");
	ok(state.constraints == 5 && state.ether_types == 1 && state.udp_ports_7 == 2 &&
			state.udp_ports_9 == 2,
		"for EtherType 0x0842 and ports 7 and 9");
	ok(state.truncation >= 1514 && state.multiplier >= 1, "frames are not cut");
	is_number(state.misuse, 0, "used as documented");
}

static void test_frames(struct capture *capture)
{
	struct fake_packet packet = usual(1);
	char text[MAGIC_SOURCE_SIZE];
	uint8_t tagged[FRAME_LENGTH + 4];

	ok(emit(&packet, 1), "a frame");
	is_number(read_all(capture, NULL), 0, "is read");
	is_number(heard_count, 1, "once");
	is_number(heard[0].verdict, MAGIC_PACKET, "a magic packet");
	is_text(magic_packet_source(&heard[0].packet, text), "02:00:00:00:00:09",
		"from its sender");
	is_text(heard[0].interface_name, "Fake NIC #1", "on the interface of its component");
	packet.edge = 2;
	emit(&packet, 3);
	read_all(capture, NULL);
	is_number(heard_count, 0, "other edges of the component are no news");
	packet.component = 20;
	emit(&packet, 1);
	read_all(capture, NULL);
	is_number(heard_count, 1, "another component is");
	is_text(heard[0].interface_name, "Fake NIC #0", "with a name of its own");
	packet = usual(2);
	packet.component = 99;
	emit(&packet, 1);
	read_all(capture, NULL);
	is_text(heard[0].interface_name, "component 99", "one that is unknown has a number");
	memcpy(tagged, frame_bytes, 12);
	memcpy(tagged + 12, (const uint8_t[4]){0x81, 0, 0, 77}, 4);
	memcpy(tagged + 16, frame_bytes + 12, FRAME_LENGTH - 12);
	packet = usual(3);
	packet.bytes = tagged;
	packet.length = sizeof(tagged);
	emit(&packet, 1);
	read_all(capture, NULL);
	is_number(heard_count == 1 ? heard[0].packet.vlan : 0, 77, "a VLAN of the machines");
}

static void test_bad_reports(struct capture *capture)
{
	struct fake_packet packet = usual(10);
	struct capture_counters before, after;

	packet.type = 2;
	emit(&packet, 1);
	packet = usual(11);
	packet.add_to_length = 1;
	emit(&packet, 1);
	packet = usual(12);
	packet.add_to_packet_offset = 1;
	emit(&packet, 1);
	packet = usual(13);
	packet.add_to_packet_offset = 0xfffffff0;
	emit(&packet, 1);
	packet = usual(14);
	packet.add_to_metadata_offset = 150;
	emit(&packet, 1);
	packet = usual(15);
	packet.length = 0;
	emit(&packet, 1);
	packet = usual(16);
	packet.length = 60;
	packet.bytes = (const uint8_t[60]){0};
	emit(&packet, 1);
	read_all(capture, NULL);
	is_number(heard_count, 0, "bad descriptors, 802.11 and ordinary frames are dropped");
	capture_counters(capture, &before);
	packet = usual(17);
	packet.missed = 5;
	emit(&packet, 1);
	read_all(capture, NULL);
	capture_counters(capture, &after);
	is_number(after.dropped - before.dropped, 5, "losses that are told are counted");
	is_number(heard_count, 1, "and what comes with them is heard");
}

static void test_flood(struct capture *capture)
{
	struct capture_counters before, after;

	capture_counters(capture, &before);
	for (uint64_t i = 0; i < 700; i++) {
		struct fake_packet packet = usual(1000 + i);

		emit(&packet, 1);
	}
	read_all(capture, NULL);
	capture_counters(capture, &after);
	is_number(heard_count, 512, "as many as the ring holds");
	is_number(after.dropped - before.dropped, 188, "the rest is counted");
	is_number(WaitForSingleObject((HANDLE)capture_waitable(capture), 0), WAIT_TIMEOUT,
		"nothing is left");
}

static void test_end(struct capture *capture)
{
	struct error error = {0};

	tell(3);
	is_number(read_all(capture, &error), 0, "a warning is no trouble");
	tell(2);
	is_number(read_all(capture, &error), -1, "a fatal error is");
	is_text(error.text, "Windows ended the capture of frames", "and is told");
}

static void test_closed(const char *when)
{
	struct fake_state state;

	get_state(&state);
	ok(!state.initialized && !state.sessions && !state.streams && !state.active,
		"%s: all is closed", when);
	is_number(state.misuse, 0, "in order");
}

/* Whatever call fails, the capture goes on without, and leaves nothing behind. */
static void test_failures(void)
{
	struct capture_reach reach;
	int without = 0, rounds = 0;

	for (int n = 1; n <= 10; n++) {
		struct capture *capture;

		fail_nth(n);
		capture = open_capture(&reach);
		without += strstr(reach.unheard, "(PktMon does not start") != NULL;
		rounds += capture != NULL;
		capture_close(capture);
		fail_nth(0);
	}
	is_number(rounds, 10, "opens whatever fails");
	is_number(without, 10, "and tells that PktMon does not");
	test_closed("after failures");
}

static void test_sources(void)
{
	struct capture_reach reach;
	struct fake_state state;

	set_sources(2, 1);
	capture_close(open_capture(&reach));
	get_state(&state);
	is_number(state.sources, 0, "a damaged list is not believed");
	set_sources(0, 0);
	capture_close(open_capture(&reach));
	ok(strstr(reach.heard, "(PktMon)") != NULL, "no list at all is survived");
	set_sources(2, 0);
	test_closed("after bad lists");
}

int main(void)
{
	struct capture_reach reach = {.heard = ""};
	struct capture *capture;

	if (!install()) {
		printf("1..0 # SKIP needs Wine and fake_pktmonapi.dll beside the program\n");
		return 0;
	}
	make_frame();
	capture = open_capture(&reach);
	ok(capture != NULL, "opens");
	if (capture) {
		test_session(&reach);
		test_frames(capture);
		test_bad_reports(capture);
		test_flood(capture);
		test_end(capture);
		capture_close(capture);
		test_closed("after the end");
		test_failures();
		test_sources();
	}
	FreeLibrary(module);
	ok(DeleteFileW(installed), "the capture has let go of the library");
	return tap_done();
}
