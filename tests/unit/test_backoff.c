/* SPDX-License-Identifier: MIT */
#include "service/backoff.h"
#include "tap.h"

int main(void)
{
	static const unsigned WAITS[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
	struct backoff backoff = {0};

	for (size_t i = 0; i < sizeof(WAITS) / sizeof(WAITS[0]); i++)
		is_number(backoff_next(&backoff), WAITS[i], "wait %zu", i + 1);
	for (int i = 0; i < 1000; i++)
		backoff_next(&backoff);
	is_number(backoff_next(&backoff), 60000, "stays at a minute");
	backoff_reset(&backoff);
	is_number(backoff_next(&backoff), 1000, "begins anew after a success");
	is_number(backoff_next(&backoff), 2000, "and doubles again");
	backoff_reset(&backoff);
	backoff_reset(&backoff);
	is_number(backoff_next(&backoff), 1000, "resetting twice is once");
	return tap_done();
}
