/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation: the grammar is a small state machine. `expects` says what may come next;
 * the kinds of brackets that are open lie on a stack of fixed depth. Each token is checked in
 * full when it is passed (the escapes of a text, the shape of a number), so that the functions
 * that fetch its content afterwards can rely on its form and need no way to fail.
 */
#include "base/json_read.h"

#include <string.h>

#include "base/hex.h"
#include "base/text.h"

enum expectation {
	EXPECT_VALUE,
	EXPECT_VALUE_OR_END, /* after '[' */
	EXPECT_KEY,          /* after a comma within an object */
	EXPECT_KEY_OR_END,   /* after '{' */
	EXPECT_COMMA_OR_END, /* after a value within brackets */
	EXPECT_NOTHING,      /* after the outermost value */
};

void json_reader_start(struct json_reader *reader, const char *text, size_t length)
{
	*reader = (struct json_reader){
		.text = text, .length = length, .token = JSON_NULL, .expects = EXPECT_VALUE};
}

static enum json_token bad(struct json_reader *r, const char *problem)
{
	r->problem = problem;
	r->token = JSON_BAD;
	return JSON_BAD;
}

/* The byte at the reader's place, or -1 at the end. */
static int peek(const struct json_reader *r)
{
	return r->at < r->length ? (unsigned char)r->text[r->at] : -1;
}

/* RFC 8259, section 2 */
static bool is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_white(struct json_reader *r)
{
	while (r->at < r->length && is_white(r->text[r->at]))
		r->at++;
}

static void after_value(struct json_reader *r)
{
	r->expects = r->depth ? EXPECT_COMMA_OR_END : EXPECT_NOTHING;
}

/* Four hexadecimal digits at text[0..left), or -1. */
static int hex4(const char *text, size_t left)
{
	int value = 0;

	if (left < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(text[i]);
		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

/* From after the opening quote to after the closing one. */
static enum json_token read_string(struct json_reader *r, enum json_token token)
{
	r->token_at = r->at;
	while (r->at < r->length) {
		unsigned char c = (unsigned char)r->text[r->at++];

		if (c == '"') {
			r->token_length = r->at - 1 - r->token_at;
			return r->token = token;
		}
		if (c < 0x20)
			return bad(r, "has a control character within a text");
		if (c != '\\')
			continue;
		int escape = peek(r);
		if (escape < 0)
			break;
		if (escape == '\0' || !strchr("\"\\/bfnrtu", escape))
			return bad(r, "has an unknown escape within a text");
		r->at++;
		if (escape == 'u') {
			if (hex4(r->text + r->at, r->length - r->at) < 0)
				return bad(r, "has an unknown escape within a text");
			r->at += 4;
		}
	}
	return bad(r, "is cut short");
}

static size_t count_digits(struct json_reader *r)
{
	size_t start = r->at;

	while (peek(r) >= '0' && peek(r) <= '9')
		r->at++;
	return r->at - start;
}

static enum json_token read_number(struct json_reader *r)
{
	r->token_at = r->at;
	if (peek(r) == '-')
		r->at++;
	bool zero = peek(r) == '0';
	size_t whole = count_digits(r);
	if (whole == 0 || (zero && whole > 1))
		return bad(r, "has a number that is none");
	if (peek(r) == '.') {
		r->at++;
		if (count_digits(r) == 0)
			return bad(r, "has a number that is none");
	}
	if (peek(r) == 'e' || peek(r) == 'E') {
		r->at++;
		if (peek(r) == '+' || peek(r) == '-')
			r->at++;
		if (count_digits(r) == 0)
			return bad(r, "has a number that is none");
	}
	r->token_length = r->at - r->token_at;
	return r->token = JSON_NUMBER;
}

static enum json_token read_word(struct json_reader *r, const char *word, enum json_token token)
{
	size_t length = strlen(word);

	if (length > r->length - r->at || memcmp(r->text + r->at, word, length) != 0)
		return bad(r, "has a word that is none of JSON's");
	r->token_at = r->at;
	r->token_length = length;
	r->at += length;
	return r->token = token;
}

static enum json_token open_bracket(struct json_reader *r, bool is_object)
{
	if (r->depth == JSON_READER_DEPTH)
		return bad(r, "is nested too deeply");
	r->at++;
	r->is_object[r->depth++] = is_object;
	r->expects = is_object ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
	return r->token = is_object ? JSON_OBJECT : JSON_ARRAY;
}

static enum json_token close_bracket(struct json_reader *r)
{
	bool is_object = r->is_object[--r->depth];

	r->at++;
	after_value(r);
	return r->token = is_object ? JSON_OBJECT_END : JSON_ARRAY_END;
}

static enum json_token read_scalar(struct json_reader *r, int c)
{
	switch (c) {
	case '"':
		r->at++;
		return read_string(r, JSON_TEXT);
	case 't':
		return read_word(r, "true", JSON_TRUE);
	case 'f':
		return read_word(r, "false", JSON_FALSE);
	case 'n':
		return read_word(r, "null", JSON_NULL);
	default:
		return read_number(r);
	}
}

static enum json_token read_value(struct json_reader *r, int c)
{
	if (c == '{' || c == '[')
		return open_bracket(r, c == '{');
	if (read_scalar(r, c) != JSON_BAD)
		after_value(r);
	return r->token;
}

static enum json_token read_key(struct json_reader *r, int c)
{
	if (c != '"')
		return bad(r, "lacks a key within an object");
	r->at++;
	if (read_string(r, JSON_KEY) == JSON_BAD)
		return JSON_BAD;
	skip_white(r);
	if (peek(r) != ':')
		return bad(r, peek(r) < 0 ? "is cut short" : "lacks a colon after a key");
	r->at++;
	r->expects = EXPECT_VALUE;
	return JSON_KEY;
}

enum json_token json_reader_next(struct json_reader *r)
{
	if (r->token == JSON_BAD)
		return JSON_BAD;
	skip_white(r);
	int c = peek(r);
	if (r->expects == EXPECT_NOTHING) {
		if (c >= 0)
			return bad(r, "has something after its end");
		return r->token = JSON_END;
	}
	if (c < 0)
		return bad(r, "is cut short");

	bool closes = r->depth && c == (r->is_object[r->depth - 1] ? '}' : ']');
	if (closes && r->expects != EXPECT_VALUE && r->expects != EXPECT_KEY)
		return close_bracket(r);
	if (r->expects == EXPECT_COMMA_OR_END) {
		if (c != ',')
			return bad(r, "lacks a comma");
		r->at++;
		skip_white(r);
		c = peek(r);
		if (c < 0)
			return bad(r, "is cut short");
		r->expects = r->is_object[r->depth - 1] ? EXPECT_KEY : EXPECT_VALUE;
	}
	if (r->expects == EXPECT_KEY || r->expects == EXPECT_KEY_OR_END)
		return read_key(r, c);
	return read_value(r, c);
}

static size_t encode(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* What stands after "\u" at text[*at]; takes the second half of a surrogate pair along. */
static uint32_t unicode_escape(const char *text, size_t length, size_t *at)
{
	int high = hex4(text + *at, length - *at);

	*at += 4;
	if (high < 0xd800 || high > 0xdfff)
		return high == 0 ? 0xfffd : (uint32_t)high;
	if (high > 0xdbff || length - *at < 6 || text[*at] != '\\' || text[*at + 1] != 'u')
		return 0xfffd;
	int low = hex4(text + *at + 2, length - *at - 2);
	if (low < 0xdc00 || low > 0xdfff)
		return 0xfffd;
	*at += 6;
	return 0x10000 + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
}

/* The character at text[*at], escapes undone; moves on behind it. */
static uint32_t next_character(const char *text, size_t length, size_t *at)
{
	static const char NAMES[] = "bfnrt", MEANT[] = "\b\f\n\r\t";
	uint32_t c;

	if (text[*at] != '\\') {
		size_t take = text_decode(text + *at, length - *at, &c);
		*at += take ? take : 1;
		return take && c ? c : 0xfffd;
	}
	char escape = text[*at + 1];
	*at += 2;
	if (escape == 'u')
		return unicode_escape(text, length, at);
	const char *found = strchr(NAMES, escape);
	return (uint32_t)(found ? MEANT[found - NAMES] : escape);
}

size_t json_reader_text(const struct json_reader *r, char *target, size_t size)
{
	static const char ELLIPSIS[] = "\xe2\x80\xa6";
	const char *text = r->text + r->token_at;
	size_t used = 0, before_ellipsis = 0, at = 0;

	if (r->token != JSON_TEXT && r->token != JSON_KEY) {
		target[0] = '\0';
		return 0;
	}
	while (at < r->token_length) {
		char bytes[4];
		size_t put = encode(next_character(text, r->token_length, &at), bytes);

		if (put > size - 1 - used) {
			memcpy(target + before_ellipsis, ELLIPSIS, sizeof(ELLIPSIS) - 1);
			used = before_ellipsis + sizeof(ELLIPSIS) - 1;
			break;
		}
		memcpy(target + used, bytes, put);
		used += put;
		if (sizeof(ELLIPSIS) - 1 <= size - 1 - used)
			before_ellipsis = used;
	}
	target[used] = '\0';
	return used;
}

bool json_reader_is(const struct json_reader *r, const char *text)
{
	char shown[64];

	json_reader_text(r, shown, sizeof(shown));
	return strcmp(shown, text) == 0;
}

bool json_reader_number(const struct json_reader *r, int64_t *number)
{
	const char *digits = r->text + r->token_at;
	size_t length = r->token_length;
	uint64_t value = 0;

	if (r->token != JSON_NUMBER)
		return false;
	bool negative = digits[0] == '-';
	uint64_t most = (uint64_t)INT64_MAX + negative;
	for (size_t i = negative; i < length; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return false;
		uint64_t digit = (uint64_t)(digits[i] - '0');
		if (value > (most - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	/* Not -(int64_t)value: the least number has no positive twin. */
	*number = negative && value ? -(int64_t)(value - 1) - 1 : (int64_t)value;
	return true;
}

enum json_token json_reader_skip(struct json_reader *r)
{
	bool inside = r->token == JSON_OBJECT || r->token == JSON_ARRAY;
	unsigned outer = inside ? r->depth - 1 : r->depth;

	do {
		if (json_reader_next(r) == JSON_BAD)
			return JSON_BAD;
	} while (r->depth > outer || r->token == JSON_KEY);
	return r->token;
}
