/* SPDX-License-Identifier: MIT */
/*
 * host_name.c - what can be meant as a host's name
 *
 * As with libvirt's URIs only what can never work is refused: a slip of the pen is told at once,
 * while a host that is away is waited for. Names are those of DNS and NetBIOS (also outside of
 * ASCII), and addresses of IPv4 and IPv6.
 */
#include <string.h>

#include "base/hex.h"
#include "base/text.h"
#include "host/hyperv/host_name.h"

enum { NAME_MAX_BYTES = 255, LABEL_MAX = 63 };

bool host_name_is_local(const char *name)
{
	return !name || !*name || strcmp(name, ".") == 0 ||
	       text_equal_ignoring_case(name, "localhost");
}

static bool has_scheme(const char *name)
{
	size_t length = strcspn(name, ":/\\ ");

	return length > 0 && name[length] == ':' && name[length + 1] == '/';
}

/* Two colons at least, and nothing but what an IPv6 address (with a zone) is written with. */
static bool is_ipv6(const char *name)
{
	unsigned colons = 0;

	for (; *name && *name != '%'; name++) {
		if (*name == ':')
			colons++;
		else if (hex_digit(*name) < 0 && *name != '.')
			return false;
	}
	return colons >= 2 &&
	       (*name == '\0' || (name[1] && strcspn(name, ":/\\ ") == strlen(name)));
}

static bool may_stand_in_name(uint32_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '-' || c == '_' || c == '.' || (c >= 0x80 && !text_is_control(c));
}

/* Labels between dots, none of them empty but a last one, none that begins with a hyphen. */
static bool has_good_labels(const char *name)
{
	while (*name) {
		size_t length = strcspn(name, ".");

		if (length == 0 || length > LABEL_MAX || name[0] == '-')
			return false;
		name += length;
		if (*name == '.')
			name++;
	}
	return true;
}

int host_name_check(const char *name, struct error *error)
{
	if (host_name_is_local(name))
		return 0;
	size_t length = strlen(name);
	if (has_scheme(name))
		return error_set(error, ERR_USAGE,
			"'%s' is not a host's name: on Windows --connect takes the name or the "
			"address of a Hyper-V host, not a URI",
			name);
	if (length > NAME_MAX_BYTES)
		return error_set(error, ERR_USAGE, "a host's name is not longer than %d characters",
			NAME_MAX_BYTES);
	if (name[0] == '\\')
		return error_set(error, ERR_USAGE,
			"'%s' is not a host's name: write it without backslashes", name);
	if (is_ipv6(name))
		return 0;
	for (size_t at = 0; at < length;) {
		uint32_t c;
		size_t take = text_decode(name + at, length - at, &c);

		if (!take || !may_stand_in_name(c)) {
			char shown[16];

			text_copy_bytes(shown, sizeof(shown), name + at, take ? take : 1);
			return error_set(error, ERR_USAGE,
				"'%s' is not a host's name: '%s' cannot stand in one", name, shown);
		}
		at += take;
	}
	if (!has_good_labels(name))
		return error_set(error, ERR_USAGE,
			"'%s' is not a host's name: a part of it is empty, too long, or begins "
			"with a hyphen",
			name);
	return 0;
}
