/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation: at the end of the file the path is looked at. When it means another file,
 * the writer may not have noticed yet and still write to the old one (a program that renames a
 * log often makes the new one as well). So the change is made only when the new file has
 * something in it, and after one more look at the end of the old one: the writer writes in one
 * place at a time, and has left the old file by then.
 *
 * The file is shared for everything, so that it can be renamed and deleted under us. A deleted
 * file is closed as soon as that is seen: on systems up to Windows Server 2016 its name is not
 * free before.
 */
#include "event/line_buffer.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "base/windows/wide.h"
#include "event/windows/file_id.h"

struct line_reader {
	char *path;
	wchar_t *wide_path;
	HANDLE handle; /* INVALID_HANDLE_VALUE once the file was deleted */
	bool follow;
	bool moved; /* the path means another file with something in it */
	struct line_buffer buffer;
};

static bool is_open(const struct line_reader *r)
{
	return r->handle != INVALID_HANDLE_VALUE;
}

static void close_handle(struct line_reader *r)
{
	if (is_open(r))
		CloseHandle(r->handle);
	r->handle = INVALID_HANDLE_VALUE;
}

static HANDLE open_file(const wchar_t *path)
{
	return CreateFileW(path, GENERIC_READ, FILE_SHARE_ALL, NULL, OPEN_EXISTING,
		FILE_ATTRIBUTE_NORMAL, NULL);
}

static int open_failed(const struct line_reader *r, struct error *error)
{
	DWORD number = GetLastError();
	DWORD attributes = GetFileAttributesW(r->wide_path);
	bool missing = number == ERROR_FILE_NOT_FOUND || number == ERROR_PATH_NOT_FOUND;

	if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY))
		return error_set(error, ERR_FAILED, "%s cannot be opened: it is a folder", r->path);
	return error_set_windows(error, missing ? ERR_NOT_FOUND : ERR_FAILED, number,
		"%s cannot be opened", r->path);
}

int line_reader_open(
	struct line_reader **reader, const char *path, bool follow, struct error *error)
{
	struct line_reader *r = calloc(1, sizeof(*r));
	int rc = 0;

	if (!r)
		return error_set(error, ERR_FAILED, "%s cannot be read, memory is used up", path);
	r->handle = INVALID_HANDLE_VALUE;
	r->path = _strdup(path);
	r->wide_path = wide_from_utf8(path);
	r->follow = follow;
	if (!r->path || !r->wide_path) {
		rc = error_set(error, ERR_FAILED, "%s cannot be read, memory is used up", path);
	} else {
		r->handle = open_file(r->wide_path);
		if (!is_open(r))
			rc = open_failed(r, error);
	}
	if (rc < 0) {
		line_reader_close(r);
		return rc;
	}
	*reader = r;
	return 0;
}

/* 1: more was read, 0: at the end of the file. */
static int read_more(struct line_reader *r, struct error *error)
{
	size_t size;
	char *room = line_buffer_room(&r->buffer, &size);
	DWORD got = 0;

	if (!is_open(r))
		return 0;
	if (!ReadFile(r->handle, room, (DWORD)size, &got, NULL)) {
		DWORD number = GetLastError();

		if (number == ERROR_HANDLE_EOF || number == ERROR_BROKEN_PIPE)
			return 0;
		return error_set_windows(error, ERR_FAILED, number, "%s cannot be read", r->path);
	}
	line_buffer_added(&r->buffer, got);
	return got > 0;
}

/* Emptied while it was open: half a line of before will never be whole. */
static bool start_again(struct line_reader *r, int64_t size)
{
	const LARGE_INTEGER start = {.QuadPart = 0};

	line_buffer_clear(&r->buffer);
	return SetFilePointerEx(r->handle, start, NULL, FILE_BEGIN) && size > 0;
}

/* At the end of a file that is followed. True when there is something to read after all. */
static bool look_further(struct line_reader *r)
{
	const LARGE_INTEGER here = {.QuadPart = 0};
	LARGE_INTEGER at, size;
	struct file_id opened, named;
	int64_t named_size;

	if (is_open(r)) {
		if (GetFileType(r->handle) != FILE_TYPE_DISK || !GetFileSizeEx(r->handle, &size) ||
			!SetFilePointerEx(r->handle, here, &at, FILE_CURRENT) ||
			!file_id_of_handle(r->handle, &opened))
			return false;
		if (size.QuadPart < at.QuadPart)
			return start_again(r, size.QuadPart);
		if (!file_has_a_name(r->handle))
			close_handle(r);
	}
	if (!file_id_of_path(r->wide_path, &named, &named_size) || named_size == 0)
		return false;
	if (is_open(r) && file_id_equal(&opened, &named))
		return false;
	r->moved = true;
	return true;
}

/* False when it cannot be opened: moved again, or not for us; the next look will tell. */
static bool change_file(struct line_reader *r)
{
	HANDLE handle = open_file(r->wide_path);

	r->moved = false;
	if (handle == INVALID_HANDLE_VALUE)
		return false;
	close_handle(r);
	r->handle = handle;
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
			if (!change_file(r))
				return 0;
			*kind = line_buffer_rest(&r->buffer, line, length);
			if (*kind != LINE_NONE)
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
	close_handle(reader);
	free(reader->path);
	free(reader->wide_path);
	free(reader);
}
