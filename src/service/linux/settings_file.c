/* SPDX-License-Identifier: MIT */
/*
 * settings_file.c - reading the settings file, and noticing that it changed
 *
 * Theory of operation. inotify watches inodes, and a settings file is a name: editors write a
 * new file and rename it over the old one, packages remove and create it. So two watches stand:
 *
 *   the directory  tells of the name: created, written, renamed to, removed. Where it does not
 *                  exist yet, the nearest directory above it that does is watched for the next
 *                  part of the path, and so on down as the parts come into being.
 *   the file       tells of what lies behind the name when that is a symbolic link to elsewhere.
 *
 * After every event that matters both are placed anew. What cannot be seen this way: a directory
 * further up that is renamed, and a link on the way that is changed; SIGHUP is for those.
 */
#include "service/linux/settings_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

struct settings_file {
	char path[PATH_MAX];
	bool optional;
	bool existed;                    /* it was read once */
	bool told_gone;                  /* and that it is gone now was told */
	int inotify;                     /* -1: none */
	int directory_watch, file_watch; /* -1: none */
	char awaited[NAME_MAX + 1];      /* the name that matters in the watched directory */
};

/* Replaces *watch; the new one stands before the old one goes, so nothing is missed. */
static void move_watch(struct settings_file *file, int *watch, int next)
{
	if (*watch >= 0 && *watch != next)
		inotify_rm_watch(file->inotify, *watch);
	*watch = next;
}

/*
 * Watches the directory part of path that ends before `end`; false when there is no such
 * directory. `end` points at the slash (or slashes) before the name that is awaited in it.
 */
static bool watch_directory(struct settings_file *file, const char *end)
{
	char directory[PATH_MAX];
	const char *name = end + strspn(end, "/");
	size_t length = (size_t)(end - file->path), name_length = strcspn(name, "/");
	int watch;

	if (name_length > NAME_MAX)
		return false;
	snprintf(directory, sizeof(directory), "%.*s", (int)(length ? length : 1),
		length ? file->path : "/");
	watch = inotify_add_watch(file->inotify, directory,
		IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB |
			IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
	if (watch < 0)
		return false;
	move_watch(file, &file->directory_watch, watch);
	memcpy(file->awaited, name, name_length);
	file->awaited[name_length] = '\0';
	return true;
}

/* The slash before `end` in path, past doubled ones; NULL at the beginning. */
static const char *slash_before(const char *path, const char *end)
{
	while (end > path && end[-1] != '/')
		end--;
	while (end > path + 1 && end[-1] == '/' && end[-2] == '/')
		end--;
	return end > path ? end - 1 : NULL;
}

/*
 * From the file's own directory upwards to the first that exists. The part that was missing a
 * moment ago may exist by then: one more round tells, and each round finds a deeper one.
 */
static void place_watches(struct settings_file *file)
{
	for (int round = 0; round < 64; round++) {
		const char *end = slash_before(file->path, file->path + strlen(file->path));
		const char *missing = NULL;
		char below[PATH_MAX];

		while (end && !watch_directory(file, end)) {
			missing = end;
			end = slash_before(file->path, end);
		}
		if (!missing || !end)
			break;
		memcpy(below, file->path, (size_t)(missing - file->path));
		below[missing - file->path] = '\0';
		if (access(below, F_OK) != 0)
			break;
	}
	move_watch(file, &file->file_watch,
		inotify_add_watch(file->inotify, file->path,
			IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF));
}

/* Made absolute now: a service may change its directory later. */
static int find_path(char absolute[PATH_MAX], const char *path, struct error *error)
{
	char directory[PATH_MAX] = "";
	int length;

	if (*path != '/' && !getcwd(directory, sizeof(directory)))
		return error_set_errno(
			error, ERR_FAILED, errno, "cannot find the directory of %s", path);
	length = snprintf(absolute, PATH_MAX, "%s%s%s", directory, *path == '/' ? "" : "/", path);
	if (length < 0 || length >= PATH_MAX)
		return error_set(error, ERR_FAILED, "the path of the settings file is too long");
	return 0;
}

int settings_file_open(
	struct settings_file **opened, const char *path, bool optional, struct error *error)
{
	struct settings_file *file = calloc(1, sizeof(*file));

	if (!file)
		return error_set(
			error, ERR_FAILED, "there is not enough memory for the settings file");
	int failed = find_path(file->path, path, error);
	if (failed) {
		free(file);
		return failed;
	}
	file->optional = optional;
	file->directory_watch = file->file_watch = -1;
	file->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (file->inotify >= 0)
		place_watches(file);
	*opened = file;
	return 0;
}

int settings_file_fd(const struct settings_file *file)
{
	return file->inotify;
}

/* Whether this event is about the file or the way to it. */
static bool event_matters(const struct settings_file *file, const struct inotify_event *event)
{
	if (event->mask & IN_Q_OVERFLOW)
		return true;
	if (event->wd == file->file_watch)
		return true;
	if (event->wd != file->directory_watch)
		return false; /* the last words of a watch that was given up */
	if (event->len == 0)
		return (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0;
	return strcmp(event->name, file->awaited) == 0;
}

bool settings_file_changed(struct settings_file *file)
{
	union {
		struct inotify_event aligned;
		char bytes[4096];
	} buffer;
	bool changed = false;
	ssize_t got;

	if (file->inotify < 0)
		return false;
	while ((got = read(file->inotify, buffer.bytes, sizeof(buffer.bytes))) > 0) {
		size_t length = (size_t)got;

		for (size_t at = 0; length - at >= sizeof(struct inotify_event);) {
			struct inotify_event head;

			memcpy(&head, buffer.bytes + at, sizeof(head));
			if (head.len > length - at - sizeof(head))
				break;
			changed = event_matters(file,
					  (const struct inotify_event *)(buffer.bytes + at)) ||
				  changed;
			at += sizeof(head) + head.len;
		}
	}
	if (changed)
		place_watches(file);
	return changed;
}

/* All of an open file; *text is to be freed. */
static int read_all(int fd, char **text, size_t *length, struct error *error)
{
	struct stat status;
	size_t have = 0, room;

	if (fstat(fd, &status) != 0)
		return error_set_errno(error, ERR_FAILED, errno, "it cannot be read");
	if (!S_ISREG(status.st_mode))
		return error_set(error, ERR_FAILED, "it is not a regular file");
	/* More than it has, so that a file that grows meanwhile is caught too. */
	room = status.st_size < SETTINGS_FILE_MAX ? (size_t)status.st_size + 4096
						  : SETTINGS_FILE_MAX + 1;
	char *bytes = malloc(room);
	if (!bytes)
		return error_set(error, ERR_FAILED, "there is not enough memory for it");
	while (have < room) {
		ssize_t got = read(fd, bytes + have, room - have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			error_set_errno(error, ERR_FAILED, errno, "it cannot be read");
			free(bytes);
			return -ERR_FAILED;
		}
		if (got == 0)
			break;
		have += (size_t)got;
	}
	if (have == room || have > SETTINGS_FILE_MAX) {
		free(bytes);
		return error_set(error, ERR_FAILED, "it is larger than 1 MiB, or still grows");
	}
	*text = bytes;
	*length = have;
	return 0;
}

/* *text stays NULL where there is no file. */
static int read_file(
	const struct settings_file *file, char **text, size_t *length, struct error *error)
{
	/* O_NONBLOCK: a pipe that stands in the file's place must not hold us up. */
	int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int failed;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0)
		return error_set_errno(error, ERR_FAILED, errno, "it cannot be opened");
	failed = read_all(fd, text, length, error);
	close(fd);
	return failed;
}

/* There is no file, at first or any more. */
static int miss_file(struct settings_file *file, settings_trouble_fn *trouble, void *context,
	struct error *error)
{
	if (!file->existed && !file->optional)
		return error_set(error, ERR_NOT_FOUND, "there is no settings file %s", file->path);
	if (file->existed && !file->told_gone && trouble) {
		trouble(context, 0, "", "the file is gone; the settings stay as they are");
		file->told_gone = true;
	}
	return 0;
}

int settings_file_load(struct settings_file *file, struct settings *settings,
	settings_trouble_fn *trouble, void *context, struct error *error)
{
	char *text = NULL;
	size_t length = 0;

	if (read_file(file, &text, &length, error))
		return error_wrap(error, "cannot use the settings file %s", file->path);
	if (!text)
		return miss_file(file, trouble, context, error);
	file->existed = true;
	file->told_gone = false;
	settings_read(settings, text, length, trouble, context);
	free(text);
	return 0;
}

void settings_file_close(struct settings_file *file)
{
	if (!file)
		return;
	if (file->inotify >= 0)
		close(file->inotify);
	free(file);
}
