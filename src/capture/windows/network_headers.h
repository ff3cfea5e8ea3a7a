/* SPDX-License-Identifier: MIT */
/* network_headers.h - Windows' headers in the one order in which they work, for this folder */
#ifndef HYPERVIVE_CAPTURE_WINDOWS_NETWORK_HEADERS_H
#define HYPERVIVE_CAPTURE_WINDOWS_NETWORK_HEADERS_H

/* clang-format off */
#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <windows.h>
#include <iphlpapi.h>
#include <netioapi.h>
/* clang-format on */

/* A macro of theirs for "struct"; struct frame has a member of this name. */
#undef interface

#endif
