/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation: a bucket is kept as the time at which it will be full again (the
 * generic cell rate algorithm, ITU-T I.371 annex A). Taking a token moves that time on by the
 * interval of one token; a token is there while it is not further ahead than a whole bucket
 * less one token. Nothing has to be refilled by a timer.
 */
#include "wake/rate.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { SETS = 256, WAYS = 4 };

struct sender {
	uint64_t hash; /* 0: free */
	uint64_t used_ns;
	struct rate_bucket bucket;
};

struct rate_table {
	struct siphash_key key;
	struct sender senders[SETS][WAYS];
};

static uint64_t interval_ns(const struct rate *rate)
{
	return rate->seconds * NS_PER_S / rate->count;
}

bool rate_bucket_has(const struct rate_bucket *bucket, const struct rate *rate, uint64_t now_ns)
{
	if (rate->count == 0)
		return true;
	uint64_t ahead = bucket->full_at_ns > now_ns ? bucket->full_at_ns - now_ns : 0;

	return ahead <= interval_ns(rate) * (rate->count - 1);
}

void rate_bucket_take(struct rate_bucket *bucket, const struct rate *rate, uint64_t now_ns)
{
	if (rate->count == 0)
		return;
	if (bucket->full_at_ns < now_ns)
		bucket->full_at_ns = now_ns;
	bucket->full_at_ns += interval_ns(rate);
}

struct rate_table *rate_table_new(const struct siphash_key *key)
{
	struct rate_table *table = calloc(1, sizeof(*table));

	if (table)
		table->key = *key;
	return table;
}

void rate_table_free(struct rate_table *table)
{
	free(table);
}

struct rate_bucket *rate_table_get(
	struct rate_table *table, const struct magic_packet *packet, uint64_t now_ns)
{
	uint8_t name[17] = {(uint8_t)packet->source_kind};

	memcpy(name + 1, packet->source, sizeof(packet->source));
	uint64_t hash = siphash13(&table->key, name, sizeof(name)) | 1; /* never the free mark */
	struct sender *set = table->senders[hash >> 32 & (SETS - 1)];
	struct sender *oldest = &set[0];

	for (int way = 0; way < WAYS; way++) {
		if (set[way].hash == hash) {
			set[way].used_ns = now_ns;
			return &set[way].bucket;
		}
		if (set[way].used_ns < oldest->used_ns)
			oldest = &set[way];
	}
	*oldest = (struct sender){.hash = hash, .used_ns = now_ns};
	return &oldest->bucket;
}
