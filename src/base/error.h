/* SPDX-License-Identifier: MIT */
/*
 * error.h - what went wrong, in one sentence
 *
 * A function that can fail returns 0, or a negative enum error_code after it
 * has filled the struct error it was given. The text is one sentence without
 * its full stop that names the thing and the cause. A caller that knows more
 * puts its own words in front with error_wrap(). Only commands print.
 */
#ifndef HYPERVIVE_BASE_ERROR_H
#define HYPERVIVE_BASE_ERROR_H

#include <stdint.h>

enum error_code {
	ERR_FAILED = 1,      /* exit code 1 */
	ERR_USAGE = 2,       /* exit code 2: the caller's words are wrong */
	ERR_UNREACHABLE = 3, /* exit code 3: the host does not answer */
	ERR_NOT_FOUND = 4,   /* exit code 1: no such machine, file, switch … */
	ERR_BUSY = 5,        /* exit code 1: a bounded resource is used up */
	ERR_STATE = 6,       /* exit code 1: the host says the machine's state does not allow it */
};

struct error {
	int code;          /* an enum error_code, 0 while there is none */
	int64_t host_code; /* the host's own number (libvirt, WMI, errno), 0 where it has none */
	char text[512];    /* valid UTF-8 */
};

#if defined(__clang__)
#define ERROR_PRINTF(a, b) __attribute__((format(printf, a, b)))
#elif defined(__GNUC__) /* C99's conversions, also where the system's library lacks them */
#define ERROR_PRINTF(a, b) __attribute__((format(gnu_printf, a, b)))
#else
#define ERROR_PRINTF(a, b)
#endif

/* Fills *error (which may be NULL) and returns -code. */
int error_set(struct error *error, enum error_code code, const char *format, ...)
	ERROR_PRINTF(3, 4);

/* The same, followed by ": " and the text of errno number; host_code is errno_number. */
int error_set_errno(struct error *error, enum error_code code, int errno_number, const char *format,
	...) ERROR_PRINTF(4, 5);

/* Puts "words: " in front of the text that is there; returns -error->code. */
int error_wrap(struct error *error, const char *format, ...) ERROR_PRINTF(2, 3);

/* The exit code that a command ends with after this error. */
int error_exit_code(const struct error *error);

#endif
