/* SPDX-License-Identifier: MIT */
/* What --connect takes on Windows. */
#include "host/hyperv/host_name.h"
#include "tap.h"

static void test_check(void)
{
	static const char *const GOOD[] = {"", ".", "localhost", "LOCALHOST", "hv1", "HV-01_A",
		"hv1.example.com", "hv1.example.com.", "192.0.2.7", "2001:db8::1", "::1",
		"fe80::1%12", "::ffff:192.0.2.7", "h\xc3\xb6st"};
	static const char *const BAD[] = {"qemu:///system", "qemu+ssh://host/system", "hv1:5985",
		"\\\\hv1", "hv1\\root", "a b", " hv1", "user@hv1", "a/b", "a..b", ".hv1", "-hv1",
		"hv1.-x", "hv1\n", "\xff", "h\"v", "2001:db8::1%", "2001:db8::g",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "::1 "};
	struct error error;
	char longest[300];

	is_number(host_name_check(NULL, &error), 0, "this host");
	for (size_t i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++)
		is_number(host_name_check(GOOD[i], &error), 0, "'%s' is one", GOOD[i]);
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		error.text[0] = '\0';
		is_number(host_name_check(BAD[i], &error), -ERR_USAGE, "number %zu is none", i);
		ok(error.text[0], "and it is said why");
	}
	host_name_check("qemu:///system", &error);
	ok(strstr(error.text, "on Windows --connect takes"), "a URI's user is told what to write");
	memset(longest, 'a', sizeof(longest));
	for (size_t i = 60; i < sizeof(longest); i += 60)
		longest[i] = '.';
	longest[256] = '\0';
	is_number(host_name_check(longest, &error), -ERR_USAGE, "256 characters are too many");
	longest[255] = '\0';
	is_number(host_name_check(longest, &error), 0, "255 are not");
}

static void test_local(void)
{
	ok(host_name_is_local(NULL) && host_name_is_local("") && host_name_is_local(".") &&
			host_name_is_local("LocalHost"),
		"names of this host");
	ok(!host_name_is_local("hv1") && !host_name_is_local("127.0.0.1") &&
			!host_name_is_local("localhost.example.com"),
		"names of others");
}

int main(void)
{
	test_check();
	test_local();
	return tap_done();
}
