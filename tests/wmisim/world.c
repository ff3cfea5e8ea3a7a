/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "jobs.h"
#include "machines.h"
#include "notifications.h"
#include "system.h"

struct world world;

void world_reset(void)
{
	unsigned epoch = world.epoch;
	long open[OBJECT_KINDS];

	jobs_reset();
	store_delete_all();
	memcpy(open, world.open, sizeof(open));
	world = (struct world){
		.now = system_now(),
		.host = "HVHOST",
		.within_factor = 1,
		.vmms_error = SIM_PROVIDER_LOAD_FAILURE,
		.epoch = epoch,
		.down_call = SIM_SERVER_UNAVAILABLE,
		.down_pending = SIM_CALL_FAILED,
		.down_connect = SIM_SERVICE_DISABLED,
	};
	memcpy(world.open, open, sizeof(open));
	machines_make_host();
	store_observer = notifications_observe;
}

void world_enter(void)
{
	jobs_advance(system_now());
}

bool world_refuses(enum refusal refusal, const char *name, sim_status *code)
{
	const struct refusal_list *list = &world.refusals[refusal];

	for (unsigned i = 0; i < list->count; i++) {
		if (!list->list[i].name[0] || (name && fold_equal(list->list[i].name, name))) {
			*code = list->list[i].code;
			return true;
		}
	}
	return false;
}

void world_count_call(const char *name)
{
	world.call_total++;
	for (unsigned i = 0; i < CALL_NAMES; i++) {
		if (!world.calls[i].name)
			world.calls[i].name = name;
		if (strcmp(world.calls[i].name, name) == 0) {
			world.calls[i].count++;
			return;
		}
	}
}

sim_status world_reject(const char *call, sim_status status, const char *format, ...)
{
	char why[240];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, sizeof(why), format, arguments);
	va_end(arguments);
	world.rejections++;
	snprintf(world.last_rejection, sizeof(world.last_rejection), "%s 0x%08x: %s", call, status,
		why);
	return status;
}

sim_status world_provider(const struct class *class)
{
	if (class->space == HYPERV && world.vmms == VMMS_FAILS && (class->flags & DYNAMIC))
		return world.vmms_error;
	return SIM_OK;
}

bool world_shows(const struct class *class)
{
	return class->space != HYPERV || (world.vmms != VMMS_EMPTY && !world.machines_hidden);
}
