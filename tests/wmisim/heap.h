/* SPDX-License-Identifier: MIT */
/*
 * heap.h - the simulator's own memory
 *
 * Everything the simulator keeps comes from pages of its own, so that a test can tell the memory
 * of the program under test from the simulator's. What is handed to the program by COM's rules
 * (BSTR, SAFEARRAY) comes from COM's allocator and counts as the program's.
 */
#ifndef WMISIM_HEAP_H
#define WMISIM_HEAP_H

#include <stddef.h>

struct heap_usage {
	size_t bytes;  /* of pages taken from the system */
	size_t blocks; /* in use now */
};

/* Zeroed memory; never NULL: a simulator without memory ends the process. */
void *heap_alloc(size_t size);
/* The old contents, the rest is zeroed. heap_resize(NULL, n) is heap_alloc(n). */
void *heap_resize(void *block, size_t size);
/* heap_free(NULL) is allowed. */
void heap_free(void *block);
char *heap_text(const char *text);

struct heap_usage heap_usage(void);

#endif
