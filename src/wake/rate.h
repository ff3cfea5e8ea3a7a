/* SPDX-License-Identifier: MIT */
/*
 * rate.h - how many packets in how much time
 *
 * Token buckets: a bucket holds at most rate.count tokens and fills evenly; each accepted
 * packet takes one. Senders have a bucket each, in a table of fixed size: when it is full the
 * one that was idle for longest is forgotten (and begins anew with a full bucket).
 */
#ifndef HYPERVIVE_WAKE_RATE_H
#define HYPERVIVE_WAKE_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/siphash.h"
#include "wake/policy.h"

struct rate_bucket {
	uint64_t full_at_ns; /* when it will be full again; 0 or past: it is full */
};

/* Whether a token is there. */
bool rate_bucket_has(const struct rate_bucket *bucket, const struct rate *rate, uint64_t now_ns);

/* Takes the token that is there. */
void rate_bucket_take(struct rate_bucket *bucket, const struct rate *rate, uint64_t now_ns);

struct rate_table;

struct rate_table *rate_table_new(const struct siphash_key *key); /* NULL when memory is out */
void rate_table_free(struct rate_table *table);

/* The sender's bucket, made when there is none. Borrowed until the next call. */
struct rate_bucket *rate_table_get(
	struct rate_table *table, const struct magic_packet *packet, uint64_t now_ns);

#endif
