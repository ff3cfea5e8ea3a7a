/* SPDX-License-Identifier: MIT */
/*
 * tap.h - the Test Anything Protocol in a few lines
 *
 * A test program calls ok() and friends, and ends with `return tap_done();`.
 */
#ifndef HYPERVIVE_TESTS_TAP_H
#define HYPERVIVE_TESTS_TAP_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

static int tap_count, tap_failed;

#define ok(condition, ...) tap_ok((condition) ? 1 : 0, __FILE__, __LINE__, __VA_ARGS__)

#define is_number(got, want, ...)                                                      \
	do {                                                                           \
		int64_t got_ = (int64_t)(got), want_ = (int64_t)(want);                \
		if (!tap_ok(got_ == want_, __FILE__, __LINE__, __VA_ARGS__))           \
			printf("#  got %" PRId64 ", want %" PRId64 "\n", got_, want_); \
	} while (0)

#define is_text(got, want, ...)                                                        \
	do {                                                                           \
		const char *got_ = (got), *want_ = (want);                             \
		int same_ = got_ && want_ ? strcmp(got_, want_) == 0 : got_ == want_;  \
		if (!tap_ok(same_, __FILE__, __LINE__, __VA_ARGS__))                   \
			printf("#  got  '%s'\n#  want '%s'\n", got_ ? got_ : "(null)", \
				want_ ? want_ : "(null)");                             \
	} while (0)

ERROR_PRINTF(4, 5)
__attribute__((unused)) static int tap_ok(
	int good, const char *file, int line, const char *format, ...)
{
	va_list arguments;

	printf("%sok %d - ", good ? "" : "not ", ++tap_count);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	if (!good) {
		tap_failed++;
		printf("#  at %s:%d\n", file, line);
	}
	fflush(stdout);
	return good;
}

__attribute__((unused)) static int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed ? 1 : 0;
}

#endif
