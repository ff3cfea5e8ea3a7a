/* SPDX-License-Identifier: MIT */
/*
 * frame_gate.h - may this frame be a magic packet?
 *
 * Stands where Linux has its kernel filter: in front of the ring, so that ordinary traffic never
 * fills it. Pure and bounded; may let pass what the parser then drops, never the other way round.
 */
#ifndef HYPERVIVE_CAPTURE_WINDOWS_FRAME_GATE_H
#define HYPERVIVE_CAPTURE_WINDOWS_FRAME_GATE_H

#include "wake/frame.h"

enum {
	FRAME_TYPE_IPV4 = 0x0800,
	FRAME_TYPE_WAKE_ON_LAN = 0x0842,
	FRAME_TYPE_IPV6 = 0x86dd,
};

/*
 * What the frame carries behind its VLAN tags: the EtherType and where its payload begins. For
 * FRAME_IP the type is told by the IP version. False for a frame that is too short, has more
 * than two tags, or begins with no IP version we know.
 */
bool frame_gate_locate(
	const uint8_t *bytes, size_t length, enum frame_link link, uint16_t *type, size_t *offset);

/* The synchronisation stream, six bytes 0xFF in a row, is somewhere. */
bool frame_gate_has_stream(const uint8_t *bytes, size_t length);

bool frame_gate_passes(const uint8_t *bytes, size_t length, enum frame_link link);

#endif
