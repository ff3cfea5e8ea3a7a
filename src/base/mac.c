/* SPDX-License-Identifier: MIT */
#include "base/mac.h"

#include <stdio.h>
#include <string.h>

#include "base/hex.h"

bool mac_parse(const char *text, struct mac *mac)
{
	uint8_t bytes[6];
	unsigned digits = 0, group = 0; /* group: digits between separators, 0 until one is seen */
	char separator = 0;

	for (const char *at = text; *at; at++) {
		int value = hex_digit(*at);

		if (value < 0) {
			if (*at != ':' && *at != '-' && *at != '.')
				return false;
			if (separator == 0) {
				if (digits != 2 && digits != 4)
					return false;
				separator = *at;
				group = digits;
			}
			if (*at != separator || digits % group != 0 || digits == 12 ||
				hex_digit(at[-1]) < 0)
				return false;
			continue;
		}
		if (digits == 12)
			return false;
		if (group && digits % group == 0 && at[-1] != separator)
			return false;
		if (digits % 2 == 0)
			bytes[digits / 2] = (uint8_t)(value << 4);
		else
			bytes[digits / 2] |= (uint8_t)value;
		digits++;
	}
	if (digits != 12)
		return false;
	memcpy(mac->bytes, bytes, sizeof(bytes));
	return true;
}

const char *mac_format(const struct mac *mac, char text[MAC_TEXT_SIZE])
{
	const uint8_t *b = mac->bytes;

	snprintf(text, MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4],
		b[5]);
	return text;
}

bool mac_equal(const struct mac *a, const struct mac *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool mac_is_zero(const struct mac *mac)
{
	static const struct mac zero;

	return mac_equal(mac, &zero);
}

bool mac_is_group(const struct mac *mac)
{
	return mac->bytes[0] & 1;
}
