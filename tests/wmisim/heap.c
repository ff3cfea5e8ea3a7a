/* SPDX-License-Identifier: MIT */
/*
 * heap.c - size classes on pages of our own
 *
 * Theory of operation: a block is preceded by a header of 16 bytes with its size class. Small
 * blocks (up to 1 KB in steps of 16 bytes, then powers of two up to 32 KB) are cut from chunks of
 * 64 KB and go back to the free list of their class; larger ones are mappings of their own.
 * Chunks are never given back, so `bytes` is exactly what the process pays.
 */
#include "heap.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

enum {
	STEP = 16,
	SMALL = 1024,
	LARGEST = 32768,
	CLASSES = SMALL / STEP + 6,
	CHUNK = 65536,
	OWN_MAPPING = 0xffff,
};

struct header {
	size_t size; /* of the payload as asked for */
	unsigned class;
	unsigned guard;
};

struct free_block {
	struct header header;
	struct free_block *next;
};

static struct {
	SRWLOCK lock;
	struct free_block *free[CLASSES];
	char *chunk;
	size_t left;
	struct heap_usage usage;
} heap = {.lock = SRWLOCK_INIT};

enum { GUARD = 0x5157a11c };

_Static_assert(sizeof(struct header) == STEP, "blocks stay aligned to 16 bytes");

static void *take_pages(size_t size)
{
	void *pages = VirtualAlloc(NULL, size, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);

	if (!pages)
		abort();
	heap.usage.bytes += size;
	return pages;
}

/* The class whose blocks hold `size` bytes, and how much they hold. */
static unsigned class_of(size_t size, size_t *capacity)
{
	unsigned class;

	if (size <= SMALL) {
		class = size == 0 ? 0 : (unsigned)((size - 1) / STEP);
		*capacity = ((size_t) class + 1) * STEP;
		return class;
	}
	*capacity = SMALL;
	for (class = SMALL / STEP - 1; *capacity < size; class ++)
		*capacity *= 2;
	return class;
}

static size_t round_to_pages(size_t size)
{
	return (size + sizeof(struct header) + 4095) & ~(size_t)4095;
}

static struct header *cut(size_t capacity)
{
	size_t whole = capacity + sizeof(struct header);
	struct header *block;

	if (heap.left < whole) {
		heap.chunk = take_pages(CHUNK);
		heap.left = CHUNK;
	}
	block = (struct header *)(void *)heap.chunk;
	heap.chunk += whole;
	heap.left -= whole;
	return block;
}

void *heap_alloc(size_t size)
{
	struct header *block;
	size_t capacity;
	unsigned class;

	AcquireSRWLockExclusive(&heap.lock);
	if (size > LARGEST) {
		block = take_pages(round_to_pages(size));
		class = OWN_MAPPING;
	} else {
		class = class_of(size, &capacity);
		if (heap.free[class]) {
			block = &heap.free[class]->header;
			heap.free[class] = heap.free[class]->next;
		} else {
			block = cut(capacity);
		}
		memset(block + 1, 0, capacity);
	}
	block->size = size;
	block->class = class;
	block->guard = GUARD;
	heap.usage.blocks++;
	ReleaseSRWLockExclusive(&heap.lock);
	return block + 1;
}

void heap_free(void *memory)
{
	struct header *block = memory ? (struct header *)memory - 1 : NULL;
	struct free_block *free_block;

	if (!block)
		return;
	if (block->guard != GUARD)
		abort(); /* freed twice, or not ours: the simulator itself is wrong */
	AcquireSRWLockExclusive(&heap.lock);
	block->guard = 0;
	heap.usage.blocks--;
	if (block->class == OWN_MAPPING) {
		heap.usage.bytes -= round_to_pages(block->size);
		VirtualFree(block, 0, MEM_RELEASE);
	} else {
		free_block = (struct free_block *)(void *)block;
		free_block->next = heap.free[block->class];
		heap.free[block->class] = free_block;
	}
	ReleaseSRWLockExclusive(&heap.lock);
}

void *heap_resize(void *block, size_t size)
{
	size_t old = block ? ((struct header *)block - 1)->size : 0;
	void *fresh = heap_alloc(size);

	if (block) {
		memcpy(fresh, block, old < size ? old : size);
		heap_free(block);
	}
	return fresh;
}

char *heap_text(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(heap_alloc(size), text, size);
}

struct heap_usage heap_usage(void)
{
	struct heap_usage usage;

	AcquireSRWLockExclusive(&heap.lock);
	usage = heap.usage;
	ReleaseSRWLockExclusive(&heap.lock);
	return usage;
}
