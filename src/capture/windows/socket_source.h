/* SPDX-License-Identifier: MIT */
/*
 * socket_source.h - one socket that datagrams are heard on
 *
 * Bound to the wildcard address it hears every adapter, those of tomorrow too. It never blocks:
 * the capture's one event is set when something has come, and again by each read that leaves
 * something behind.
 */
#ifndef HYPERVIVE_CAPTURE_WINDOWS_SOCKET_SOURCE_H
#define HYPERVIVE_CAPTURE_WINDOWS_SOCKET_SOURCE_H

#include "base/error.h"
#include "capture/windows/datagram.h"
#include "capture/windows/network_headers.h"

struct socket_source {
	SOCKET socket; /* INVALID_SOCKET: not open */
	int family;    /* AF_INET or AF_INET6 */
	uint16_t port; /* 0: a raw socket, all ports */
	bool shared;   /* another program had the port before */
	int failure;   /* why it is not open: a number of WSAGetLastError() */
	LPFN_WSARECVMSG receive;
};

/* Where a datagram is put; headers are made in front of it. */
struct datagram_buffer {
	uint8_t headroom[DATAGRAM_HEADROOM];
	uint8_t bytes[DATAGRAM_MAX];
};

/* A datagram with what Windows told about it; for a raw IPv4 socket bytes hold the IP header. */
struct received {
	struct datagram datagram;
	uint32_t interface_index; /* 0: unknown */
};

enum received_kind {
	RECEIVED_NOTHING, /* empty for now; the event tells when that changes */
	RECEIVED_DATAGRAM,
	RECEIVED_TROUBLE, /* harmless; read on */
	RECEIVED_FAILURE, /* the socket is of no use any more */
};

/* False: not open, and source->failure says why. The event is borrowed. */
bool socket_source_open(struct socket_source *source, int family, uint16_t port, HANDLE event);

enum received_kind socket_source_read(struct socket_source *source, struct datagram_buffer *buffer,
	struct received *received, struct error *error);

/* A short cause in plain words for struct socket_source.failure. */
void socket_source_explain(int failure, char *text, size_t size);

/* May be called for one that is not open. */
void socket_source_close(struct socket_source *source);

#endif
