/* SPDX-License-Identifier: MIT */
#include "host/machine.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/text.h"
#include "host/host.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const STATE_NAMES[] = {"other", "running", "off", "saved", "paused", "suspended",
	"starting", "stopping", "crashed"};
static_assert(COUNT(STATE_NAMES) == STATE_CRASHED + 1, "a name for each state");

static const char *const PAUSE_NAMES[] = {"administrator", "from-checkpoint", "unknown",
	"migration", "save", "dump", "io-error", "watchdog", "shutting-down", "checkpoint",
	"crashed", "starting-up", "postcopy", "postcopy-failed"};
static_assert(COUNT(PAUSE_NAMES) == PAUSE_POSTCOPY_FAILED + 1, "a name for each reason");

static const char *const KIND_NAMES[] = {"other", "synthetic", "emulated", "passthrough"};
static_assert(COUNT(KIND_NAMES) == ADAPTER_PASSTHROUGH + 1, "a name for each kind");

static const char *const TOOLS_NAMES[] = {"unknown", "absent", "disconnected", "connected"};
static_assert(COUNT(TOOLS_NAMES) == TOOLS_CONNECTED + 1, "a name for each state of the tools");

static const char *const ACTION_NAMES[] = {"start", "restore", "resume", "wakeup"};
static_assert(COUNT(ACTION_NAMES) == ACTION_WAKEUP + 1, "a name for each action");

const char *machine_state_name(enum machine_state state)
{
	return STATE_NAMES[state];
}

const char *machine_pause_name(enum machine_pause pause)
{
	return PAUSE_NAMES[pause];
}

const char *adapter_kind_name(enum adapter_kind kind)
{
	return KIND_NAMES[kind];
}

const char *guest_tools_name(enum guest_tools_state state)
{
	return TOOLS_NAMES[state];
}

const char *host_action_name(enum host_action action)
{
	return ACTION_NAMES[action];
}

void machine_clear(struct machine *machine)
{
	free(machine->adapters);
	*machine = (struct machine){0};
}

struct adapter *machine_add_adapter(struct machine *machine)
{
	size_t count = machine->adapter_count;

	if (count >= 4096)
		return NULL;
	/* Full at each power of two: room doubles then. */
	if ((count & (count - 1)) == 0) {
		size_t room = count ? count * 2 : 1;
		struct adapter *adapters = realloc(machine->adapters, room * sizeof(*adapters));

		if (!adapters)
			return NULL;
		machine->adapters = adapters;
	}
	struct adapter *adapter = &machine->adapters[machine->adapter_count++];
	*adapter = (struct adapter){0};
	return adapter;
}

static void trouble(struct machine_wake *wake, const char *key, const char *value, const char *why)
{
	char text[256];

	if (wake->trouble[0])
		return;
	snprintf(text, sizeof(text), "'%.60s' %s", value, why);
	text_copy(wake->trouble, sizeof(wake->trouble), text);
	text_copy(wake->trouble_key, sizeof(wake->trouble_key), key);
}

/*
 * 4 or 6 bytes as pairs of hexadecimal digits with ':' or '-' between, or without any
 * separator, or 4 bytes as a dotted quad, the two forms that senders take. 0: not understood.
 */
static uint8_t parse_secureon(const char *value, uint8_t bytes[6])
{
	unsigned quad[4];
	char rest;
	size_t digits = 0;

	if (sscanf(value, "%3u.%3u.%3u.%3u%c", &quad[0], &quad[1], &quad[2], &quad[3], &rest) ==
		4) {
		for (int i = 0; i < 4; i++) {
			if (quad[i] > 255)
				return 0;
			bytes[i] = (uint8_t)quad[i];
		}
		return 4;
	}
	for (const char *at = value; *at; at++) {
		int digit = hex_digit(*at);

		if (digit < 0) {
			if ((*at != ':' && *at != '-') || digits == 0 || digits % 2 != 0 ||
				hex_digit(at[-1]) < 0 || hex_digit(at[1]) < 0)
				return 0;
			continue;
		}
		if (digits == 12)
			return 0;
		if (digits % 2 == 0)
			bytes[digits / 2] = (uint8_t)(digit << 4);
		else
			bytes[digits / 2] |= (uint8_t)digit;
		digits++;
	}
	return digits == 8 || digits == 12 ? (uint8_t)(digits / 2) : 0;
}

static void set_allow(struct machine_wake *wake, const char *value)
{
	static const char *const YES[] = {"yes", "true", "on", "1"};
	static const char *const NO[] = {"no", "false", "off", "0"};

	for (size_t i = 0; i < COUNT(YES); i++) {
		if (text_equal_ignoring_case(value, YES[i]))
			return;
	}
	wake->denied = true;
	for (size_t i = 0; i < COUNT(NO); i++) {
		if (text_equal_ignoring_case(value, NO[i]))
			return;
	}
	trouble(wake, "allow", value, "is neither yes nor no; the machine is not woken");
}

void machine_wake_set(struct machine_wake *wake, const char *key, const char *value)
{
	if (strcmp(key, "allow") == 0) {
		set_allow(wake, value);
	} else if (strcmp(key, "secureon") == 0) {
		wake->secureon_length = parse_secureon(value, wake->secureon);
		wake->secureon_unusable = wake->secureon_length == 0;
		if (wake->secureon_unusable)
			trouble(wake, "secureon", "(not shown)",
				"is not 4 or 6 bytes; no password fits, the machine is not woken");
	} else {
		trouble(wake, key, value, "belongs to no known key (allow, secureon)");
	}
}
