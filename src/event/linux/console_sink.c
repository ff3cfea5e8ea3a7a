/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation: the descriptor is shared with others (a terminal, a pipe to `head`), so its
 * flags are left alone, and it may be in non-blocking mode: then the sink waits. It has a thread
 * of its own to wait on. Once the reader is gone nobody is left to tell, and the sink is quiet.
 */
#include "event/sink.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "event/linux/write_signals.h"

struct console_sink {
	int fd;
	enum console_style style;
	bool quiet; /* the reader is gone */
	bool torn;  /* a line was begun and not ended */
	struct buffer line;
};

/* Returns 0, or the errno of what went wrong; *done tells how far it got. */
static int write_all(int fd, const char *bytes, size_t length, size_t *done)
{
	*done = 0;
	while (*done < length) {
		ssize_t n = write(fd, bytes + *done, length - *done);

		if (n > 0) {
			*done += (size_t)n;
		} else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			struct pollfd writable = {.fd = fd, .events = POLLOUT};
			poll(&writable, 1, -1);
		} else if (n == 0 || errno != EINTR) {
			return n == 0 ? ENOSPC : errno;
		}
	}
	return 0;
}

static int console_write(void *context, const struct event *event, struct error *error)
{
	struct console_sink *sink = context;
	size_t done;

	if (sink->quiet)
		return 0;
	block_write_signals();
	buffer_clear(&sink->line);
	if (sink->torn)
		buffer_text(&sink->line, "\n");
	console_format(event, sink->style, &sink->line);
	if (sink->line.failed)
		return error_set(
			error, ERR_FAILED, "the console cannot be written, memory is used up");

	int number = write_all(sink->fd, sink->line.data, sink->line.length, &done);
	if (number == 0) {
		sink->torn = false;
		return 0;
	}
	if (number == EPIPE || number == EBADF) {
		sink->quiet = true;
		return 0;
	}
	sink->torn = sink->torn || done > 0;
	return error_set_errno(error, ERR_FAILED, number, "the console cannot be written");
}

static void console_close(void *context)
{
	struct console_sink *sink = context;

	buffer_free(&sink->line);
	free(sink);
}

static const struct sink_ops CONSOLE_SINK = {"console", console_write, NULL, console_close};

int console_sink_open(struct sink *sink, int fd, enum console_style style, struct error *error)
{
	struct console_sink *console = calloc(1, sizeof(*console));

	if (!console)
		return error_set(
			error, ERR_FAILED, "the console cannot be used, memory is used up");
	console->fd = fd;
	console->style = style;
	*sink = (struct sink){&CONSOLE_SINK, console};
	return 0;
}
