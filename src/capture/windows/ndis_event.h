/* SPDX-License-Identifier: MIT */
/*
 * ndis_event.h - what an event of Microsoft-Windows-NDIS-PacketCapture says
 *
 * Layout and keywords are those of the provider's manifest. Pure and bounded.
 */
#ifndef HYPERVIVE_CAPTURE_WINDOWS_NDIS_EVENT_H
#define HYPERVIVE_CAPTURE_WINDOWS_NDIS_EVENT_H

#include "wake/frame.h"

#define NDIS_KEYWORD_WIRELESS_WAN  UINT64_C(0x200)
#define NDIS_KEYWORD_NATIVE_802_11 UINT64_C(0x10000)
#define NDIS_KEYWORD_VM_SWITCH     UINT64_C(0x1000000)
#define NDIS_KEYWORD_PACKET_START  UINT64_C(0x40000000)
#define NDIS_KEYWORD_PACKET_END    UINT64_C(0x80000000)
#define NDIS_KEYWORD_RECEIVE       UINT64_C(0x200000000)

enum { NDIS_EVENT_ADAPTER_FRAME = 1001, NDIS_EVENT_SWITCH_FRAME = 1003 };

/*
 * Both kinds begin with the interface's index. False: the event holds no whole frame that we can
 * read (a part of one, as before Windows 8, or 802.11).
 */
bool ndis_event_link(uint64_t keyword, enum frame_link *link);

/* The frame in the data of an adapter's event. False: the lengths do not fit. */
bool ndis_event_adapter_frame(const uint8_t *data, size_t length, uint32_t *interface_index,
	const uint8_t **frame, size_t *frame_length);

/* The TCI in the out-of-band data of a switch's event; 0: untagged. */
uint16_t ndis_event_tag(const uint8_t *out_of_band, size_t length);

#endif
