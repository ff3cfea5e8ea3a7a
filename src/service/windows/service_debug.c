/* SPDX-License-Identifier: MIT */
/*
 * service_debug.c - debug mode, by the registry value DebugMode
 *
 * The value is applied at the start and whenever it has changed. Windows tells of a change
 * anywhere in the key, so the value is compared with what it was: debug mode that was switched
 * otherwise (`run --debug`) stays while another value changes. A value that is deleted or makes
 * no sense leaves the mode as it is.
 */
#include <stdio.h>
#include <string.h>

#include "service/debug_value.h"
#include "service/windows/names.h"
#include "service/windows/service_state.h"

/* An event about the value itself: reason NULL for 9002. */
static void emit_value(struct service *service, int id, const char *reason)
{
	char key[sizeof(service->core.paths.state) + sizeof(DEBUG_VALUE_NAME) + 1];

	snprintf(key, sizeof(key), "%s\\%s", service->core.paths.state, DEBUG_VALUE_NAME);
	service_core_emit_key(&service->core, id, key, reason);
}

/* bytes beyond the value are zeroes. */
static bool same_value(const struct registry_value *a, const struct registry_value *b)
{
	return a->exists == b->exists && a->type == b->type && a->length == b->length &&
	       memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* Reads the value; false when it is what it was. */
static bool value_changed(struct service *service)
{
	struct registry_value now;
	struct error error = {0};

	if (registry_read_value(service->core.paths.state, DEBUG_VALUE_NAME, &now, &error) < 0) {
		/* Told once: what cannot be opened is taken as a value of no type. */
		now = (struct registry_value){.exists = true, .type = UINT32_MAX};
		if (same_value(&now, &service->debug))
			return false;
		service_core_emit_key(&service->core, 1012, service->core.paths.state, error.text);
		service->debug = now;
		return false;
	}
	if (same_value(&now, &service->debug))
		return false;
	service->debug = now;
	return true;
}

/* What the value asks for; *on stays when it asks for nothing. */
static void judge_value(struct service *service, bool *on)
{
	const struct registry_value *value = &service->debug;
	const char *why = "the value is too long";
	enum debug_value read = DEBUG_VALUE_UNUSABLE;

	if (!value->exists) {
		emit_value(service, 9002, NULL);
		return;
	}
	if (value->length <= sizeof(value->bytes))
		read = debug_value_read(value->type, value->bytes, value->length, &why);
	if (read == DEBUG_VALUE_UNUSABLE)
		emit_value(service, 1011, why);
	else
		*on = read == DEBUG_VALUE_ON;
}

void service_begin_debug(struct service *service)
{
	bool on = false;

	if (value_changed(service)) /* zero is a value that does not exist */
		judge_value(service, &on);
	if (on || service->core.options->debug)
		service_core_set_debug(&service->core, true, NULL);
}

void service_check_debug(struct service *service)
{
	bool was = recorder_debug(service->core.recorder), on = was;

	if (!value_changed(service))
		return;
	judge_value(service, &on);
	if (on != was)
		service_core_set_debug(&service->core, on, NULL);
}
