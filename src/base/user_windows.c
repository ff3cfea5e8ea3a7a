/* SPDX-License-Identifier: MIT */
#include "base/user.h"

#define SECURITY_WIN32
#include <windows.h>

#include <security.h>

#include "base/windows/wide.h"

/* DOMAIN\user, as the event log and Hyper-V write it. */
void user_name(char *name, size_t size)
{
	wchar_t wide[512] = L"";
	ULONG length = sizeof(wide) / sizeof(wide[0]);

	if (!GetUserNameExW(NameSamCompatible, wide, &length)) {
		length = sizeof(wide) / sizeof(wide[0]);
		if (!GetUserNameW(wide, &length))
			wcscpy(wide, L"unknown");
	}
	wide_to_utf8(name, size, wide);
}
