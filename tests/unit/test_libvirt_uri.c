/* SPDX-License-Identifier: MIT */
/* Which URIs can be meant for libvirt, and how they are kept from asking questions. */
#include <stdlib.h>

#include "host/libvirt/libvirt_host.h"
#include "tap.h"

static void test_check(void)
{
	static const char *const GOOD[] = {"qemu:///system", "qemu:///session",
		"qemu:///embed?root=/x", "test:///default", "test:///etc/machines.xml",
		"qemu+ssh://root@host:22/system", "qemu://[::1]/system",
		"test+unix:///x.xml?socket=/run/sock", "lxc:///", "xen:///system",
		"esx://user@host/?no_verify=1", "qemu+libssh2://host/system", "vbox:///session"};
	static const char *const BAD[] = {"", " ", "foo", "qemu", "/system", "://", ":///system",
		"qemu:///system ", " qemu:///system", "test:///a b", "http://host/",
		"QEMU:///system", "qemu+carrier-pigeon://host/system", "qemu+://host/system",
		"+ssh://host/", "qemu+ssh+tcp://host/", "qemu://[::1/system",
		"qemu://host%zz/system", "qemu:///sys\ntem", "q\xc3\xa9mu:///system",
		"qemux:///system", "qem:///system"};
	struct error error;

	is_number(libvirt_uri_check(NULL, &error), 0, "the default");
	for (size_t i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++)
		is_number(libvirt_uri_check(GOOD[i], &error), 0, "'%s' is one", GOOD[i]);
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		error.text[0] = '\0';
		is_number(libvirt_uri_check(BAD[i], &error), -ERR_USAGE, "number %zu is none", i);
		ok(error.text[0], "and it is said why");
	}
}

static void test_prompts(void)
{
	static const char *const URIS[][2] = {
		{"qemu:///system", "qemu:///system"},
		{"qemu+tls://ssh/system", "qemu+tls://ssh/system"},
		{"qemu+ssh://host/system", "qemu+ssh://host/system?no_tty=1"},
		{"qemu+ssh://host/system?keyfile=/k", "qemu+ssh://host/system?keyfile=/k&no_tty=1"},
		{"qemu+ssh://host/system?no_tty=0", "qemu+ssh://host/system?no_tty=0"},
		{"x", "x"},
	};

	for (size_t i = 0; i < sizeof(URIS) / sizeof(URIS[0]); i++) {
		char *silent = libvirt_uri_without_prompts(URIS[i][0]);

		is_text(silent, URIS[i][1], "no questions from %s", URIS[i][0]);
		free(silent);
	}
	ok(libvirt_uri_is_embedded("qemu:///embed?root=/x"), "run by ourselves");
	ok(!libvirt_uri_is_embedded("qemu:///system") && !libvirt_uri_is_embedded(NULL),
		"run by a daemon");
}

int main(void)
{
	test_check();
	test_prompts();
	return tap_done();
}
