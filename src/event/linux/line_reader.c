/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation: at the end of the file the path is looked at. When it means another file,
 * the writer may not have noticed yet and still write to the old one (a program that renames a
 * log often makes the new one as well). So the change is made only when the new file has
 * something in it, and after one more look at the end of the old one: the writer writes in one
 * place at a time, and has left the old file by then.
 */
#include "event/line_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct line_reader {
	char *path;
	int fd;
	bool follow;
	bool too_long;     /* within a line that is passed over */
	bool moved;        /* the path means another file with something in it */
	size_t start, end; /* what of data is not given out yet */
	char data[LINE_MOST + 1];
};

static int open_file(const char *path, struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return error_set_errno(error, errno == ENOENT ? ERR_NOT_FOUND : ERR_FAILED, errno,
			"%s cannot be opened", path);
	return fd;
}

int line_reader_open(
	struct line_reader **reader, const char *path, bool follow, struct error *error)
{
	int fd = open_file(path, error);

	if (fd < 0)
		return fd;
	struct line_reader *r = calloc(1, sizeof(*r));
	if (!r || !(r->path = strdup(path))) {
		free(r);
		close(fd);
		return error_set(error, ERR_FAILED, "%s cannot be read, memory is used up", path);
	}
	r->fd = fd;
	r->follow = follow;
	*reader = r;
	return 0;
}

/* Gives out a whole line of what is in memory, if there is one. */
static enum line_kind take_line(struct line_reader *r, const char **line, size_t *length)
{
	char *from = r->data + r->start;
	char *newline = memchr(from, '\n', r->end - r->start);

	if (!newline)
		return LINE_NONE;
	bool too_long = r->too_long;
	r->too_long = false;
	r->start = (size_t)(newline + 1 - r->data);
	*line = from;
	*length = (size_t)(newline - from);
	return too_long ? LINE_TOO_LONG : LINE_GOT;
}

/* What stands at the very end, without a line's end. */
static enum line_kind take_rest(struct line_reader *r, const char **line, size_t *length)
{
	bool too_long = r->too_long;

	*line = r->data + r->start;
	*length = r->end - r->start;
	r->start = r->end = 0;
	r->too_long = false;
	if (too_long)
		return LINE_TOO_LONG;
	return *length ? LINE_GOT : LINE_NONE;
}

/* 1: more was read, 0: at the end of the file. */
static int read_more(struct line_reader *r, struct error *error)
{
	memmove(r->data, r->data + r->start, r->end - r->start);
	r->end -= r->start;
	r->start = 0;
	if (r->end == sizeof(r->data)) {
		r->too_long = true;
		r->end = 0;
	}
	for (;;) {
		ssize_t n = read(r->fd, r->data + r->end, sizeof(r->data) - r->end);

		if (n > 0) {
			r->end += (size_t)n;
			return 1;
		}
		if (n == 0)
			return 0;
		if (errno != EINTR)
			return error_set_errno(
				error, ERR_FAILED, errno, "%s cannot be read", r->path);
	}
}

/* At the end of a file that is followed. True when there is something to read after all. */
static bool look_further(struct line_reader *r)
{
	struct stat opened, named;
	off_t at = lseek(r->fd, 0, SEEK_CUR);

	if (fstat(r->fd, &opened) != 0 || !S_ISREG(opened.st_mode))
		return false;
	if (opened.st_size < at) { /* emptied: half a line of before will never be whole */
		r->start = r->end = 0;
		r->too_long = false;
		return lseek(r->fd, 0, SEEK_SET) == 0 && opened.st_size > 0;
	}
	if (stat(r->path, &named) != 0 || named.st_size == 0)
		return false;
	if (named.st_ino == opened.st_ino && named.st_dev == opened.st_dev)
		return false;
	r->moved = true;
	return true;
}

/* False: it cannot be opened (yet); the next look will tell. */
static bool change_file(struct line_reader *r)
{
	int fd = open_file(r->path, NULL);

	r->moved = false;
	if (fd < 0)
		return false;
	close(r->fd);
	r->fd = fd;
	return true;
}

int line_reader_next(struct line_reader *r, enum line_kind *kind, const char **line, size_t *length,
	struct error *error)
{
	for (;;) {
		*kind = take_line(r, line, length);
		if (*kind != LINE_NONE)
			return 0;
		int rc = read_more(r, error);
		if (rc < 0)
			return rc;
		if (rc > 0)
			continue;
		if (r->follow && r->moved) {
			bool changed = change_file(r);

			*kind = take_rest(r, line, length);
			if (*kind != LINE_NONE || !changed)
				return 0;
			continue;
		}
		if (!r->follow) {
			*kind = take_rest(r, line, length);
			return 0;
		}
		if (!look_further(r))
			return 0;
	}
}

void line_reader_close(struct line_reader *reader)
{
	if (!reader)
		return;
	close(reader->fd);
	free(reader->path);
	free(reader);
}
