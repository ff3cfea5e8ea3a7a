/* SPDX-License-Identifier: MIT */
/*
 * siphash.h - a keyed hash over foreign bytes
 *
 * SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF",
 * 2012; one compression and three finalisation rounds). Whoever does not know
 * the key cannot choose inputs that collide.
 */
#ifndef HYPERVIVE_BASE_SIPHASH_H
#define HYPERVIVE_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
	uint64_t k0, k1;
};

uint64_t siphash13(const struct siphash_key *key, const void *bytes, size_t length);

#endif
