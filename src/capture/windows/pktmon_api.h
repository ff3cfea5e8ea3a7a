/* SPDX-License-Identifier: MIT */
/*
 * pktmon_api.h - the interface of pktmonapi.dll
 *
 * Microsoft documents it ("Packet Monitor reference", learn.microsoft.com/windows/win32/pktmon)
 * and has no header for it. The lengths of names are not documented: 64 and 128 characters, and a
 * metadata structure without padding, are what programs found on Windows Server 2022 and Windows
 * 11. All offsets that the library tells are obeyed, and all that it gives is checked.
 */
#ifndef HYPERVIVE_CAPTURE_WINDOWS_PKTMON_API_H
#define HYPERVIVE_CAPTURE_WINDOWS_PKTMON_API_H

#include <stddef.h>

#include "capture/windows/network_headers.h"

#define PKTMON_VERSION_1_0 0x00010000u

enum { PKTMON_NAME_LENGTH = 64, PKTMON_TEXT_LENGTH = 128 };

/* PACKETMONITOR_DATA_SOURCE_KIND */
enum { PKTMON_SOURCES_ALL, PKTMON_SOURCES_NETWORK_INTERFACES };

/* PACKETMONITOR_DATA_SOURCE_SPECIFICATION: one place in the stack that reports packets */
struct pktmon_data_source {
	UINT32 kind;
	WCHAR name[PKTMON_NAME_LENGTH];
	WCHAR description[PKTMON_TEXT_LENGTH];
	UINT32 id;
	UINT32 secondary_id;
	UINT32 parent_id;
	UINT32 present; /* bits: a GUID, an IPv4, an IPv6 or a MAC address stands in detail */
	UINT32 padding;
	UINT8 detail[16];
};

enum { PKTMON_PRESENT_MAC = 8 };

/* PACKETMONITOR_DATA_SOURCE_LIST; the pointers point into the same memory. */
struct pktmon_data_source_list {
	UINT32 count;
	UINT32 padding;
	const struct pktmon_data_source *sources[];
};

/* PACKETMONITOR_PROTOCOL_CONSTRAINT: numbers in the host's byte order */
struct pktmon_constraint {
	WCHAR name[PKTMON_NAME_LENGTH];
	UINT32 present; /* PKTMON_HAS_… */
	UINT8 mac1[6], mac2[6];
	UINT16 vlan;
	UINT16 ether_type;
	UINT16 dscp;
	UINT8 protocol;
	UINT64 ip1[2], ip2[2];
	UINT8 prefix1, prefix2;
	UINT16 port1, port2;
	UINT8 tcp_flags;
	UINT32 encapsulation;
	UINT16 vxlan_port;
	UINT64 packets, bytes;
};

enum {
	PKTMON_HAS_ETHER_TYPE = 1u << 3,
	PKTMON_HAS_PROTOCOL = 1u << 5,
	PKTMON_HAS_PORT1 = 1u << 11,
	PKTMON_HAS_PORT2 = 1u << 12,
};

/* PACKETMONITOR_STREAM_DATA_DESCRIPTOR */
struct pktmon_packet {
	const void *data;
	UINT32 size;
	UINT32 metadata_offset;
	UINT32 packet_offset;
	UINT32 packet_length;
	UINT32 missed_writes; /* before this packet */
	UINT32 missed_reads;
};

/* PACKETMONITOR_STREAM_METADATA */
#pragma pack(push, 1)
struct pktmon_metadata {
	UINT64 group;
	UINT16 number;     /* within its group */
	UINT16 appearance; /* counts the places that reported it */
	UINT16 direction;
	UINT16 type; /* PKTMON_TYPE_… */
	UINT16 component;
	UINT16 edge;
	UINT16 reserved;
	UINT32 drop_reason;
	UINT32 drop_location;
	UINT16 processor;
	INT64 time;
};
#pragma pack(pop)

enum { PKTMON_TYPE_ETHERNET = 1, PKTMON_TYPE_IP = 3 };

/* PACKETMONITOR_STREAM_EVENT_KIND */
enum { PKTMON_EVENT_STARTED, PKTMON_EVENT_STOPPED, PKTMON_EVENT_FATAL, PKTMON_EVENT_PROCESS };

typedef void CALLBACK pktmon_event_fn(void *context, const void *info, int kind);
typedef void CALLBACK pktmon_packet_fn(void *context, const struct pktmon_packet *packet);

/* PACKETMONITOR_REALTIME_STREAM_CONFIGURATION */
struct pktmon_stream_options {
	void *context;
	pktmon_event_fn *on_event;
	pktmon_packet_fn *on_packet;
	UINT16 buffer_multiplier; /* times 256 KiB: 1 to 10 */
	UINT16 truncation;        /* bytes of a packet: up to 9000 */
};

_Static_assert(sizeof(struct pktmon_data_source) == 424 &&
		       offsetof(struct pktmon_data_source, id) == 388 &&
		       offsetof(struct pktmon_data_source, detail) == 408,
	"as pktmonapi.dll lays it out");
_Static_assert(sizeof(struct pktmon_constraint) == 216 &&
		       offsetof(struct pktmon_constraint, present) == 128 &&
		       offsetof(struct pktmon_constraint, ether_type) == 146 &&
		       offsetof(struct pktmon_constraint, protocol) == 150,
	"as pktmonapi.dll lays it out");
_Static_assert(sizeof(struct pktmon_metadata) == 40 && sizeof(struct pktmon_packet) == 32 &&
		       sizeof(struct pktmon_stream_options) == 32,
	"as pktmonapi.dll lays it out");

/* The functions, found by name. What Close and Uninitialize return is of no use. */
struct pktmon_api {
	HMODULE module;
	HRESULT(WINAPI *initialize)(UINT32 version, void *reserved, HANDLE *handle);
	void(WINAPI *uninitialize)(HANDLE handle);
	HRESULT(WINAPI *enumerate)
	(HANDLE handle, int kind, BOOLEAN hidden, SIZE_T size, SIZE_T *needed,
		struct pktmon_data_source_list *list);
	HRESULT(WINAPI *create_session)(HANDLE handle, const WCHAR *name, HANDLE *session);
	void(WINAPI *close_session)(HANDLE session);
	HRESULT(WINAPI *add_source)(HANDLE session, const struct pktmon_data_source *source);
	HRESULT(WINAPI *add_constraint)(HANDLE session, const struct pktmon_constraint *constraint);
	HRESULT(WINAPI *create_stream)
	(HANDLE handle, const struct pktmon_stream_options *options, HANDLE *stream);
	void(WINAPI *close_stream)(HANDLE stream);
	HRESULT(WINAPI *attach)(HANDLE session, HANDLE stream);
	HRESULT(WINAPI *set_active)(HANDLE session, BOOLEAN active);
};

#endif
