/* SPDX-License-Identifier: MIT */
/*
 * udp.c - from datagrams of UDP sockets to frames
 *
 * A socket does not tell the sender's MAC address. Windows' neighbour table knows it for senders
 * of the same network that the host has spoken with lately; then the frame gets an Ethernet
 * header that says so (allow-sender-mac). Otherwise it begins with its IP header.
 */
#include "capture/windows/udp.h"

#include <string.h>

#include "capture/windows/frame_gate.h"

void udp_neighbours_init(struct udp_neighbours *neighbours)
{
	HMODULE module = GetModuleHandleW(L"iphlpapi.dll");
	FARPROC find = module ? GetProcAddress(module, "GetIpNetEntry2") : NULL;

	memcpy(&neighbours->find, &find, sizeof(find));
}

static bool find_sender(const struct udp_neighbours *neighbours, const struct received *received,
	struct mac *sender)
{
	const struct datagram *datagram = &received->datagram;
	MIB_IPNET_ROW2 row = {.InterfaceIndex = received->interface_index};

	if (!neighbours->find || received->interface_index == 0)
		return false;
	if (datagram->version == 4) {
		row.Address.Ipv4.sin_family = AF_INET;
		memcpy(&row.Address.Ipv4.sin_addr, datagram->source, 4);
	} else {
		row.Address.Ipv6.sin6_family = AF_INET6;
		memcpy(&row.Address.Ipv6.sin6_addr, datagram->source, 16);
	}
	if (neighbours->find(&row) != NO_ERROR || row.State <= NlnsIncomplete ||
		row.PhysicalAddressLength != sizeof(sender->bytes))
		return false;
	memcpy(sender->bytes, row.PhysicalAddress, sizeof(sender->bytes));
	return !mac_is_zero(sender) && !mac_is_group(sender);
}

bool udp_frame(const struct udp_neighbours *neighbours, const struct received *received,
	struct frame *frame)
{
	struct mac sender;
	bool known;

	*frame = (struct frame){.link = FRAME_IP};
	frame->bytes = datagram_frame(&received->datagram, NULL, &frame->length);
	if (!frame->bytes || !frame_gate_passes(frame->bytes, frame->length, FRAME_IP))
		return false;
	known = find_sender(neighbours, received, &sender);
	if (known) {
		frame->link = FRAME_ETHERNET;
		frame->bytes = datagram_frame(&received->datagram, &sender, &frame->length);
	}
	frame->wire_length = frame->length;
	return true;
}
