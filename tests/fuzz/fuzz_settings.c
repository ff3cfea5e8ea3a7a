/* SPDX-License-Identifier: MIT */
/* fuzz_settings.c - any bytes as a settings file, and the same read on top of what they gave */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "service/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition)
{
	if (!condition)
		abort();
}

static void demand_utf8(const char *text)
{
	size_t length = strlen(text);

	for (size_t at = 0; at < length;) {
		uint32_t c;
		size_t take = text_decode(text + at, length - at, &c);

		demand(take > 0);
		at += take;
	}
}

static void count_trouble(void *context, unsigned line, const char *key, const char *why)
{
	unsigned *count = context;

	demand(++*count <= 21);
	demand(line > 0);
	demand_utf8(key);
	demand_utf8(why);
	demand(*why != '\0');
}

static void demand_rate(const struct rate *rate)
{
	demand(rate->count == 0 || (rate->seconds >= 1 && rate->seconds <= 86400));
}

static void demand_sound(const struct settings *settings)
{
	const struct wake_policy *wake = &settings->wake;

	demand_utf8(settings->connect);
	demand_utf8(settings->log_file);
	demand(settings->log_file[0] == '\0' || settings->log_file[0] == '/');
	demand(wake->interface_count <= POLICY_LIST_MAX && wake->vlan_count <= POLICY_LIST_MAX);
	demand(wake->sender_count <= POLICY_LIST_MAX && wake->network_count <= POLICY_LIST_MAX);
	for (unsigned i = 0; i < wake->interface_count; i++) {
		demand(memchr(wake->interfaces[i], '\0', FRAME_INTERFACE_SIZE));
		demand(wake->interfaces[i][0] != '\0');
	}
	for (unsigned i = 0; i < wake->vlan_count; i++)
		demand(wake->vlans[i].first <= wake->vlans[i].last && wake->vlans[i].last <= 4094);
	for (unsigned i = 0; i < wake->network_count; i++) {
		demand(wake->networks[i].length == 4 || wake->networks[i].length == 16);
		demand(wake->networks[i].prefix <= wake->networks[i].length * 8);
	}
	demand_rate(&wake->sender_rate);
	demand_rate(&wake->total_rate);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct settings settings, again;
	unsigned count = 0;

	settings_defaults(&settings);
	settings_read(&settings, (const char *)data, size, count_trouble, &count);
	demand_sound(&settings);

	/* The same text once more changes nothing, and says the same. */
	unsigned count_again = 0;
	again = settings;
	settings_read(&again, (const char *)data, size, count_trouble, &count_again);
	demand(count == count_again);
	demand(strcmp(again.connect, settings.connect) == 0);
	demand(strcmp(again.log_file, settings.log_file) == 0);
	demand(again.wake.vlan_count == settings.wake.vlan_count);
	demand(again.wake.interface_count == settings.wake.interface_count);
	return 0;
}
