/* SPDX-License-Identifier: MIT */
/* mac.h - 48-bit MAC addresses (IEEE 802, section 8.2) */
#ifndef HYPERVIVE_BASE_MAC_H
#define HYPERVIVE_BASE_MAC_H

#include <stdbool.h>
#include <stdint.h>

struct mac {
	uint8_t bytes[6];
};

enum { MAC_TEXT_SIZE = 18 }; /* "52:54:00:aa:bb:01" and the NUL */

/*
 * Reads twelve hexadecimal digits, upper or lower case, without separators
 * (525400AABB01), with one separator of ':', '-' or '.' between pairs
 * (52-54-00-AA-BB-01) or between groups of four (5254.00aa.bb01). False,
 * and *mac untouched, for anything else.
 */
bool mac_parse(const char *text, struct mac *mac);

/* Lower case with colons, the one form we print. */
const char *mac_format(const struct mac *mac, char text[MAC_TEXT_SIZE]);

bool mac_equal(const struct mac *a, const struct mac *b);

/* 00:00:00:00:00:00, which stands for "no address assigned yet" */
bool mac_is_zero(const struct mac *mac);

/* Multicast and broadcast: the lowest bit of the first byte is set. */
bool mac_is_group(const struct mac *mac);

#endif
