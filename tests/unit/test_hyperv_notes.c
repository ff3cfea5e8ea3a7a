/* SPDX-License-Identifier: MIT */
/* Our settings among an administrator's notes. */
#include "host/hyperv/notes.h"
#include "tap.h"

static struct machine_wake read(const char *text)
{
	struct machine_wake wake = {0};

	notes_read(text, &wake);
	return wake;
}

static void test_good(void)
{
	struct machine_wake wake =
		read("Owner: Kim\r\nhypervive: allow=yes secureon=01:02:03:04:05:06\r\nmore");

	ok(!wake.denied && !wake.trouble[0], "allowed");
	is_number(wake.secureon_length, 6, "with a password");
	is_number(wake.secureon[5], 6, "of these bytes");
	ok(read("hypervive: allow=no").denied, "forbidden");
	ok(read("  HyperVive :ALLOW=NO").denied, "in any case, with blanks, or without");
	ok(read("a\rhypervive:\tallow=\"no\"").denied, "after a lone carriage return, quoted");
	ok(read("hypervive: allow='no'").denied, "with the other quotes");
	wake = read("hypervive: secureon=192.168.2.1, allow=no;");
	is_number(wake.secureon_length, 4, "with commas");
	ok(wake.denied && !wake.trouble[0], "and semicolons");
	wake = read("hypervive: allow=no\nhypervive: secureon=01020304");
	ok(wake.denied && wake.secureon_length == 4, "on two lines");
	wake = read("hypervive:\nallow=no");
	ok(!wake.denied && !wake.trouble[0], "a line ends with the line");
	wake = read("hypervive:   \n\nhypervive:");
	ok(!wake.denied && !wake.trouble[0], "nothing said is nothing meant");
}

static void test_others(void)
{
	static const char *const OTHERS[] = {"", "\n\n", "allow=no", "hyperviv", "hypervive",
		"hypervive allow=no", "this is hypervive: allow=no", "hyperviver: allow=no",
		"xhypervive: allow=no", "hyperv\nive: allow=no"};

	for (size_t i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++) {
		struct machine_wake wake = read(OTHERS[i]);

		ok(!wake.denied && !wake.trouble[0] && !wake.secureon_length,
			"number %zu is not for us", i);
	}
}

static void test_bad(void)
{
	struct machine_wake wake = read("hypervive: allow=nope");

	ok(wake.denied, "what is neither yes nor no denies");
	is_text(wake.trouble_key, "allow", "and is told");
	ok(read("hypervive: allow=").denied, "an empty value denies");
	ok(read("hypervive: allow=\"\"").denied, "a quoted empty one too");
	ok(read("hypervive: allow=yesyesyesyesyesyesyesyesyesyesyesyesyesyesyesyesyesyesyesyes")
			.denied,
		"a value that is too long is no yes");
	wake = read("hypervive: secureon=01:02:03");
	ok(wake.secureon_unusable && !wake.secureon_length, "half a password fits nobody");
	wake = read("hypervive: secureon=01:02:03:04:05:06:07");
	ok(wake.secureon_unusable, "nor does a longer one");
	wake = read("hypervive: alow=no");
	is_text(wake.trouble_key, "alow", "a misspelt key is told");
	wake = read("hypervive: no");
	is_text(wake.trouble_key, "no", "a word alone too");
	wake = read("hypervive: =no");
	ok(wake.trouble[0], "and a value alone");
	wake = read("hypervive: aveeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeerylongkey=1");
	ok(wake.trouble[0], "and an endless key");
	wake = read("hypervive: allow=no allow=yes");
	ok(wake.denied, "who forbids and allows has forbidden");
}

int main(void)
{
	test_good();
	test_others();
	test_bad();
	return tap_done();
}
