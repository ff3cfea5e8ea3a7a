/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

ERROR_PRINTF(2, 0)
static void put(struct error *error, const char *format, va_list arguments)
{
	char raw[sizeof(error->text)];

	vsnprintf(raw, sizeof(raw), format, arguments);
	text_copy(error->text, sizeof(error->text), raw);
}

int error_set(struct error *error, enum error_code code, const char *format, ...)
{
	va_list arguments;

	if (!error)
		return -(int)code;
	error->code = (int)code;
	error->host_code = 0;
	va_start(arguments, format);
	put(error, format, arguments);
	va_end(arguments);
	return -(int)code;
}

int error_set_errno(
	struct error *error, enum error_code code, int errno_number, const char *format, ...)
{
	char words[sizeof(error->text)];
	va_list arguments;

	if (!error)
		return -(int)code;
	va_start(arguments, format);
	vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	error_set(error, code, "%s: %s", words, strerror(errno_number));
	error->host_code = errno_number;
	return -(int)code;
}

int error_wrap(struct error *error, const char *format, ...)
{
	char words[sizeof(error->text)];
	char cause[sizeof(error->text)];
	va_list arguments;

	if (!error)
		return -ERR_FAILED;
	va_start(arguments, format);
	vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	memcpy(cause, error->text, sizeof(cause));
	int64_t host_code = error->host_code;
	error_set(error, error->code ? (enum error_code)error->code : ERR_FAILED, "%s: %s", words,
		cause);
	error->host_code = host_code;
	return -error->code;
}

int error_exit_code(const struct error *error)
{
	switch (error->code) {
	case 0:
		return 0;
	case ERR_USAGE:
		return 2;
	case ERR_UNREACHABLE:
		return 3;
	default:
		return 1;
	}
}
