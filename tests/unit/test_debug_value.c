/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "service/debug_value.h"
#include "service/registry_values.h"
#include "tap.h"

static enum debug_value read_value(uint32_t type, const void *bytes, size_t length)
{
	const char *why = "untouched";
	void *copy = malloc(length ? length : 1);

	if (length)
		memcpy(copy, bytes, length);
	enum debug_value value = debug_value_read(type, copy, length, &why);
	free(copy);
	ok((value == DEBUG_VALUE_UNUSABLE) == (why != NULL), "a reason is given when there is one");
	return value;
}

static enum debug_value read_text(uint32_t type, const char *text)
{
	uint8_t bytes[256] = {0};
	size_t length = strlen(text) + 1;

	for (size_t i = 0; i < length; i++)
		bytes[i * 2] = (uint8_t)text[i];
	return read_value(type, bytes, length * 2);
}

static void test_numbers(void)
{
	is_number(read_value(REGISTRY_NUMBER, "\0\0\0\0", 4), DEBUG_VALUE_OFF, "0 is off");
	is_number(read_value(REGISTRY_NUMBER, "\1\0\0\0", 4), DEBUG_VALUE_ON, "1 is on");
	is_number(read_value(REGISTRY_NUMBER, "\0\0\0\x80", 4), DEBUG_VALUE_ON, "so is 2^31");
	is_number(read_value(REGISTRY_NUMBER_BIG_ENDIAN, "\0\0\0\1", 4), DEBUG_VALUE_ON,
		"a big-endian 1 is on");
	is_number(read_value(REGISTRY_LONG_NUMBER, "\0\0\0\0\1\0\0\0", 8), DEBUG_VALUE_ON,
		"2^32 is on");
	is_number(read_value(REGISTRY_LONG_NUMBER, "\0\0\0\0\0\0\0\0", 8), DEBUG_VALUE_OFF,
		"a long 0 is off");
	is_number(read_value(REGISTRY_NUMBER, "\1", 1), DEBUG_VALUE_UNUSABLE, "a cut number");
	is_number(read_value(REGISTRY_LONG_NUMBER, "\1\0\0\0", 4), DEBUG_VALUE_UNUSABLE,
		"a cut long number");
	is_number(read_value(REGISTRY_NUMBER, "", 0), DEBUG_VALUE_UNUSABLE, "a number of no bytes");
}

static void test_texts(void)
{
	static const char *const ON[] = {"True", "true", "TRUE", "1", "-1", "+7", "007", "0x10",
		"0X0f", "&H1", "&hff", "0.5", ".1", "10000000000000000000000000", " True ", "\t1",
		"000000000000000000000000000000000000001"};
	static const char *const OFF[] = {"False", "false", "FALSE", "0", "-0", "000", "0x0",
		"&H00", "0.0", "0.", " False", "0 "};
	static const char *const UNUSABLE[] = {"", " ", "yes", "on", "no", "off", "Truee", "1x",
		"x1", "0x", "&H", "&", "-", "+", ".", "-.", "1.2.3", "1,5", "--1", "-True", "0xg",
		"1e3", "1 2", "-0x1", "0x1.5", "\xb1"};

	for (size_t i = 0; i < sizeof(ON) / sizeof(ON[0]); i++)
		is_number(read_text(REGISTRY_TEXT, ON[i]), DEBUG_VALUE_ON, "'%s' is on", ON[i]);
	for (size_t i = 0; i < sizeof(OFF) / sizeof(OFF[0]); i++)
		is_number(read_text(REGISTRY_TEXT, OFF[i]), DEBUG_VALUE_OFF, "'%s' is off", OFF[i]);
	for (size_t i = 0; i < sizeof(UNUSABLE) / sizeof(UNUSABLE[0]); i++)
		is_number(read_text(REGISTRY_TEXT, UNUSABLE[i]), DEBUG_VALUE_UNUSABLE,
			"'%s' is neither", UNUSABLE[i]);
	is_number(read_text(REGISTRY_EXPANDED_TEXT, "True"), DEBUG_VALUE_ON, "an expanded text");
}

static void test_others(void)
{
	is_number(read_value(REGISTRY_BINARY, "\1\0\0\0", 4), DEBUG_VALUE_UNUSABLE, "binary");
	is_number(read_value(REGISTRY_TEXTS, "1\0\0\0\0\0", 6), DEBUG_VALUE_UNUSABLE, "texts");
	is_number(read_value(0, "", 0), DEBUG_VALUE_UNUSABLE, "a value without a type");
	is_number(read_value(REGISTRY_TEXT, "1\0", 2), DEBUG_VALUE_UNUSABLE, "a text without NUL");
	is_number(read_value(REGISTRY_TEXT, "1\0\0", 3), DEBUG_VALUE_UNUSABLE, "an odd length");
	is_number(read_value(REGISTRY_TEXT, "", 0), DEBUG_VALUE_UNUSABLE, "no bytes");
	is_number(read_value(REGISTRY_TEXT,
			  "1\0\0\0"
			  "2\0\0\0",
			  8),
		DEBUG_VALUE_UNUSABLE, "a NUL within");
}

int main(void)
{
	test_numbers();
	test_texts();
	test_others();
	return tap_done();
}
