/* SPDX-License-Identifier: MIT */
/* event_source.h - where Event Viewer finds the texts of our events */
#ifndef HYPERVIVE_SERVICE_WINDOWS_EVENT_SOURCE_H
#define HYPERVIVE_SERVICE_WINDOWS_EVENT_SOURCE_H

#include "base/error.h"

/* Names this program as the file with the messages and categories of the source. */
int event_source_add(const char *program, struct error *error);

/* 1: it was removed. 0: there was none. */
int event_source_remove(struct error *error);

#endif
