/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "com.h"
#include "system.h"

bool call_wait(unsigned epoch, uint64_t until)
{
	while (system_now() < until && (epoch == ALIVE_ALWAYS || epoch == world.epoch))
		system_wait(until);
	world_enter();
	return epoch == ALIVE_ALWAYS || epoch == world.epoch;
}

static bool is_alive(unsigned epoch)
{
	return epoch == ALIVE_ALWAYS || (epoch == world.epoch && !world.winmgmt_down);
}

sim_status call_enter(const char *name, unsigned epoch, bool may_be_slow)
{
	bool was_alive;

	system_lock();
	world_enter();
	world_count_call(name);
	was_alive = is_alive(epoch);
	while (system_now() < world.hang_until) {
		system_wait(world.hang_until);
		world_enter();
	}
	if (may_be_slow && world.slow > 0)
		call_wait(epoch, system_now() + world.slow);
	if (is_alive(epoch))
		return SIM_OK;
	return was_alive ? world.down_pending : world.down_call;
}

HRESULT call_leave(const char *name, sim_status status)
{
	char line[96];

	snprintf(line, sizeof(line), "%s 0x%08x", name, status);
	log_line(line);
	system_unlock();
	return (HRESULT)status;
}
