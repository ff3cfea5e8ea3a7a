/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation: a hash table with open addressing, at most half full. Behind a removed
 * entry those that had been pushed on by it move up, so that no search ends too early.
 */
#include "host/libvirt/domain_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct domain_cache {
	pthread_mutex_t mutex;
	virDomainPtr *slots;
	size_t mask, count;
};

struct domain_cache *domain_cache_new(void)
{
	struct domain_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return NULL;
	cache->mask = 15;
	cache->slots = calloc(cache->mask + 1, sizeof(virDomainPtr));
	if (!cache->slots) {
		free(cache);
		return NULL;
	}
	pthread_mutex_init(&cache->mutex, NULL);
	return cache;
}

void domain_cache_free(struct domain_cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; i <= cache->mask; i++) {
		if (cache->slots[i])
			virDomainFree(cache->slots[i]);
	}
	pthread_mutex_destroy(&cache->mutex);
	free(cache->slots);
	free(cache);
}

static struct uuid identity(virDomainPtr domain)
{
	struct uuid id = {{0}};

	virDomainGetUUID(domain, id.bytes);
	return id;
}

/* Identities may differ in their last bytes only: all are folded together. */
static size_t home(const struct domain_cache *cache, const struct uuid *id)
{
	uint64_t halves[2];

	memcpy(halves, id->bytes, sizeof(halves));
	uint64_t x = halves[0] ^ (halves[1] * UINT64_C(0x9e3779b97f4a7c15)) ^ halves[1] >> 32;
	x = (x ^ x >> 32) * UINT64_C(0xff51afd7ed558ccd);
	return (size_t)(x >> 32) & cache->mask;
}

/* Where it is, or the free slot where it belongs. */
static size_t find(const struct domain_cache *cache, const struct uuid *id)
{
	size_t at = home(cache, id);

	while (cache->slots[at]) {
		struct uuid other = identity(cache->slots[at]);

		if (uuid_equal(&other, id))
			break;
		at = (at + 1) & cache->mask;
	}
	return at;
}

static bool make_room(struct domain_cache *cache)
{
	size_t old_mask = cache->mask;
	virDomainPtr *old = cache->slots;

	if (cache->count * 2 <= cache->mask)
		return true;
	virDomainPtr *slots = calloc((old_mask + 1) * 2, sizeof(virDomainPtr));
	if (!slots)
		return false;
	cache->slots = slots;
	cache->mask = old_mask * 2 + 1;
	for (size_t i = 0; i <= old_mask; i++) {
		if (!old[i])
			continue;
		struct uuid id = identity(old[i]);
		slots[find(cache, &id)] = old[i];
	}
	free(old);
	return true;
}

void domain_cache_put(struct domain_cache *cache, virDomainPtr domain)
{
	struct uuid id = identity(domain);

	if (virDomainRef(domain) < 0)
		return;
	pthread_mutex_lock(&cache->mutex);
	virDomainPtr unused = cache->slots[find(cache, &id)];
	if (unused || make_room(cache)) {
		cache->count += unused ? 0 : 1;
		cache->slots[find(cache, &id)] = domain;
	} else {
		unused = domain; /* no memory: it is looked up when it is needed */
	}
	pthread_mutex_unlock(&cache->mutex);
	if (unused)
		virDomainFree(unused);
}

virDomainPtr domain_cache_get(struct domain_cache *cache, const struct uuid *id)
{
	pthread_mutex_lock(&cache->mutex);
	virDomainPtr domain = cache->slots[find(cache, id)];
	if (domain)
		virDomainRef(domain);
	pthread_mutex_unlock(&cache->mutex);
	return domain;
}

/* Moves up what stands behind a hole and belongs before it. */
static void close_hole(struct domain_cache *cache, size_t hole)
{
	for (size_t at = (hole + 1) & cache->mask; cache->slots[at]; at = (at + 1) & cache->mask) {
		struct uuid id = identity(cache->slots[at]);
		size_t wanted = home(cache, &id);

		if (((at - wanted) & cache->mask) < ((at - hole) & cache->mask))
			continue;
		cache->slots[hole] = cache->slots[at];
		cache->slots[at] = NULL;
		hole = at;
	}
}

void domain_cache_remove(struct domain_cache *cache, const struct uuid *id)
{
	pthread_mutex_lock(&cache->mutex);
	size_t at = find(cache, id);
	virDomainPtr domain = cache->slots[at];
	if (domain) {
		cache->slots[at] = NULL;
		cache->count--;
		close_hole(cache, at);
	}
	pthread_mutex_unlock(&cache->mutex);
	if (domain)
		virDomainFree(domain);
}
