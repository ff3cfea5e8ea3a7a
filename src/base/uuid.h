/* SPDX-License-Identifier: MIT */
/* uuid.h - the identity of a virtual machine (RFC 4122) */
#ifndef HYPERVIVE_BASE_UUID_H
#define HYPERVIVE_BASE_UUID_H

#include <stdbool.h>
#include <stdint.h>

struct uuid {
	uint8_t bytes[16]; /* in the order of the text */
};

enum { UUID_TEXT_SIZE = 37 };

/* 8-4-4-4-12 hexadecimal digits, in either case, also within braces as Windows writes them. */
bool uuid_parse(const char *text, struct uuid *uuid);

/* Lower case, without braces. */
const char *uuid_format(const struct uuid *uuid, char text[UUID_TEXT_SIZE]);

bool uuid_equal(const struct uuid *a, const struct uuid *b);

#endif
