/* SPDX-License-Identifier: MIT */
/* hex.h - the value of one hexadecimal digit */
#ifndef HYPERVIVE_BASE_HEX_H
#define HYPERVIVE_BASE_HEX_H

/* 0 to 15, or -1 when the character is none. */
static inline int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

#endif
