/* SPDX-License-Identifier: MIT */
/* write_signals.h - a closed pipe, or a file at its size limit, is an error of write() and no more
 */
#ifndef HYPERVIVE_EVENT_LINUX_WRITE_SIGNALS_H
#define HYPERVIVE_EVENT_LINUX_WRITE_SIGNALS_H

#include <signal.h>

/* For the calling thread, which is a sink's own, and for good. */
static inline void block_write_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigaddset(&set, SIGXFSZ);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

#endif
