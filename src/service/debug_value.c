/* SPDX-License-Identifier: MIT */
#include "service/debug_value.h"

#include <string.h>

#include "base/text.h"
#include "service/registry_values.h"

static const char DECIMAL[] = "0123456789";
static const char HEXADECIMAL[] = "0123456789abcdefABCDEF";

/* However many digits there are: only whether one of them is not 0 counts. */
static enum debug_value judge_digits(const char *text, const char *digits)
{
	size_t whole = strspn(text, digits), fraction = 0;
	const char *rest = text + whole;

	if (digits == DECIMAL && *rest == '.') {
		fraction = strspn(rest + 1, digits);
		rest += 1 + fraction;
	}
	if (whole + fraction == 0 || *rest != '\0')
		return DEBUG_VALUE_UNUSABLE;
	return text[strspn(text, "0.")] != '\0' ? DEBUG_VALUE_ON : DEBUG_VALUE_OFF;
}

static enum debug_value judge(const char *text)
{
	if (text_equal_ignoring_case(text, "true"))
		return DEBUG_VALUE_ON;
	if (text_equal_ignoring_case(text, "false"))
		return DEBUG_VALUE_OFF;
	if (*text == '-' || *text == '+')
		return judge_digits(text + 1, DECIMAL);
	/* Visual Basic, in which the original was written, has its own form. */
	if ((text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) ||
		(text[0] == '&' && (text[1] == 'h' || text[1] == 'H')))
		return judge_digits(text + 2, HEXADECIMAL);
	return judge_digits(text, DECIMAL);
}

enum debug_value debug_value_read(uint32_t type, const void *bytes, size_t length, const char **why)
{
	struct buffer text = {0};
	enum debug_value value = DEBUG_VALUE_UNUSABLE;

	*why = type == REGISTRY_TEXTS ? "the value is neither a number nor True or False"
				      : registry_value_text(type, bytes, length, &text);
	if (!*why && text.failed)
		*why = "there is not enough memory for the value";
	if (!*why) {
		char *start = text.data + strspn(text.data, " \t");

		for (char *end = start + strlen(start); end > start && strchr(" \t", end[-1]);)
			*--end = '\0';
		value = judge(start);
		if (value == DEBUG_VALUE_UNUSABLE)
			*why = "the value is neither a number nor True or False";
	}
	buffer_free(&text);
	return value;
}
