/* SPDX-License-Identifier: MIT */
#ifndef WMISIM_METHODS_H
#define WMISIM_METHODS_H

#include "store.h"
#include "wql.h"

/* *out: the out parameters, for the caller. `in` may be NULL. */
sim_status method_execute(struct entity *entity, const struct method *method,
	const struct image *in, struct image **out, struct wql_fault *fault);

#endif
