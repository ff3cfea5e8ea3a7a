/* SPDX-License-Identifier: MIT */
#include "service/backoff.h"

unsigned backoff_next(struct backoff *backoff)
{
	if (backoff->wait_ms == 0)
		backoff->wait_ms = BACKOFF_FIRST_MS;
	else if (backoff->wait_ms > BACKOFF_LAST_MS / 2)
		backoff->wait_ms = BACKOFF_LAST_MS;
	else
		backoff->wait_ms *= 2;
	return backoff->wait_ms;
}

void backoff_reset(struct backoff *backoff)
{
	backoff->wait_ms = 0;
}
