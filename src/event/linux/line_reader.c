/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation: at the end of the file the path is looked at. When it means another file,
 * the writer may not have noticed yet and still write to the old one (a program that renames a
 * log often makes the new one as well). So the change is made only when the new file has
 * something in it, and after one more look at the end of the old one: the writer writes in one
 * place at a time, and has left the old file by then.
 */
#include "event/line_buffer.h"

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
	bool moved; /* the path means another file with something in it */
	struct line_buffer buffer;
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

/* 1: more was read, 0: at the end of the file. */
static int read_more(struct line_reader *r, struct error *error)
{
	size_t size;
	char *room = line_buffer_room(&r->buffer, &size);

	for (;;) {
		ssize_t n = read(r->fd, room, size);

		if (n > 0) {
			line_buffer_added(&r->buffer, (size_t)n);
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
		line_buffer_clear(&r->buffer);
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
		*kind = line_buffer_line(&r->buffer, line, length);
		if (*kind != LINE_NONE)
			return 0;
		int rc = read_more(r, error);
		if (rc < 0)
			return rc;
		if (rc > 0)
			continue;
		if (r->follow && r->moved) {
			bool changed = change_file(r);

			*kind = line_buffer_rest(&r->buffer, line, length);
			if (*kind != LINE_NONE || !changed)
				return 0;
			continue;
		}
		if (!r->follow) {
			*kind = line_buffer_rest(&r->buffer, line, length);
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
