/* SPDX-License-Identifier: MIT */
/*
 * fuzz_frame.c - libFuzzer target of the frame parser
 *
 * Input: four bytes that say how the frame came, then the frame.
 *   byte 0   bit 0: raw IP instead of Ethernet; bit 1: a tag was taken out; bit 2: cut by the
 * capture byte 1-2 the tag byte 3   how much longer the frame was on the wire, if it was cut
 *
 * make_frame_seeds.py writes the seeds in this form.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wake/magic_packet.h"

enum { CONTROL_SIZE = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As assert(), in every kind of build. */
static void must(int holds)
{
	if (!holds)
		abort();
}

static int contains_stream(const struct frame *frame, const struct magic_packet *packet)
{
	static const uint8_t stream[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const uint8_t *body = frame->bytes + packet->body_offset;

	for (size_t i = 0; i + sizeof(stream) <= packet->body_length; i++) {
		if (memcmp(body + i, stream, sizeof(stream)) != 0)
			continue;
		if (!packet->problem && packet->body_length - i >= 102 &&
			memcmp(body + i + 6, packet->target.bytes, 6) == 0 &&
			memcmp(body + i + 96, packet->target.bytes, 6) == 0)
			return 1;
		if (packet->problem)
			return 1;
	}
	return 0;
}

static void check_fields(
	const struct frame *frame, enum magic_verdict verdict, const struct magic_packet *packet)
{
	char source[MAGIC_SOURCE_SIZE];

	must(packet->vlan < 4096 && packet->inner_vlan < 4096);
	must(packet->vlan != 0 || packet->inner_vlan == 0);
	must(packet->body_offset <= frame->length);
	must(packet->body_length <= frame->length - packet->body_offset);
	must(packet->password_length == 0 || packet->password_length == 4 ||
		packet->password_length == 6);
	must((verdict == MAGIC_MALFORMED) == (packet->problem != NULL));
	must(contains_stream(frame, packet));
	if (verdict == MAGIC_PACKET)
		must(!mac_is_group(&packet->target));
	if (frame->link == FRAME_IP)
		must(packet->source_kind != SOURCE_MAC && mac_is_zero(&packet->sender) &&
			packet->vlan == 0);
	must(magic_packet_source(packet, source) == source);
	must(strlen(source) > 1 && strlen(source) < MAGIC_SOURCE_SIZE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame frame = {.interface = "eth0"};
	struct magic_packet packet;
	enum magic_verdict verdict;

	if (size < CONTROL_SIZE)
		return 0;
	frame.link = data[0] & 1 ? FRAME_IP : FRAME_ETHERNET;
	frame.has_tag = (data[0] & 2) != 0;
	frame.tag = (uint16_t)(data[1] << 8 | data[2]);
	frame.bytes = data + CONTROL_SIZE;
	frame.length = size - CONTROL_SIZE;
	frame.wire_length = frame.length + (data[0] & 4 ? data[3] * 16u : 0);

	memset(&packet, 0xa5, sizeof(packet));
	verdict = magic_packet_parse(&frame, &packet);
	if (verdict == MAGIC_NONE) {
		/* Nothing is filled. */
		must(packet.body_length == (size_t)0xa5a5a5a5a5a5a5a5 && packet.vlan == 0xa5a5);
		return 0;
	}
	check_fields(&frame, verdict, &packet);
	return 0;
}
