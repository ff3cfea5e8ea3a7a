/* SPDX-License-Identifier: MIT */
#include "base/pages.h"

#include <windows.h>

enum { STEP = 64 * 1024 };

bool pages_reserve(struct pages *pages, size_t size)
{
	*pages = (struct pages){
		.start = VirtualAlloc(NULL, size, MEM_RESERVE, PAGE_NOACCESS), .size = size};
	return pages->start != NULL;
}

bool pages_grow(struct pages *pages, size_t until)
{
	if (until <= pages->ready)
		return true;
	if (until > pages->size)
		return false;
	size_t more = STEP - until % STEP;
	size_t ready = more > pages->size - until ? pages->size : until + more;
	if (!VirtualAlloc(pages->start, ready, MEM_COMMIT, PAGE_READWRITE))
		return false;
	pages->ready = ready;
	return true;
}

void pages_free(struct pages *pages)
{
	if (pages->start)
		VirtualFree(pages->start, 0, MEM_RELEASE);
	*pages = (struct pages){0};
}
