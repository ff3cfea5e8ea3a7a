/* SPDX-License-Identifier: MIT */
/*
 * lookup.c - what it costs to find a MAC address among N
 *
 * Each look-up waits for the one before it (the next key depends on what was found), so that what
 * is measured is the time of one look-up and not how many the processor can overlap. Tables are
 * warm: every address was looked up before.
 *
 *   hit, miss   over all addresses in random order. With 100,000 of them the table no longer
 *               fits the nearest caches, and any table at all pays for that. What it pays is
 *               measured too: `access` is one read at a random place, dependent on the one
 *               before, in plain memory of the same size.
 *   hot         ten addresses out of the table again and again: the caches hold them whatever the
 *               table's size, and what is left is the cost of the algorithm.
 *
 * Prints one JSON object; times are nanoseconds, the median of several passes.
 */
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "wake/mac_index.h"

enum { PASSES = 9, LOOKUPS = 200000, HOT = 10 };

static uint64_t random_state = 0x9e3779b97f4a7c15;

/* xorshift64 (Marsaglia, "Xorshift RNGs", 2003) */
static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Address number i: QEMU's prefix as real machines have it; outside marks those not added. */
static struct mac mac_number(uint32_t i, bool outside)
{
	return (struct mac){{0x52, outside ? 0x55 : 0x54, 0, (uint8_t)(i >> 16), (uint8_t)(i >> 8),
		(uint8_t)i}};
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values)
{
	qsort(values, PASSES, sizeof(*values), compare);
	return values[PASSES / 2];
}

/*
 * The keys are taken in the order they stand in (the processor fetches those ahead of time).
 * `carry` is 0 in fact: all machine numbers are below 2^31, which the compiler does not know.
 */
static double pass(const struct mac_index *index, const struct mac *keys, uint32_t *found)
{
	uint32_t carry = 0, hits = 0;
	double begin = now_ns();

	for (uint32_t i = 0; i < LOOKUPS; i++) {
		struct mac key = keys[i];
		uint32_t machine = 0;

		key.bytes[5] = (uint8_t)(key.bytes[5] + carry);
		uint32_t at = mac_index_find(index, &key);
		hits += mac_index_next(index, &at, &machine);
		carry = (machine | at) >> 31;
	}
	*found = hits;
	return (now_ns() - begin) / LOOKUPS;
}

static double time_keys(const struct mac_index *index, const struct mac *keys, uint32_t expected)
{
	double took[PASSES];
	uint32_t found;

	pass(index, keys, &found);
	for (int i = 0; i < PASSES; i++) {
		took[i] = pass(index, keys, &found);
		if (found != expected) {
			fprintf(stderr, "lookup: %u of %d found, expected %u\n", found, LOOKUPS,
				expected);
			exit(1);
		}
	}
	return median(took);
}

/* One dependent read at a random place in `bytes` of memory: a ring through all of it. */
static double time_access(size_t bytes)
{
	size_t count = bytes / sizeof(uint32_t) > 16 ? bytes / sizeof(uint32_t) : 16;
	uint32_t *ring = malloc(count * sizeof(*ring));
	double took[PASSES];
	volatile uint32_t sink;
	uint32_t at = 0;

	if (!ring)
		exit(1);
	/* Sattolo's shuffle makes one cycle of all places. */
	for (size_t i = 0; i < count; i++)
		ring[i] = (uint32_t)i;
	for (size_t i = count - 1; i > 0; i--) {
		size_t j = (size_t)(random_next() % i);
		uint32_t other = ring[i];

		ring[i] = ring[j];
		ring[j] = other;
	}
	for (int p = -1; p < PASSES; p++) {
		double begin = now_ns();

		for (int i = 0; i < LOOKUPS; i++)
			at = ring[at];
		if (p >= 0)
			took[p] = (now_ns() - begin) / LOOKUPS;
	}
	sink = at;
	(void)sink;
	free(ring);
	return median(took);
}

static bool measure(uint32_t count, struct mac *keys, bool first)
{
	size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
	struct mac_index *index = mac_index_new(random_next());
	bool added = index != NULL;

	for (uint32_t i = 0; added && i < count; i++) {
		struct mac mac = mac_number(i, false);

		added = mac_index_add(index, &mac, i);
	}
	if (!added) {
		fprintf(stderr, "lookup: no memory for %u addresses\n", count);
		mac_index_free(index);
		return false;
	}

	size_t bytes = mallinfo2().uordblks + mallinfo2().hblkhd - before;
	double took[3];
	for (int kind = 0; kind < 3; kind++) {
		uint32_t hot[HOT];

		for (int i = 0; i < HOT; i++)
			hot[i] = (uint32_t)(random_next() % count);
		for (int i = 0; i < LOOKUPS; i++) {
			uint64_t at = random_next();

			keys[i] = kind == 2 ? mac_number(hot[at % HOT], false)
					    : mac_number((uint32_t)(at % count), kind == 1);
		}
		took[kind] = time_keys(index, keys, kind == 1 ? 0 : LOOKUPS);
	}
	mac_index_free(index);
	printf("%s{\"addresses\": %u, \"bytes\": %zu, \"hit_ns\": %.2f, \"miss_ns\": %.2f, "
	       "\"hot_ns\": %.2f, \"access_ns\": %.2f}",
		first ? "" : ", ", count, bytes, took[0], took[1], took[2], time_access(bytes));
	return true;
}

int main(void)
{
	struct mac *keys = malloc(LOOKUPS * sizeof(*keys));

	if (!keys)
		return 1;
	printf("{\"passes\": %d, \"lookups\": %d, \"sizes\": [", PASSES, LOOKUPS);
	bool good = true;
	for (uint32_t count = 10; good && count <= 100000; count *= 10)
		good = measure(count, keys, count == 10);
	puts("]}");
	free(keys);
	return good ? 0 : 1;
}
