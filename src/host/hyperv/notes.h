/* SPDX-License-Identifier: MIT */
/*
 * notes.h - the settings of ours that stand in a machine's Notes
 *
 * A line of its own: `hypervive: allow=yes secureon=01:02:03:04:05:06`. Everything else in the
 * notes is somebody else's and is not looked at. Pure.
 */
#ifndef HYPERVIVE_HOST_HYPERV_NOTES_H
#define HYPERVIVE_HOST_HYPERV_NOTES_H

#include "host/machine.h"

/* Adds what one text of the Notes says; call it for each. text is valid UTF-8. */
void notes_read(const char *text, struct machine_wake *wake);

#endif
