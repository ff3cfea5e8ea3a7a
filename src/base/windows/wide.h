/* SPDX-License-Identifier: MIT */
/*
 * wide.h - text at the border to Windows
 *
 * Inside of hypervive text is UTF-8; Windows wants UTF-16. This is the only place that converts.
 */
#ifndef HYPERVIVE_BASE_WINDOWS_WIDE_H
#define HYPERVIVE_BASE_WINDOWS_WIDE_H

#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

#include "base/error.h"

/* A copy in UTF-16 for free(); NULL when memory is out (or text is NULL). Bad bytes become U+FFFD.
 */
wchar_t *wide_from_utf8(const char *text);

/* Into target[0..size) characters, cut when too long, always ended with NUL. Returns the length. */
size_t wide_copy(wchar_t *target, size_t size, const char *text);

/*
 * Into target[0..size) as valid UTF-8 as text_copy() does: cut at a whole character with "…",
 * lone surrogates become U+FFFD. NULL is an empty text. Returns the length.
 */
size_t wide_to_utf8(char *target, size_t size, const wchar_t *text);

/* A copy in UTF-8 for free(); NULL when memory is out (or text is NULL). */
char *wide_to_new_utf8(const wchar_t *text);

/*
 * As error_set(), followed by ": " and Windows' own words (in English where it has them) for a
 * Win32 error or an HRESULT that it knows, and the number. host_code is the number.
 */
int error_set_windows(struct error *error, enum error_code code, uint32_t number,
	const char *format, ...) ERROR_PRINTF(4, 5);

#endif
