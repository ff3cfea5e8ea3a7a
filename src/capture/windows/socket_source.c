/* SPDX-License-Identifier: MIT */
/*
 * socket_source.c - one socket that datagrams are heard on
 *
 * Theory of operation
 *
 * A port is bound as any program would bind it. Where another program has it, it is tried once
 * more with SO_REUSEADDR: Windows then gives broadcasts to both, and what is sent to this host
 * alone to either. That is why it is not the first choice, and why it is told. A program that has
 * the port for itself (SO_EXCLUSIVEADDRUSE) keeps it, as does one of another user.
 *
 * WSARecvMsg (found by its GUID, as it is no export) tells the adapter and the destination beside
 * the sender. A datagram that this host sent to a closed port comes back as an error of the next
 * read (WSAECONNRESET); we send nothing, but it is switched off all the same.
 *
 * WSAEventSelect records FD_READ once, and again after a read that leaves something in the
 * socket. So whoever resets the event must read each socket until it is empty, or set the event.
 */
#include "capture/windows/socket_source.h"

#include <stdio.h>
#include <string.h>

#include "base/windows/wide.h"

#ifndef SIO_UDP_CONNRESET
#define SIO_UDP_CONNRESET _WSAIOW(IOC_VENDOR, 12)
#endif
#ifndef SIO_UDP_NETRESET
#define SIO_UDP_NETRESET _WSAIOW(IOC_VENDOR, 15)
#endif

enum {
	/* A burst of 5,000 magic packets; Windows takes memory only for what is queued. */
	BUFFER_SIZE = 1 << 20,
	BUFFER_SIZE_RAW = 4 << 20,
	CONTROL_SIZE = 256,
};

static bool set_flag(SOCKET socket, int level, int name, DWORD value)
{
	return setsockopt(socket, level, name, (const char *)&value, sizeof(value)) == 0;
}

static void switch_off(SOCKET socket, DWORD code)
{
	DWORD off = FALSE, count;

	WSAIoctl(socket, code, &off, sizeof(off), NULL, 0, &count, NULL, NULL);
}

/* What is of use but not needed; a host without it still hears. */
static void prepare(const struct socket_source *source)
{
	SOCKET socket = source->socket;
	bool raw = source->port == 0;

	set_flag(socket, SOL_SOCKET, SO_RCVBUF, raw ? BUFFER_SIZE_RAW : BUFFER_SIZE);
	set_flag(socket, SOL_SOCKET, SO_BROADCAST, TRUE);
	if (source->family == AF_INET) {
		set_flag(socket, IPPROTO_IP, IP_PKTINFO, TRUE);
	} else {
		set_flag(socket, IPPROTO_IPV6, IPV6_V6ONLY, TRUE);
		set_flag(socket, IPPROTO_IPV6, IPV6_PKTINFO, TRUE);
	}
	if (!raw) {
		switch_off(socket, SIO_UDP_CONNRESET);
		switch_off(socket, SIO_UDP_NETRESET);
	}
}

static bool find_receive(struct socket_source *source)
{
	GUID guid = WSAID_WSARECVMSG;
	DWORD count;

	return WSAIoctl(source->socket, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof(guid),
		       &source->receive, sizeof(source->receive), &count, NULL, NULL) == 0;
}

static bool bind_wildcard(const struct socket_source *source)
{
	struct sockaddr_storage address = {0};
	int size;

	if (source->family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)&address;

		in->sin_family = AF_INET;
		in->sin_port = htons(source->port);
		size = sizeof(*in);
	} else {
		struct sockaddr_in6 *in = (struct sockaddr_in6 *)&address;

		in->sin6_family = AF_INET6;
		in->sin6_port = htons(source->port);
		size = sizeof(*in);
	}
	return bind(source->socket, (struct sockaddr *)&address, size) == 0;
}

static bool bind_alone_or_shared(struct socket_source *source)
{
	if (bind_wildcard(source))
		return true;
	if (source->port == 0 || WSAGetLastError() != WSAEADDRINUSE)
		return false;
	if (!set_flag(source->socket, SOL_SOCKET, SO_REUSEADDR, TRUE))
		return false;
	source->shared = bind_wildcard(source);
	return source->shared;
}

static bool set_up(struct socket_source *source, HANDLE event)
{
	bool raw = source->port == 0;

	source->socket = WSASocketW(source->family, raw ? SOCK_RAW : SOCK_DGRAM, IPPROTO_UDP, NULL,
		0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
	if (source->socket == INVALID_SOCKET)
		return false;
	prepare(source);
	return find_receive(source) && bind_alone_or_shared(source) &&
	       WSAEventSelect(source->socket, event, FD_READ) == 0;
}

bool socket_source_open(struct socket_source *source, int family, uint16_t port, HANDLE event)
{
	int failure;

	*source = (struct socket_source){.socket = INVALID_SOCKET, .family = family, .port = port};
	if (set_up(source, event))
		return true;
	failure = WSAGetLastError();
	socket_source_close(source);
	source->failure = failure;
	return false;
}

static void read_sender(const struct sockaddr_storage *from, struct datagram *datagram)
{
	if (from->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)from;

		memcpy(datagram->source, &in->sin_addr, 4);
		datagram->source_port = ntohs(in->sin_port);
	} else if (from->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)from;

		memcpy(datagram->source, &in->sin6_addr, 16);
		datagram->source_port = ntohs(in->sin6_port);
	}
}

static void read_control(WSAMSG *message, struct received *received)
{
	for (WSACMSGHDR *header = WSA_CMSG_FIRSTHDR(message); header;
		header = WSA_CMSG_NXTHDR(message, header)) {
		if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			if (header->cmsg_len < WSA_CMSG_LEN(sizeof(info)))
				continue;
			memcpy(&info, WSA_CMSG_DATA(header), sizeof(info));
			memcpy(received->datagram.destination, &info.ipi_addr, 4);
			received->interface_index = info.ipi_ifindex;
		} else if (header->cmsg_level == IPPROTO_IPV6 &&
			   header->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			if (header->cmsg_len < WSA_CMSG_LEN(sizeof(info)))
				continue;
			memcpy(&info, WSA_CMSG_DATA(header), sizeof(info));
			memcpy(received->datagram.destination, &info.ipi6_addr, 16);
			received->interface_index = info.ipi6_ifindex;
		}
	}
}

/* What a failed read means; one that was too long for the buffer is there as far as it fits. */
static enum received_kind judge_failure(
	const struct socket_source *source, int number, struct error *error)
{
	switch (number) {
	case WSAEWOULDBLOCK:
		return RECEIVED_NOTHING;
	case WSAECONNRESET: /* a port that answered "unreachable" */
	case WSAENETRESET:  /* the time to live of something sent ran out */
	case WSAECONNREFUSED:
	case WSAEHOSTUNREACH:
	case WSAENETUNREACH:
	case WSAEINTR:
	case WSAENOBUFS:
		return RECEIVED_TROUBLE;
	default:
		if (source->port)
			error_set_windows(error, ERR_FAILED, (uint32_t)number,
				"cannot read from UDP port %u", source->port);
		else
			error_set_windows(error, ERR_FAILED, (uint32_t)number,
				"cannot read from the raw UDP socket");
		return RECEIVED_FAILURE;
	}
}

enum received_kind socket_source_read(struct socket_source *source, struct datagram_buffer *buffer,
	struct received *received, struct error *error)
{
	/* Aligned for the headers within. */
	_Alignas(WSACMSGHDR) char control[CONTROL_SIZE];
	struct sockaddr_storage from = {0};
	WSABUF data = {.len = sizeof(buffer->bytes), .buf = (char *)buffer->bytes};
	WSAMSG message = {
		.name = (struct sockaddr *)&from,
		.namelen = sizeof(from),
		.lpBuffers = &data,
		.dwBufferCount = 1,
		.Control = {.len = sizeof(control), .buf = control},
	};
	DWORD length = 0;

	if (source->receive(source->socket, &message, &length, NULL, NULL) != 0) {
		int number = WSAGetLastError();

		if (number != WSAEMSGSIZE)
			return judge_failure(source, number, error);
		/* Too long for us, or more was told beside it than there is room for. */
		length = length && length < data.len ? length : data.len;
		message.Control.len = 0;
	}
	*received = (struct received){
		.datagram = {.version = source->family == AF_INET ? 4 : 6,
			.bytes = buffer->bytes,
			.length = length,
			.destination_port = source->port},
	};
	read_sender(&from, &received->datagram);
	if (message.Control.len >= sizeof(WSACMSGHDR))
		read_control(&message, received);
	return RECEIVED_DATAGRAM;
}

void socket_source_explain(int failure, char *text, size_t size)
{
	switch (failure) {
	case WSAEADDRINUSE:
		snprintf(text, size, "another program has it");
		break;
	case WSAEACCES:
		snprintf(
			text, size, "another program keeps it for itself, or the right is missing");
		break;
	case WSAEAFNOSUPPORT:
	case WSAEPROTONOSUPPORT:
	case WSAEADDRNOTAVAIL:
		snprintf(text, size, "switched off on this host");
		break;
	default:
		snprintf(text, size, "error %d", failure);
	}
}

void socket_source_close(struct socket_source *source)
{
	if (source->socket != INVALID_SOCKET)
		closesocket(source->socket);
	source->socket = INVALID_SOCKET;
}
