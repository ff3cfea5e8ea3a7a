/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <windows.h>

#include "com.h"
#include "system.h"

static HANDLE file = INVALID_HANDLE_VALUE;

void log_open(const WCHAR *path)
{
	file = CreateFileW(path, FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
		OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
}

void log_line(const char *text)
{
	char line[512];
	DWORD written;
	int size;

	if (file == INVALID_HANDLE_VALUE)
		return;
	size = snprintf(line, sizeof(line), "%llu %lu %s\r\n", (unsigned long long)system_now(),
		(unsigned long)GetCurrentThreadId(), text);
	if (size > (int)sizeof(line) - 1)
		size = (int)sizeof(line) - 1;
	WriteFile(file, line, (DWORD)size, &written, NULL);
}
