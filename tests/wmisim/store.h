/* SPDX-License-Identifier: MIT */
/*
 * store.h - the instances that exist now
 *
 * One entity an instance; it always has a newest image. All calls are made with the simulator's
 * lock held, and a visitor must not change the store.
 */
#ifndef WMISIM_STORE_H
#define WMISIM_STORE_H

#include "image.h"
#include "path.h"
#include "status.h"

struct entity {
	struct image *image;
	struct entity *next; /* with the same hash */
	uint32_t hash;
};

/* Told of every change, before it is done. old NULL: created; fresh NULL: deleted. */
typedef void store_observer_fn(struct image *old, struct image *fresh);
extern store_observer_fn *store_observer;

/* Takes the image: creates the instance or replaces the one with the same keys. */
struct entity *store_put(struct image *image);
void store_change(struct entity *entity, const struct values *changes);
void store_delete(struct entity *entity);
void store_delete_all(void);

/* By the value of its key, without regard to CreationClassName keys; exactly this class. */
struct entity *store_find(const struct class *class, const char *key);
struct entity *store_find_same(const struct image *image);
/* SIM_NOT_FOUND, SIM_INVALID_OBJECT_PATH, SIM_INVALID_CLASS. Server and name space are not looked
 * at. */
sim_status store_find_path(enum name_space space, const struct path *path, struct entity **entity);

typedef bool store_visit_fn(void *context, struct entity *entity); /* false ends it */
/* Instances of the class and of those derived from it. */
void store_each(const struct class *class, store_visit_fn *visit, void *context);
size_t store_count(void);

#endif
