/* SPDX-License-Identifier: MIT */
#include "base/waitable.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

int waitable_wait(waitable what, int timeout_ms, bool *output_closed, struct error *error)
{
	struct pollfd fds[2] = {
		{.fd = STDOUT_FILENO, .events = 0}, {.fd = (int)what, .events = POLLIN}};

	if (poll(fds, 2, timeout_ms) < 0 && errno != EINTR)
		return error_set_errno(error, ERR_FAILED, errno, "waiting failed");
	if (fds[0].revents & (POLLERR | POLLHUP | POLLNVAL))
		*output_closed = true;
	return 0;
}
