/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* The bounds of the second byte are what keeps overlong forms and surrogates out (RFC 3629, 4). */
size_t text_decode(const char *text, size_t length, uint32_t *code_point)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned char low = 0x80, high = 0xbf;
	size_t need;
	uint32_t value;

	if (length == 0)
		return 0;
	if (s[0] < 0x80) {
		*code_point = s[0];
		return 1;
	}
	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		need = 2;
		value = s[0] & 0x1f;
	} else if (s[0] >= 0xe0 && s[0] <= 0xef) {
		need = 3;
		value = s[0] & 0x0f;
		if (s[0] == 0xe0)
			low = 0xa0;
		if (s[0] == 0xed)
			high = 0x9f;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		need = 4;
		value = s[0] & 0x07;
		if (s[0] == 0xf0)
			low = 0x90;
		if (s[0] == 0xf4)
			high = 0x8f;
	} else {
		return 0;
	}
	if (length < need)
		return 0;
	for (size_t i = 1; i < need; i++) {
		if (s[i] < low || s[i] > high)
			return 0;
		value = value << 6 | (s[i] & 0x3f);
		low = 0x80;
		high = 0xbf;
	}
	*code_point = value;
	return need;
}

static const char REPLACEMENT[] = "\xef\xbf\xbd"; /* U+FFFD */
static const char ELLIPSIS[] = "\xe2\x80\xa6";    /* U+2026 */

size_t text_copy_bytes(char *target, size_t size, const char *source, size_t length)
{
	size_t used = 0, used_before_ellipsis = 0, at = 0;

	while (at < length && source[at] != '\0') {
		uint32_t code_point;
		size_t take = text_decode(source + at, length - at, &code_point);
		const char *from = take ? source + at : REPLACEMENT;
		size_t put = take ? take : sizeof(REPLACEMENT) - 1;

		if (put > size - 1 - used) {
			memcpy(target + used_before_ellipsis, ELLIPSIS, sizeof(ELLIPSIS) - 1);
			used = used_before_ellipsis + sizeof(ELLIPSIS) - 1;
			break;
		}
		memcpy(target + used, from, put);
		used += put;
		if (sizeof(ELLIPSIS) - 1 <= size - 1 - used)
			used_before_ellipsis = used;
		at += take ? take : 1;
	}
	target[used] = '\0';
	return used;
}

size_t text_copy(char *target, size_t size, const char *source)
{
	return text_copy_bytes(target, size, source ? source : "", source ? strlen(source) : 0);
}

bool text_is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

size_t text_printable(char *target, size_t size, const char *source)
{
	size_t used = 0, length = strlen(source);

	for (size_t at = 0; at < length;) {
		char escape[16];
		uint32_t code_point;
		size_t take = text_decode(source + at, length - at, &code_point);
		const char *from = source + at;
		size_t put = take;

		if (take == 0 || text_is_control(code_point)) {
			uint32_t shown = take ? code_point : (unsigned char)source[at];
			put = (size_t)snprintf(escape, sizeof(escape),
				shown < 0x100 ? "\\x%02x" : "\\u%04x", shown);
			from = escape;
		}
		if (put > size - 1 - used)
			break;
		memcpy(target + used, from, put);
		used += put;
		at += take ? take : 1;
	}
	target[used] = '\0';
	return used;
}

size_t text_width(const char *text)
{
	size_t width = 0, length = strlen(text);

	for (size_t at = 0; at < length;) {
		uint32_t c;
		size_t take = text_decode(text + at, length - at, &c);

		at += take ? take : 1;
		if (!take || !(c >= 0x300 && c <= 0x36f))
			width++;
	}
	return width;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool text_equal_ignoring_case(const char *a, const char *b)
{
	while (*a && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return *a == *b;
}

bool text_matches(const char *pattern, const char *text)
{
	const char *star = NULL, *resume = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			resume = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}
