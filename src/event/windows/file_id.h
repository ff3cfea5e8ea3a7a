/* SPDX-License-Identifier: MIT */
/* file_id.h - which file a path or a handle means, however it is named */
#ifndef HYPERVIVE_EVENT_WINDOWS_FILE_ID_H
#define HYPERVIVE_EVENT_WINDOWS_FILE_ID_H

#include <stdbool.h>
#include <stdint.h>
#include <windows.h>

struct file_id {
	uint64_t volume;
	uint8_t file[16];
};

/* Everyone may read, write, rename and delete the file while we have it open. */
#define FILE_SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

bool file_id_of_handle(HANDLE handle, struct file_id *id);

/* Also its size. On false GetLastError() says why. */
bool file_id_of_path(const wchar_t *path, struct file_id *id, int64_t *size);

bool file_id_equal(const struct file_id *a, const struct file_id *b);

/*
 * False once the file was deleted. Up to Windows Server 2016 its name stays taken until all who
 * have it open close it, so whoever finds this should.
 */
bool file_has_a_name(HANDLE handle);

#endif
