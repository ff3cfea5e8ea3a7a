/* SPDX-License-Identifier: MIT */
/* The base: foreign text, addresses, identities, buffers, JSON quoting, hashing. */
#include <stdlib.h>

#include "base/buffer.h"
#include "base/json.h"
#include "base/mac.h"
#include "base/siphash.h"
#include "base/text.h"
#include "base/uuid.h"
#include "tap.h"

static void copies_and_repairs(void)
{
	char out[16];

	is_number(text_copy(out, sizeof(out), "plain"), 5, "length of a plain copy");
	is_text(out, "plain", "a plain copy");
	text_copy(out, sizeof(out),
		"a\xff"
		"b");
	is_text(out,
		"a\xef\xbf\xbd"
		"b",
		"a byte that is no UTF-8 becomes U+FFFD");
	text_copy(out, sizeof(out), "\xc0\x80\xed\xa0\x80");
	is_text(out, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
		"overlong NUL and surrogate are repaired byte by byte");
	text_copy(out, 8, "abcdefghij");
	is_text(out, "abcd\xe2\x80\xa6", "a long text ends with an ellipsis");
	text_copy(out, 8, "abcdefg");
	is_text(out, "abcdefg", "a text that just fits stays whole");
	text_copy(out, 8, "abc\xe4\xb8\xad\xe6\x96\x87");
	is_text(out, "abc\xe2\x80\xa6", "the cut is at a whole character");
	text_copy(out, 4, "abcdef");
	is_text(out, "\xe2\x80\xa6", "the smallest target holds the ellipsis");
	is_number(text_copy(out, sizeof(out), NULL), 0, "NULL is an empty text");
	text_copy(out, sizeof(out), "x\xe4\xb8");
	is_text(out, "x\xef\xbf\xbd\xef\xbf\xbd", "a character cut at the end is repaired");
}

static void printable(void)
{
	char out[64];

	text_printable(out, sizeof(out), "a\x1b[31mb\n\x7f\xc2\x9b");
	is_text(out, "a\\x1b[31mb\\x0a\\x7f\\x9b", "controls of C0 and C1 become visible");
	text_printable(out, sizeof(out),
		"\xe2\x80\xae"
		"abc");
	is_text(out,
		"\\u202e"
		"abc",
		"marks that turn the direction become visible");
	text_printable(out, sizeof(out),
		"Gr\xc3\xbc\xc3\x9f"
		"e");
	is_text(out,
		"Gr\xc3\xbc\xc3\x9f"
		"e",
		"letters stay");
	text_printable(out, 6, "abc\x01");
	is_text(out, "abc", "an escape is written whole or not at all");
	is_number(text_width("Gr\xc3\xbc\xc3\x9f"
			     "e"),
		5, "width counts characters");
}

static void patterns(void)
{
	ok(text_matches("eth*", "eth0"), "eth* matches eth0");
	ok(text_matches("*", ""), "* matches nothing");
	ok(text_matches("v*t?", "vnet7t1"), "stars go back");
	ok(!text_matches("eth?", "eth10"), "? is one character");
	ok(!text_matches("br0", "br01"), "the whole name counts");
	ok(text_equal_ignoring_case("Yes", "yES"), "case is ignored");
	ok(!text_equal_ignoring_case("yes", "yess"), "length is not");
}

static void mac_is(const char *text, const char *want)
{
	struct mac mac;
	char shown[MAC_TEXT_SIZE];
	bool good = mac_parse(text, &mac);

	is_text(good ? mac_format(&mac, shown) : NULL, want, "MAC '%s'", text);
}

static void addresses(void)
{
	mac_is("52:54:00:AA:bb:01", "52:54:00:aa:bb:01");
	mac_is("52-54-00-aa-bb-01", "52:54:00:aa:bb:01");
	mac_is("525400AABB01", "52:54:00:aa:bb:01");
	mac_is("5254.00aa.bb01", "52:54:00:aa:bb:01");
	mac_is("52:54:00:aa:bb", NULL);
	mac_is("52:54:00:aa:bb:01:02", NULL);
	mac_is("52:54:00:aa:bb:0", NULL);
	mac_is("52:54-00:aa:bb:01", NULL);
	mac_is("52::54:00:aa:bb:01", NULL);
	mac_is("52:5400:aa:bb:01", NULL);
	mac_is(":52:54:00:aa:bb:01", NULL);
	mac_is("52:54:00:aa:bb:01:", NULL);
	mac_is("52:54:00:aa:bb:0g", NULL);
	mac_is("web01", NULL);
	mac_is("", NULL);

	struct uuid id, same;
	char shown[UUID_TEXT_SIZE];
	ok(uuid_parse("{0F8FAD5B-D9CB-469F-A165-70867728950E}", &id), "a Windows GUID");
	is_text(uuid_format(&id, shown), "0f8fad5b-d9cb-469f-a165-70867728950e", "in lower case");
	ok(uuid_parse(shown, &same) && uuid_equal(&id, &same), "there and back");
	ok(!uuid_parse("0f8fad5b-d9cb-469f-a165-70867728950", &id), "a digit short");
	ok(!uuid_parse("0f8fad5b-d9cb-469f-a165-70867728950e1", &id), "a digit long");
	ok(!uuid_parse("0f8fad5bd9cb469fa16570867728950e", &id), "no dashes");
	ok(!uuid_parse("", &id), "nothing");
}

static void json_quoting(void)
{
	struct buffer buffer = {0};
	struct json json;

	json_start(&json, &buffer);
	json_object(&json, NULL);
	json_text(&json, "a\"b", "c\\d\n\x1b\x7f\xff");
	json_array(&json, "list");
	json_number(&json, NULL, -1);
	json_bool(&json, NULL, true);
	json_null(&json, NULL);
	json_object(&json, NULL);
	json_object_end(&json);
	json_array_end(&json);
	json_number(&json, "n", INT64_MIN);
	json_object_end(&json);
	is_text(buffer.data,
		"{\"a\\\"b\":\"c\\\\d\\n\\u001b\\u007f\xef\xbf\xbd\","
		"\"list\":[-1,true,null,{}],\"n\":-9223372036854775808}",
		"quotes, backslashes, controls and bytes that are no UTF-8");
	buffer_free(&buffer);
}

static void hashing(void)
{
	/* From the reference implementation of SipHash-1-3: key 00..0f, inputs of 0, 1 and 8 bytes.
	 */
	static const uint8_t bytes[8] = {0, 1, 2, 3, 4, 5, 6, 7};
	struct siphash_key key = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};

	ok(siphash13(&key, bytes, 0) == UINT64_C(0xabac0158050fc4dc), "SipHash-1-3 of nothing");
	ok(siphash13(&key, bytes, 1) != siphash13(&key, bytes, 2), "length counts");
	struct siphash_key other = {1, 2};
	ok(siphash13(&key, bytes, 8) != siphash13(&other, bytes, 8), "the key counts");
}

int main(void)
{
	copies_and_repairs();
	printable();
	patterns();
	addresses();
	json_quoting();
	hashing();
	return tap_done();
}
