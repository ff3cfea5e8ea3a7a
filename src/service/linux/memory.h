/* SPDX-License-Identifier: MIT */
/* memory.h - staying small */
#ifndef HYPERVIVE_SERVICE_LINUX_MEMORY_H
#define HYPERVIVE_SERVICE_LINUX_MEMORY_H

/* Before the first thread: one heap for all of them. */
void memory_begin(void);

/* After a start or a large listing: gives back what was needed for that only. */
void memory_trim(void);

#endif
