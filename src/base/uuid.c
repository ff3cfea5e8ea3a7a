/* SPDX-License-Identifier: MIT */
#include "base/uuid.h"

#include <stdio.h>
#include <string.h>

#include "base/hex.h"

bool uuid_parse(const char *text, struct uuid *uuid)
{
	struct uuid result;
	bool braces = *text == '{';

	if (braces)
		text++;
	for (unsigned digit = 0; digit < 32; digit++) {
		if (digit == 8 || digit == 12 || digit == 16 || digit == 20) {
			if (*text++ != '-')
				return false;
		}
		int value = hex_digit(*text++);
		if (value < 0)
			return false;
		if (digit % 2 == 0)
			result.bytes[digit / 2] = (uint8_t)(value << 4);
		else
			result.bytes[digit / 2] |= (uint8_t)value;
	}
	if (braces && *text++ != '}')
		return false;
	if (*text != '\0')
		return false;
	*uuid = result;
	return true;
}

const char *uuid_format(const struct uuid *uuid, char text[UUID_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	char *at = text;

	for (unsigned i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		*at++ = digits[uuid->bytes[i] >> 4];
		*at++ = digits[uuid->bytes[i] & 15];
	}
	*at = '\0';
	return text;
}

bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}
