/* SPDX-License-Identifier: MIT */
/*
 * uri.c - what can be meant as a libvirt URI (libvirt.org/uri.html)
 *
 * Only what can never work is refused here, so that a slip of the pen is told at once while a
 * host that is away is waited for. Names that libvirt.conf gives to URIs (uri_aliases) have no
 * scheme, and are refused.
 */
#include <libxml/uri.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/libvirt/libvirt_host.h"

static const char *const SCHEMES[] = {"qemu", "test", "xen", "lxc", "ch", "esx", "vpx", "gsx",
	"vmwareplayer", "vmwarews", "vmwarefusion", "bhyve", "vz", "virtuozzo", "parallels",
	"hyperv", "openvz", "vbox", "jailhouse"};

static const char *const TRANSPORTS[] = {"ssh", "unix", "tls", "tcp", "ext", "libssh", "libssh2"};

static bool is_one_of(const char *text, size_t length, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(list[i]) == length && memcmp(list[i], text, length) == 0)
			return true;
	}
	return false;
}

static bool is_well_formed(const char *uri)
{
	xmlURI *parsed = xmlParseURI(uri);
	bool good = parsed && parsed->scheme;

	xmlFreeURI(parsed);
	return good;
}

int libvirt_uri_check(const char *uri, struct error *error)
{
	static const char SCHEME_CHARACTERS[] = "abcdefghijklmnopqrstuvwxyz"
						"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.";
	if (!uri)
		return 0;
	size_t length = strspn(uri, SCHEME_CHARACTERS);
	if (length == 0 || uri[length] != ':')
		return error_set(error, ERR_USAGE,
			"'%s' is not a libvirt URI: it does not begin with a scheme, as "
			"qemu:///system does",
			uri);
	const char *plus = memchr(uri, '+', length);
	size_t driver = plus ? (size_t)(plus - uri) : length;
	if (!is_one_of(uri, driver, SCHEMES, sizeof(SCHEMES) / sizeof(SCHEMES[0])))
		return error_set(error, ERR_USAGE,
			"'%s' is not a libvirt URI: libvirt knows no '%.*s'", uri, (int)driver,
			uri);
	if (plus && !is_one_of(plus + 1, length - driver - 1, TRANSPORTS,
			    sizeof(TRANSPORTS) / sizeof(TRANSPORTS[0])))
		return error_set(error, ERR_USAGE,
			"'%s' is not a libvirt URI: libvirt has no transport '%.*s'", uri,
			(int)(length - driver - 1), plus + 1);
	if (!is_well_formed(uri))
		return error_set(error, ERR_USAGE,
			"'%s' is not a libvirt URI: it has characters where they cannot stand",
			uri);
	return 0;
}

bool libvirt_uri_is_embedded(const char *uri)
{
	return uri && strstr(uri, ":///embed") != NULL;
}

char *libvirt_uri_without_prompts(const char *uri)
{
	const char *colon = strchr(uri, ':');
	size_t scheme = colon ? (size_t)(colon - uri) : 0;
	bool ssh = scheme > 4 && memcmp(colon - 4, "+ssh", 4) == 0;

	if (!ssh || strstr(uri, "no_tty="))
		return strdup(uri);
	size_t size = strlen(uri) + sizeof("&no_tty=1");
	char *silent = malloc(size);
	if (silent)
		snprintf(silent, size, "%s%sno_tty=1", uri, strchr(uri, '?') ? "&" : "?");
	return silent;
}
