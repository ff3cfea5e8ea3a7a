/* SPDX-License-Identifier: MIT */
#include "base/json_read.h"
#include "base/text.h"
#include "tap.h"

/* Walks to the end; how many tokens before JSON_END, or -1 for JSON_BAD. */
static int walk(const char *text, size_t length)
{
	struct json_reader reader;
	enum json_token token;
	int count = 0;

	json_reader_start(&reader, text, length);
	while ((token = json_reader_next(&reader)) != JSON_END) {
		if (token == JSON_BAD) {
			ok(reader.problem && json_reader_next(&reader) == JSON_BAD,
				"  bad stays bad: it %s", reader.problem);
			return -1;
		}
		count++;
	}
	return count;
}

/* For the name of a test, which must stay on its line. */
static const char *shown(const char *text)
{
	static char line[256];

	text_copy(line, sizeof(line), text);
	for (char *at = line; *at; at++) {
		if (*at == '\n' || *at == '\r')
			*at = ' ';
	}
	return line;
}

static void good(const char *text, int tokens)
{
	is_number(walk(text, strlen(text)), tokens, "'%s' is JSON", shown(text));
}

static void bad(const char *text)
{
	is_number(walk(text, strlen(text)), -1, "'%s' is no JSON", shown(text));
}

static void grammar(void)
{
	good("{}", 2);
	good(" [ ] ", 2);
	good("null", 1);
	good("\"a\"", 1);
	good("[1,-0,0.5,1e9,1E+9,-1.5e-3]", 8);
	good("{\"a\":{\"b\":[true,false,null]},\"c\":\"\"}", 13);
	good("[[],{},[{}]]", 10);
	good("\r\n\t{ \"a\" : 1 , \"b\" : 2 }\n", 6);

	bad("");
	bad("   ");
	bad("{");
	bad("[");
	bad("[1");
	bad("[1,");
	bad("[1,]");
	bad("[,1]");
	bad("[1 2]");
	bad("[1}");
	bad("{]");
	bad("{\"a\"}");
	bad("{\"a\":}");
	bad("{\"a\":1,}");
	bad("{\"a\":1 \"b\":2}");
	bad("{a:1}");
	bad("{1:1}");
	bad("{} {}");
	bad("1 x");
	bad("]");
	bad("nul");
	bad("nulL");
	bad("True");
	bad("01");
	bad("-");
	bad("+1");
	bad(".5");
	bad("1.");
	bad("1e");
	bad("1e+");
	bad("--1");
	bad("0x10");
	bad("NaN");
	bad("\"a");
	bad("\"\\");
	bad("\"\\x\"");
	bad("\"\\u12\"");
	bad("\"\\u12g4\"");
	bad("\"a\nb\"");
	bad("'a'");
	bad("\xef\xbb\xbf{}");
}

static void depth(void)
{
	char text[2 * JSON_READER_DEPTH + 3];
	int most = JSON_READER_DEPTH;

	memset(text, '[', (size_t)most);
	memset(text + most, ']', (size_t)most);
	is_number(walk(text, (size_t)most * 2), most * 2, "%d levels are read", most);
	memset(text, '[', (size_t)most + 1);
	memset(text + most + 1, ']', (size_t)most + 1);
	is_number(walk(text, (size_t)most * 2 + 2), -1, "one more is refused");
}

/* The bytes behind the length must not matter. */
static void bounds(void)
{
	const char text[] = "{\"a\":\"\\u00e9x\",\"b\":[12,true]}";
	int wrong = 0;

	for (size_t length = 0; length < sizeof(text) - 1; length++) {
		struct json_reader reader;

		json_reader_start(&reader, text, length);
		while (json_reader_next(&reader) != JSON_BAD && reader.token != JSON_END)
			;
		wrong += reader.token != JSON_BAD;
	}
	is_number(wrong, 0, "every shorter beginning is refused");
	ok(walk("12345", 2) == 1, "a number ends where the bytes end");
	is_number(walk("\"a\0b\"", 5), -1, "a NUL within a text is a control character");
	is_number(walk("{}\0", 3), -1, "a NUL behind the end is something");
}

static void text_is(const char *json, size_t size, const char *want)
{
	struct json_reader reader;
	char text[64];

	json_reader_start(&reader, json, strlen(json));
	json_reader_next(&reader);
	is_number(json_reader_text(&reader, text, size), strlen(want), "%s has its length",
		shown(json));
	is_text(text, want, "  and reads as it should");
}

static void texts(void)
{
	text_is("\"\"", 64, "");
	text_is("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\"", 64, "a\"\\/\b\f\n\r\t");
	text_is("\"\\u0041\\u00e9\\u20AC\"", 64, "A\xc3\xa9\xe2\x82\xac");
	text_is("\"\\ud83d\\ude00!\"", 64, "\xf0\x9f\x98\x80!");
	text_is("\"\\ud83dx\"", 64, "\xef\xbf\xbdx");
	text_is("\"\\ude00\"", 64, "\xef\xbf\xbd");
	text_is("\"\\ud83d\\u0041\"", 64,
		"\xef\xbf\xbd"
		"A");
	text_is("\"\\ud83d\"", 64, "\xef\xbf\xbd");
	text_is("\"a\\u0000b\"", 64,
		"a\xef\xbf\xbd"
		"b");
	text_is("\"\xff\xc3\"", 64, "\xef\xbf\xbd\xef\xbf\xbd");
	text_is("\"\xed\xa0\x80\"", 64, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	text_is("\"abcdefgh\"", 9, "abcdefgh");
	text_is("\"abcdefgh\"", 8, "abcd\xe2\x80\xa6");
	text_is("\"\\u20ac\\u20ac\\u20ac\"", 9, "\xe2\x82\xac\xe2\x80\xa6");
	text_is("\"abcd\"", 4, "\xe2\x80\xa6");
	text_is("12", 64, "");
}

static void number_is(const char *json, bool whole, int64_t want)
{
	struct json_reader reader;
	int64_t number = 77;

	json_reader_start(&reader, json, strlen(json));
	json_reader_next(&reader);
	ok(json_reader_number(&reader, &number) == whole, "%s is %sa whole number", json,
		whole ? "" : "not ");
	is_number(number, whole ? want : 77, "  of that value");
}

static void numbers(void)
{
	number_is("0", true, 0);
	number_is("-0", true, 0);
	number_is("9223372036854775807", true, INT64_MAX);
	number_is("-9223372036854775808", true, INT64_MIN);
	number_is("9223372036854775808", false, 0);
	number_is("-9223372036854775809", false, 0);
	number_is("99999999999999999999999", false, 0);
	number_is("1.0", false, 0);
	number_is("1e3", false, 0);
	number_is("\"1\"", false, 0);
}

static void skipping(void)
{
	const char text[] = "{\"a\":{\"x\":[1,[2,{}]]},\"b\":[],\"c\":\"s\",\"d\":7}";
	struct json_reader reader;
	int64_t number = 0;
	int keys = 0;

	json_reader_start(&reader, text, strlen(text));
	json_reader_next(&reader);
	while (json_reader_next(&reader) == JSON_KEY) {
		keys++;
		if (json_reader_is(&reader, "d"))
			ok(json_reader_next(&reader) == JSON_NUMBER &&
					json_reader_number(&reader, &number),
				"the value behind all that is a number");
		else if (json_reader_is(&reader, "b")) {
			json_reader_next(&reader);
			is_number(json_reader_skip(&reader), JSON_ARRAY_END, "a list that began");
		} else
			ok(json_reader_skip(&reader) != JSON_BAD, "a value is passed over");
	}
	is_number(keys, 4, "four keys");
	is_number(number, 7, "the right number");
	is_number(json_reader_next(&reader), JSON_END, "and the end");

	json_reader_start(&reader, "{\"a\":[1,}", 9);
	json_reader_next(&reader);
	json_reader_next(&reader);
	is_number(json_reader_skip(&reader), JSON_BAD, "a broken value is not passed over");
}

int main(void)
{
	grammar();
	depth();
	bounds();
	texts();
	numbers();
	skipping();
	return tap_done();
}
