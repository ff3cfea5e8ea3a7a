/* SPDX-License-Identifier: MIT */
/*
 * exclusion.h - addresses that are not listened to for a while
 *
 * One broadcast arrives several times (once an adapter that it crosses, and senders repeat
 * themselves), and a machine needs time to start: after a packet its address is excluded for
 * a fixed window. A copy does not extend the window. Memory is bounded: the table has a fixed
 * number of places, and when all are taken the oldest window ends early.
 */
#ifndef HYPERVIVE_WAKE_EXCLUSION_H
#define HYPERVIVE_WAKE_EXCLUSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mac.h"

#define EXCLUSION_WINDOW_NS UINT64_C(5000000000)

struct exclusion;

/* capacity: a power of two. NULL when memory is out. */
struct exclusion *exclusion_new(uint32_t capacity, uint64_t seed);
void exclusion_free(struct exclusion *exclusion);

bool exclusion_contains(const struct exclusion *exclusion, const struct mac *mac);

/* Begins the window of an address that has none. There must be a free place. */
void exclusion_add(struct exclusion *exclusion, const struct mac *mac, uint64_t now_ns);

bool exclusion_is_full(const struct exclusion *exclusion);

/* When the oldest window ends; UINT64_MAX when there is none. */
uint64_t exclusion_next_end(const struct exclusion *exclusion);

/* Ends the oldest window, which must exist, and tells whose it was. */
struct mac exclusion_end_oldest(struct exclusion *exclusion);

#endif
