/* SPDX-License-Identifier: MIT */
#include "capture/windows/ndis_event.h"

#include <string.h>

enum {
	ADAPTER_HEAD_SIZE = 12, /* interface index, the lower one's, size of the frame */
	POINTER_SIZE = 8,       /* the out-of-band data is an array of pointers */
	OUT_OF_BAND_8021Q = 4,  /* Ieee8021QNetBufferListInfo */
};

/* In the host's byte order, which is Windows' only one. */
static uint32_t get32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

bool ndis_event_link(uint64_t keyword, enum frame_link *link)
{
	const uint64_t whole = NDIS_KEYWORD_PACKET_START | NDIS_KEYWORD_PACKET_END;

	*link = keyword & NDIS_KEYWORD_WIRELESS_WAN ? FRAME_IP : FRAME_ETHERNET;
	return (keyword & whole) == whole && !(keyword & NDIS_KEYWORD_NATIVE_802_11);
}

bool ndis_event_adapter_frame(const uint8_t *data, size_t length, uint32_t *interface_index,
	const uint8_t **frame, size_t *frame_length)
{
	if (length < ADAPTER_HEAD_SIZE || get32(data + 8) > length - ADAPTER_HEAD_SIZE)
		return false;
	*interface_index = get32(data);
	*frame = data + ADAPTER_HEAD_SIZE;
	*frame_length = get32(data + 8);
	return true;
}

/*
 * NDIS_NET_BUFFER_LIST_8021Q_INFO: the priority in bits 0 to 2, the canonical format in bit 3,
 * the VLAN in bits 4 to 15. A TCI has them the other way round.
 */
uint16_t ndis_event_tag(const uint8_t *out_of_band, size_t length)
{
	uint32_t info;

	const size_t at = (size_t)OUT_OF_BAND_8021Q * POINTER_SIZE;

	if (length < at + POINTER_SIZE)
		return 0;
	info = get32(out_of_band + at);
	return (uint16_t)((info & 7) << 13 | (info >> 3 & 1) << 12 | (info >> 4 & 0xfff));
}
