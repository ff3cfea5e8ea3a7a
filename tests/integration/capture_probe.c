/* SPDX-License-Identifier: MIT */
/*
 * capture_probe.c - what does the capture hear?
 *
 *     capture_probe [--budget N] [PATTERN …]
 *
 * Opens the capture (only interfaces that match a PATTERN, when there are any), says "ready", and
 * prints a line for each frame that it is handed:
 *
 *     frame interface=v0 verdict=packet mac=… source=… vlan=0 inner=0 password= length=116 wire=116
 *
 * with problem="…" at the end of a malformed one. It obeys words on standard input, a line each:
 * "hold" stops reading frames, "read" goes on, "counters" prints "counters frames=N dropped=N".
 * It ends with standard input.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/capture.h"
#include "wake/magic_packet.h"

static const char *const VERDICTS[] = {"none", "malformed", "packet"};

static void print_frame(void *context, const struct frame *frame)
{
	struct magic_packet packet = {.problem = NULL};
	enum magic_verdict verdict = magic_packet_parse(frame, &packet);
	char mac[MAC_TEXT_SIZE], source[MAGIC_SOURCE_SIZE] = "";

	(void)context;
	if (verdict != MAGIC_NONE)
		magic_packet_source(&packet, source);
	printf("frame interface=%s verdict=%s mac=%s source=%s vlan=%d inner=%d password=",
		frame->interface, VERDICTS[verdict], mac_format(&packet.target, mac), source,
		packet.vlan, packet.inner_vlan);
	for (int i = 0; i < packet.password_length; i++)
		printf("%02x", packet.password[i]);
	printf(" length=%zu wire=%zu", frame->length, frame->wire_length);
	if (verdict == MAGIC_MALFORMED)
		printf(" problem=\"%s\"", packet.problem);
	putchar('\n');
	fflush(stdout);
}

/* False at the end of the input. */
static bool obey(struct capture *capture, bool *hold)
{
	static char words[256];
	static size_t used;
	ssize_t got = read(STDIN_FILENO, words + used, sizeof(words) - 1 - used);
	char *line, *rest = words;

	if (got <= 0)
		return false;
	used += (size_t)got;
	words[used] = '\0';
	while (strchr(rest, '\n')) {
		line = strsep(&rest, "\n");
		if (strcmp(line, "hold") == 0) {
			*hold = true;
		} else if (strcmp(line, "read") == 0) {
			*hold = false;
		} else if (strcmp(line, "counters") == 0) {
			struct capture_counters counters;

			capture_counters(capture, &counters);
			printf("counters frames=%llu dropped=%llu\n",
				(unsigned long long)counters.frames,
				(unsigned long long)counters.dropped);
		}
		printf("done %s\n", line);
		fflush(stdout);
	}
	used = strlen(rest);
	memmove(words, rest, used + 1);
	return true;
}

static int run(struct capture *capture, unsigned budget, struct error *error)
{
	bool hold = false;

	for (;;) {
		struct pollfd waits[] = {
			{.fd = STDIN_FILENO, .events = POLLIN},
			{.fd = hold ? -1 : (int)capture_waitable(capture), .events = POLLIN},
		};

		if (poll(waits, 2, -1) < 0)
			continue;
		if (waits[1].revents) {
			int status = capture_read(capture, budget, print_frame, NULL, error);

			if (status < 0)
				return status;
		}
		if (waits[0].revents && !obey(capture, &hold))
			return 0;
	}
}

int main(int count, char **words)
{
	struct capture_options options = {.interfaces = NULL};
	struct capture *capture = NULL;
	struct error error = {0};
	unsigned budget = 64;
	int status, first = 1;

	if (count > 2 && strcmp(words[1], "--budget") == 0) {
		budget = (unsigned)strtoul(words[2], NULL, 10);
		first = 3;
	}
	options.interfaces = (const char *const *)words + first;
	options.interface_count = (size_t)(count - first);
	status = capture_open(&capture, &options, &error);
	if (status == 0) {
		printf("ready\n");
		fflush(stdout);
		status = run(capture, budget, &error);
	}
	if (status < 0)
		fprintf(stderr, "capture_probe: %s\n", error.text);
	capture_close(capture);
	return status < 0;
}
