/* SPDX-License-Identifier: MIT */
#include "base/windows/wide.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "base/text.h"

wchar_t *wide_from_utf8(const char *text)
{
	if (!text)
		return NULL;
	int length = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
	wchar_t *wide = length > 0 ? malloc((size_t)length * sizeof(*wide)) : NULL;

	if (wide && MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, length) != length) {
		free(wide);
		return NULL;
	}
	return wide;
}

size_t wide_copy(wchar_t *target, size_t size, const char *text)
{
	wchar_t *wide = wide_from_utf8(text);
	size_t length = wide ? wcslen(wide) : 0;

	if (length >= size)
		length = size - 1;
	if (length)
		memcpy(target, wide, length * sizeof(*target));
	/* A pair that was cut in two is no character. */
	if (length && IS_HIGH_SURROGATE(target[length - 1]))
		length--;
	target[length] = L'\0';
	free(wide);
	return length;
}

char *wide_to_new_utf8(const wchar_t *text)
{
	if (!text)
		return NULL;
	int length = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
	char *narrow = length > 0 ? malloc((size_t)length) : NULL;

	if (narrow &&
		WideCharToMultiByte(CP_UTF8, 0, text, -1, narrow, length, NULL, NULL) != length) {
		free(narrow);
		return NULL;
	}
	return narrow;
}

size_t wide_to_utf8(char *target, size_t size, const wchar_t *text)
{
	char *narrow = wide_to_new_utf8(text);
	size_t length = text_copy(target, size, narrow);

	free(narrow);
	return length;
}

/* Windows' words without their full stop and line's end; empty where it has none. */
static void describe(uint32_t number, char *text, size_t size)
{
	wchar_t words[256];
	const DWORD flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS |
			    FORMAT_MESSAGE_MAX_WIDTH_MASK;
	const DWORD english = MAKELANGID(LANG_ENGLISH, SUBLANG_ENGLISH_US);
	const DWORD room = sizeof(words) / sizeof(words[0]);
	DWORD length = FormatMessageW(flags, NULL, number, english, words, room, NULL);

	if (!length)
		length = FormatMessageW(flags, NULL, number, 0, words, room, NULL);
	while (length && (words[length - 1] <= L' ' || words[length - 1] == L'.'))
		length--;
	words[length] = L'\0';
	wide_to_utf8(text, size, words);
}

int error_set_windows(
	struct error *error, enum error_code code, uint32_t number, const char *format, ...)
{
	char sentence[512], words[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	describe(number, words, sizeof(words));
	char shown[16];
	snprintf(shown, sizeof(shown), number > 0xffff ? "0x%08x" : "%u", (unsigned)number);
	if (words[0])
		error_set(error, code, "%s: %s (%s)", sentence, words, shown);
	else
		error_set(error, code, "%s: error %s", sentence, shown);
	if (error)
		error->host_code = number;
	return -(int)code;
}
