/* SPDX-License-Identifier: MIT */
#include "base/pages.h"

#include <stdlib.h>

bool pages_reserve(struct pages *pages, size_t size)
{
	*pages = (struct pages){.start = calloc(1, size), .size = size, .ready = size};
	return pages->start != NULL;
}

bool pages_grow(struct pages *pages, size_t until)
{
	return until <= pages->ready;
}

void pages_free(struct pages *pages)
{
	free(pages->start);
	*pages = (struct pages){0};
}
