/* SPDX-License-Identifier: MIT */
/* pktmon.h - frames from Windows' packet monitor (Windows Server 2022 and later) */
#ifndef HYPERVIVE_CAPTURE_WINDOWS_PKTMON_H
#define HYPERVIVE_CAPTURE_WINDOWS_PKTMON_H

#include "base/error.h"
#include "capture/windows/frame_ring.h"
#include "capture/windows/network_headers.h"

struct pktmon;

/*
 * Puts candidates into the ring and sets `ready`; both are borrowed until pktmon_stop(). The
 * error's text is a short cause.
 */
int pktmon_start(
	struct pktmon **pktmon, struct frame_ring *ring, HANDLE ready, struct error *error);

/* Takes in adapters that came since. Not while another call of it runs. */
void pktmon_refresh(struct pktmon *pktmon);

/* The adapter that a frame's number stands for. Never empty. */
void pktmon_name(struct pktmon *pktmon, uint32_t adapter, char name[FRAME_INTERFACE_SIZE]);

/* Windows ended it: nothing will come any more. */
bool pktmon_broken(const struct pktmon *pktmon);

/* May be NULL. No frame is put any more when it returns. */
void pktmon_stop(struct pktmon *pktmon);

#endif
