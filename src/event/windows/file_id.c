/* SPDX-License-Identifier: MIT */
#include "event/windows/file_id.h"

#include <string.h>

bool file_id_of_handle(HANDLE handle, struct file_id *id)
{
	BY_HANDLE_FILE_INFORMATION information;
	FILE_ID_INFO wide;

	*id = (struct file_id){0};
	/* ReFS has numbers of 128 bits, which the older call cannot give. */
	if (GetFileInformationByHandleEx(handle, FileIdInfo, &wide, sizeof(wide))) {
		id->volume = wide.VolumeSerialNumber;
		memcpy(id->file, &wide.FileId, sizeof(id->file));
		return true;
	}
	if (!GetFileInformationByHandle(handle, &information))
		return false;
	id->volume = information.dwVolumeSerialNumber;
	memcpy(id->file, &information.nFileIndexLow, sizeof(DWORD));
	memcpy(id->file + sizeof(DWORD), &information.nFileIndexHigh, sizeof(DWORD));
	return true;
}

bool file_id_of_path(const wchar_t *path, struct file_id *id, int64_t *size)
{
	HANDLE handle = CreateFileW(path, FILE_READ_ATTRIBUTES, FILE_SHARE_ALL, NULL, OPEN_EXISTING,
		FILE_FLAG_BACKUP_SEMANTICS, NULL);
	LARGE_INTEGER length = {.QuadPart = 0};

	if (handle == INVALID_HANDLE_VALUE)
		return false;
	bool good = file_id_of_handle(handle, id) && GetFileSizeEx(handle, &length);
	DWORD number = GetLastError();
	CloseHandle(handle);
	SetLastError(number);
	*size = length.QuadPart;
	return good;
}

bool file_id_equal(const struct file_id *a, const struct file_id *b)
{
	return a->volume == b->volume && memcmp(a->file, b->file, sizeof(a->file)) == 0;
}

bool file_has_a_name(HANDLE handle)
{
	FILE_STANDARD_INFO information;

	return GetFileInformationByHandleEx(
		       handle, FileStandardInfo, &information, sizeof(information)) &&
	       !information.DeletePending && information.NumberOfLinks > 0;
}
