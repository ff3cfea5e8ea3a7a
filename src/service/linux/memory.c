/* SPDX-License-Identifier: MIT */
/*
 * memory.c - staying small
 *
 * Theory of operation: libvirt's client brings sixty libraries, and the start of each maps pages
 * of code and tables that the service never looks at again: some 15 MB of resident memory.
 * What a library's file holds can always be read from the file again, so once the service is
 * ready these pages are given back with madvise(MADV_DONTNEED), and those that are really in use
 * come back at their next use, without a disk being read while they are cached. Only segments
 * that nobody can write to are given back: in the others live relocated pointers and variables.
 *
 * The C library gives each thread a heap of its own (an arena), which leaves holes in all of them
 * after a listing. Our threads allocate little at the same time: one heap does.
 */
#include "service/linux/memory.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static int give_back(struct dl_phdr_info *library, size_t size, void *context)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size;
	(void)context;
	for (int i = 0; i < library->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &library->dlpi_phdr[i];

		if (segment->p_type != PT_LOAD || segment->p_flags & PF_W)
			continue;
		uintptr_t start = (uintptr_t)library->dlpi_addr + segment->p_vaddr;
		uintptr_t end = start + segment->p_memsz;

		/* Whole pages only; a refusal (the kernel's own page of code) changes nothing. */
		start = (start + page - 1) / page * page;
		end = end / page * page;
		if (start < end)
			(void)madvise((void *)start, end - start, MADV_DONTNEED); /* NOLINT */
	}
	return 0;
}

void memory_begin(void)
{
	mallopt(M_ARENA_MAX, 1);
}

void memory_trim(void)
{
	malloc_trim(0);
	dl_iterate_phdr(give_back, NULL);
}
