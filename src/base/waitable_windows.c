/* SPDX-License-Identifier: MIT */
#include "base/waitable.h"

#include <windows.h>

#include "base/windows/wide.h"

/* Windows does not tell that the reader of a pipe is gone; the next write does. */
/* NOLINTNEXTLINE(readability-non-const-parameter): Linux fills it */
int waitable_wait(waitable what, int timeout_ms, bool *output_closed, struct error *error)
{
	DWORD timeout = timeout_ms < 0 ? INFINITE : (DWORD)timeout_ms;

	(void)output_closed;
	if (what == WAITABLE_NONE)
		Sleep(timeout);
	else if (WaitForSingleObject((HANDLE)what, timeout) == WAIT_FAILED)
		return error_set_windows(error, ERR_FAILED, GetLastError(), "waiting failed");
	return 0;
}
