/* SPDX-License-Identifier: MIT */
/*
 * settings_file.c - the settings file of `run --config`, on a disk that others write to
 *
 * Theory of operation. Windows tells of changes in a folder: of any file in it, our own log file
 * perhaps. So the file's size and times are compared with what they were. The folder's handle
 * lets others rename and remove the folder; once it is gone it tells no more, and the service
 * manager's PARAMCHANGE is left.
 */
#include "service/windows/settings_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/windows/wide.h"

/* Behind our own: it makes `interface` a macro. */
#include <windows.h>

/* What a change of the file changes; zero: there is none. */
struct stamp {
	DWORD attributes, size_low, size_high;
	FILETIME created, written;
};

struct settings_file {
	char *name;    /* as it was given */
	wchar_t *path; /* absolute: the current folder may change */
	HANDLE folder; /* INVALID_HANDLE_VALUE: no notifications */
	struct stamp stamp;
	bool existed;   /* it was read once */
	bool told_gone; /* and that it is gone now was told */
};

static struct stamp read_stamp(const struct settings_file *file)
{
	WIN32_FILE_ATTRIBUTE_DATA data;
	struct stamp stamp;

	memset(&stamp, 0, sizeof(stamp));
	if (!GetFileAttributesExW(file->path, GetFileExInfoStandard, &data))
		return stamp;
	stamp.attributes = data.dwFileAttributes;
	stamp.size_low = data.nFileSizeLow;
	stamp.size_high = data.nFileSizeHigh;
	stamp.created = data.ftCreationTime;
	stamp.written = data.ftLastWriteTime;
	return stamp;
}

static wchar_t *absolute_path(const char *path)
{
	wchar_t *wide = wide_from_utf8(path), *absolute = NULL;
	DWORD size = wide ? GetFullPathNameW(wide, 0, NULL, NULL) : 0;

	if (size)
		absolute = malloc(size * sizeof(*absolute));
	if (absolute) {
		DWORD length = GetFullPathNameW(wide, size, absolute, NULL);

		if (length == 0 || length >= size)
			absolute[0] = L'\0';
	}
	free(wide);
	return absolute;
}

static void watch_folder(struct settings_file *file)
{
	wchar_t *folder = _wcsdup(file->path);
	wchar_t *slash = folder ? wcsrchr(folder, L'\\') : NULL;

	if (slash) {
		slash[1] = L'\0';
		file->folder = FindFirstChangeNotificationW(folder, FALSE,
			FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_SIZE |
				FILE_NOTIFY_CHANGE_LAST_WRITE);
	}
	free(folder);
}

int settings_file_open(struct settings_file **opened, const char *path, struct error *error)
{
	struct settings_file *file = calloc(1, sizeof(*file));

	if (file) {
		file->folder = INVALID_HANDLE_VALUE;
		file->name = strdup(path);
		file->path = absolute_path(path);
	}
	if (!file || !file->name || !file->path) {
		settings_file_close(file);
		return error_set(
			error, ERR_FAILED, "there is not enough memory for the settings file");
	}
	watch_folder(file);
	*opened = file;
	return 0;
}

HANDLE settings_file_event(const struct settings_file *file)
{
	return file->folder == INVALID_HANDLE_VALUE ? NULL : file->folder;
}

bool settings_file_changed(struct settings_file *file)
{
	struct stamp stamp;

	if (file->folder != INVALID_HANDLE_VALUE && !FindNextChangeNotification(file->folder)) {
		FindCloseChangeNotification(file->folder);
		file->folder = INVALID_HANDLE_VALUE;
		watch_folder(file);
	}
	stamp = read_stamp(file);
	return memcmp(&stamp, &file->stamp, sizeof(stamp)) != 0;
}

/* All of an open file; *text is to be freed. */
static int read_all(HANDLE handle, char **text, size_t *length, struct error *error)
{
	char *bytes = malloc(SETTINGS_FILE_MAX + 1);
	DWORD have = 0, got = 0;

	if (!bytes)
		return error_set(error, ERR_FAILED, "there is not enough memory for it");
	do {
		if (!ReadFile(handle, bytes + have, SETTINGS_FILE_MAX + 1 - have, &got, NULL)) {
			DWORD cause = GetLastError();

			free(bytes);
			return error_set_windows(error, ERR_FAILED, cause, "it cannot be read");
		}
		have += got;
	} while (got > 0 && have <= SETTINGS_FILE_MAX);
	if (have > SETTINGS_FILE_MAX) {
		free(bytes);
		return error_set(error, ERR_FAILED, "it is larger than 1 MiB");
	}
	*text = bytes;
	*length = have;
	return 0;
}

/* *text stays NULL where there is no file. */
static int read_file(
	const struct settings_file *file, char **text, size_t *length, struct error *error)
{
	const DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
	HANDLE handle = CreateFileW(file->path, GENERIC_READ, share, NULL, OPEN_EXISTING,
		FILE_ATTRIBUTE_NORMAL | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
	int failed;

	if (handle == INVALID_HANDLE_VALUE) {
		DWORD cause = GetLastError();

		if (cause == ERROR_FILE_NOT_FOUND || cause == ERROR_PATH_NOT_FOUND)
			return 0;
		return error_set_windows(error, ERR_FAILED, cause, "it cannot be opened");
	}
	/* A pipe or a console could hold us up for ever. */
	if (GetFileType(handle) != FILE_TYPE_DISK)
		failed = error_set(error, ERR_FAILED, "it is not a regular file");
	else
		failed = read_all(handle, text, length, error);
	CloseHandle(handle);
	return failed;
}

/* There is no file, at first or any more. */
static int miss_file(struct settings_file *file, settings_trouble_fn *trouble, void *context,
	struct error *error)
{
	if (!file->existed)
		return error_set(error, ERR_NOT_FOUND, "there is no settings file %s", file->name);
	if (!file->told_gone && trouble) {
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

	/* Before it is read: what changes in between is seen as a change. */
	file->stamp = read_stamp(file);
	if (read_file(file, &text, &length, error))
		return error_wrap(error, "cannot use the settings file %s", file->name);
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
	if (file->folder != INVALID_HANDLE_VALUE)
		FindCloseChangeNotification(file->folder);
	free(file->path);
	free(file->name);
	free(file);
}
