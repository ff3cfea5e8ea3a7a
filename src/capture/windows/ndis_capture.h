/* SPDX-License-Identifier: MIT */
/* ndis_capture.h - frames from Windows' capture filter, through event tracing */
#ifndef HYPERVIVE_CAPTURE_WINDOWS_NDIS_CAPTURE_H
#define HYPERVIVE_CAPTURE_WINDOWS_NDIS_CAPTURE_H

#include "base/error.h"
#include "capture/windows/frame_ring.h"
#include "capture/windows/network_headers.h"

struct ndis_capture;

/*
 * Puts candidates into the ring, numbered by interface index, and sets `ready`; both are borrowed
 * until ndis_capture_stop(). `missing` becomes a list of the adapters that it does not cover. The
 * error's text is a short cause.
 */
int ndis_capture_start(struct ndis_capture **capture, struct frame_ring *ring, HANDLE ready,
	char *missing, size_t missing_size, struct error *error);

/* Counts what Windows lost since the last call. Asks Windows. */
void ndis_capture_count_lost(struct ndis_capture *capture);

/* The session ended, nothing will come any more. */
bool ndis_capture_broken(const struct ndis_capture *capture);

/* May be NULL. No frame is put any more when it returns. */
void ndis_capture_stop(struct ndis_capture *capture);

#endif
