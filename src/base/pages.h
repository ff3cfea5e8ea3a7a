/* SPDX-License-Identifier: MIT */
/*
 * pages.h - an array that is mostly never used
 *
 * Queues are made for the worst day. Address space is taken for all of it, memory for as much of
 * its beginning as was ever used: Linux gives pages on their first use by itself, Windows charges
 * for what was allocated, used or not.
 */
#ifndef HYPERVIVE_BASE_PAGES_H
#define HYPERVIVE_BASE_PAGES_H

#include <stdbool.h>
#include <stddef.h>

struct pages {
	void *start; /* NULL: none */
	size_t size;
	size_t ready; /* bytes from the start that may be used, and were zero at first */
};

bool pages_reserve(struct pages *pages, size_t size);

/* Makes the first `until` bytes usable; a call of the system once in 64 KiB. False: no memory. */
bool pages_grow(struct pages *pages, size_t until);

void pages_free(struct pages *pages);

#endif
