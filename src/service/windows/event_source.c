/* SPDX-License-Identifier: MIT */
#include "service/windows/event_source.h"

#include <stdlib.h>

#include "base/windows/wide.h"
#include "event/catalogue.h"
#include "service/windows/names.h"

/* Behind our own: it makes `interface` a macro. */
#include <windows.h>

enum {
/* NOLINTNEXTLINE(bugprone-macro-parentheses): a sum is made of it */
#define COUNT_ONE(constant, number, label) +1
	CATEGORY_COUNT = 0 EVENT_CATEGORIES(COUNT_ONE),
#undef COUNT_ONE
	TYPES = EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE,
};

static LONG put_path(HKEY key, const wchar_t *name, const wchar_t *path)
{
	DWORD size = (DWORD)((wcslen(path) + 1) * sizeof(*path));

	return RegSetValueExW(key, name, 0, REG_EXPAND_SZ, (const BYTE *)path, size);
}

static LONG put_number(HKEY key, const wchar_t *name, DWORD number)
{
	return RegSetValueExW(key, name, 0, REG_DWORD, (const BYTE *)&number, sizeof(number));
}

static LONG put_values(HKEY key, const wchar_t *program)
{
	LONG failed = put_path(key, L"EventMessageFile", program);

	if (!failed)
		failed = put_path(key, L"CategoryMessageFile", program);
	if (!failed)
		failed = put_number(key, L"CategoryCount", CATEGORY_COUNT);
	if (!failed)
		failed = put_number(key, L"TypesSupported", TYPES);
	/* HyperVive 3 had its texts in fragments; ours are whole. */
	if (!failed)
		RegDeleteValueW(key, L"ParameterMessageFile");
	return failed;
}

int event_source_add(const char *program, struct error *error)
{
	wchar_t *path = wide_from_utf8(program);
	LONG failed = ERROR_NOT_ENOUGH_MEMORY;
	HKEY key = NULL;

	if (path)
		failed = RegCreateKeyExW(HKEY_LOCAL_MACHINE, WIDE(HYPERVIVE_SOURCE_KEY), 0, NULL, 0,
			KEY_SET_VALUE, NULL, &key, NULL);
	if (!failed) {
		failed = put_values(key, path);
		RegCloseKey(key);
	}
	free(path);
	if (failed)
		return error_set_windows(error, ERR_FAILED, (uint32_t)failed,
			"cannot write the event source HKLM\\" HYPERVIVE_SOURCE_KEY);
	return 0;
}

int event_source_remove(struct error *error)
{
	LONG failed =
		RegDeleteKeyExW(HKEY_LOCAL_MACHINE, WIDE(HYPERVIVE_SOURCE_KEY), KEY_WOW64_64KEY, 0);

	if (failed == ERROR_FILE_NOT_FOUND || failed == ERROR_PATH_NOT_FOUND)
		return 0;
	if (failed)
		return error_set_windows(error, ERR_FAILED, (uint32_t)failed,
			"cannot remove the event source HKLM\\" HYPERVIVE_SOURCE_KEY);
	return 1;
}
