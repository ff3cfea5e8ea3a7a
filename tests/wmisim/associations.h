/* SPDX-License-Identifier: MIT */
/*
 * associations.h - instances of association classes, stored or following from others
 */
#ifndef WMISIM_ASSOCIATIONS_H
#define WMISIM_ASSOCIATIONS_H

#include "wql.h"

/* The image is only borrowed. False ends it. */
typedef bool image_visit_fn(void *context, struct image *image);

/* All that can be seen of the class and its derived classes: stored ones and those that follow. */
void instances_each(const struct class *class, image_visit_fn *visit, void *context);

/* Answers ASSOCIATORS OF and REFERENCES OF. */
sim_status relations_each(const struct wql *query, enum name_space space, image_visit_fn *visit,
	void *context, struct wql_fault *fault);

#endif
