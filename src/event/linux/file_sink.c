/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation: one event is one line is one write() to a descriptor in append mode, so
 * that several writers (and a reader that follows) see whole lines.
 *
 * The path may come to mean another file at any time: it was rotated, deleted, or its disk was
 * replaced. Once a second, after every failure, and when asked to (SIGHUP), the path is compared
 * with what is open, and opened anew where they differ. Where the path cannot be opened, a file
 * that still has a name (it was only renamed) is written on to; one without a name would swallow
 * events for nobody, so that is a failure.
 *
 * A disk that runs full in the middle of a line leaves half of it. While we were the last to
 * write, the file is set back to its former end; otherwise the next line begins with a line's
 * end, so that one line is spoilt and not two. The same mends a line that a crash cut short.
 *
 * A FIFO is opened without waiting for its reader; until there is one, events are lost and
 * counted. What is no regular file is written to with waiting: the recorder gives this sink a
 * thread of its own, and a reader that hangs shows as a full queue.
 */
#include "event/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "event/linux/write_signals.h"

struct file_sink {
	char *path;
	int fd; /* -1 while nothing is open */
	bool regular;
	bool torn;             /* what we wrote last, or found, does not end with a line's end */
	bool suspect;          /* look at the path before the next line */
	bool reopen;           /* open the path before the next line, whatever it is */
	uint64_t looked_at_ns; /* when the path was last compared */
	struct buffer line;
};

/* Whether a regular file ends in the middle of a line. One that we may not read is taken as whole.
 */
static bool ends_torn(const char *path, const struct stat *opened)
{
	struct stat again;
	char last = '\n';

	if (!S_ISREG(opened->st_mode) || opened->st_size == 0)
		return false;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return false;
	if (fstat(fd, &again) != 0 || again.st_ino != opened->st_ino ||
		again.st_dev != opened->st_dev || pread(fd, &last, 1, again.st_size - 1) != 1)
		last = '\n';
	close(fd);
	return last != '\n';
}

static bool is_fifo(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISFIFO(status.st_mode);
}

/* ENXIO has a text that explains nothing. */
static int no_reader(const struct file_sink *sink, struct error *error)
{
	error_set(error, ERR_FAILED, "%s cannot be opened: %s", sink->path,
		is_fifo(sink->path) ? "nothing reads from it" : "it is a socket, or no device");
	if (error)
		error->host_code = ENXIO;
	return -ERR_FAILED;
}

/* Opens the path; on success it takes the place of what was open. */
static int open_path(struct file_sink *sink, struct error *error)
{
	struct stat status;

	/* Without O_NONBLOCK a FIFO without a reader would hold us here. */
	int fd = open(sink->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		0640);
	if (fd < 0 && errno == ENXIO)
		return no_reader(sink, error);
	if (fd < 0)
		return error_set_errno(error, ERR_FAILED, errno, "%s cannot be opened", sink->path);
	int flags = fcntl(fd, F_GETFL);
	if (fstat(fd, &status) != 0 || flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0) {
		int number = errno;
		close(fd);
		return error_set_errno(
			error, ERR_FAILED, number, "%s cannot be opened", sink->path);
	}
	if (sink->fd >= 0)
		close(sink->fd);
	sink->fd = fd;
	sink->regular = S_ISREG(status.st_mode);
	sink->torn = ends_torn(sink->path, &status);
	return 0;
}

/* Whether the path is (still) what is open. Unsure is yes: then writing decides. */
static bool path_is_open(const struct file_sink *sink)
{
	struct stat opened, named;

	if (fstat(sink->fd, &opened) != 0)
		return false;
	if (stat(sink->path, &named) != 0)
		return errno != ENOENT && errno != ENOTDIR;
	return opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

static bool has_a_name(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && status.st_nlink > 0;
}

/* Makes sure that something sensible is open. */
static int prepare(struct file_sink *sink, struct error *error)
{
	uint64_t now = clock_monotonic_ns();
	bool look = sink->suspect || now - sink->looked_at_ns >= NS_PER_S;

	if (sink->fd >= 0 && !sink->reopen && !look)
		return 0;
	sink->looked_at_ns = now;
	sink->suspect = false;
	if (sink->fd >= 0 && !sink->reopen && path_is_open(sink))
		return 0;
	int rc = open_path(sink, error);
	if (rc < 0 && sink->fd >= 0 && has_a_name(sink->fd)) {
		sink->reopen = false; /* the file of before still serves */
		return 0;
	}
	if (rc == 0)
		sink->reopen = false;
	return rc;
}

/* After `written` bytes of a line could not be followed by the rest. */
static void mend(struct file_sink *sink, size_t written)
{
	struct stat status;

	sink->torn = true;
	if (!sink->regular)
		return;
	off_t end = lseek(sink->fd, 0, SEEK_CUR); /* where our write ended */
	if (end < (off_t)written || fstat(sink->fd, &status) != 0 || status.st_size != end)
		return; /* somebody else has written since */
	if (ftruncate(sink->fd, end - (off_t)written) == 0)
		sink->torn = false;
}

static int write_line(struct file_sink *sink, const char *line, size_t length)
{
	size_t done = 0;

	while (done < length) {
		ssize_t n = write(sink->fd, line + done, length - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int number = n < 0 ? errno : ENOSPC;
			if (done)
				mend(sink, done);
			return number;
		}
		done += (size_t)n;
	}
	return 0;
}

static int file_write(void *context, const struct event *event, struct error *error)
{
	struct file_sink *sink = context;

	block_write_signals();
	int rc = prepare(sink, error);
	if (rc < 0)
		return rc;

	buffer_clear(&sink->line);
	if (sink->torn)
		buffer_text(&sink->line, "\n");
	event_to_json(event, &sink->line);
	buffer_text(&sink->line, "\n");
	if (sink->line.failed)
		return error_set(
			error, ERR_FAILED, "%s cannot be written, memory is used up", sink->path);

	bool was_torn = sink->torn;
	sink->torn = false;
	int number = write_line(sink, sink->line.data, sink->line.length);
	if (number == 0)
		return 0;
	sink->torn = sink->torn || was_torn;
	sink->suspect = true;
	/* The reader is gone, or the disk is: the descriptor will never work again. */
	sink->reopen = number == EPIPE || number == EIO || number == ESTALE || number == ENXIO;
	return error_set_errno(error, ERR_FAILED, number, "%s cannot be written", sink->path);
}

static void file_reopen(void *context)
{
	struct file_sink *sink = context;

	sink->reopen = true;
	prepare(sink,
		NULL); /* now, for the one who waits for the new file; told at the next event */
}

static void file_close(void *context)
{
	struct file_sink *sink = context;

	if (sink->fd >= 0)
		close(sink->fd);
	buffer_free(&sink->line);
	free(sink->path);
	free(sink);
}

static const struct sink_ops FILE_SINK = {"log file", file_write, file_reopen, file_close};

int file_sink_open(struct sink *sink, const char *path, struct error *error)
{
	struct file_sink *file = calloc(1, sizeof(*file));
	struct error cause = {0};

	if (!file || !(file->path = strdup(path))) {
		free(file);
		return error_set(error, ERR_FAILED, "%s cannot be opened, memory is used up", path);
	}
	file->fd = -1;
	/* The reader of a FIFO may come later; anything else wrong is better said at once. */
	if (open_path(file, &cause) < 0 && !(cause.host_code == ENXIO && is_fifo(path))) {
		file_close(file);
		if (error)
			*error = cause;
		return -ERR_FAILED;
	}
	file->looked_at_ns = clock_monotonic_ns();
	*sink = (struct sink){&FILE_SINK, file};
	return 0;
}
