/* SPDX-License-Identifier: MIT */
/*
 * store.c - a hash of the keys, and for each class its instances in the order of creation
 */
#include "store.h"

#include <stdlib.h>
#include <string.h>

#include "heap.h"

enum { BUCKETS = 8192 };

static struct {
	struct entity *buckets[BUCKETS];
	size_t count;
} store;

store_observer_fn *store_observer;

/* Keys that only repeat the class are no part of the hash, so that one value finds a machine. */
static bool is_telling(const struct property *property)
{
	return (property->flags & KEYED) && !fold_equal(property->name, "CreationClassName") &&
	       !fold_equal(property->name, "SystemCreationClassName");
}

static uint32_t hash_value(uint32_t hash, const struct value *value)
{
	if (!value)
		return hash;
	if (value->kind == VALUE_TEXT)
		return fold_hash(hash, value->text);
	return fold_hash_char(hash, (unsigned)value->number);
}

static uint32_t hash_image(const struct image *image)
{
	const struct class *class = image->class;
	uint32_t hash = class->hash;

	for (unsigned i = 0; i < class->property_count; i++) {
		if (is_telling(&class->properties[i]))
			hash = hash_value(hash, image_value(image, i));
	}
	return hash;
}

static bool same_key(const struct value *left, const struct value *right)
{
	if (!left || !right)
		return left == right;
	if (left->kind == VALUE_TEXT && right->kind == VALUE_TEXT)
		return fold_equal(left->text, right->text);
	return value_same(left, right);
}

static bool same_keys(const struct image *left, const struct image *right)
{
	if (left->class != right->class)
		return false;
	for (unsigned i = 0; i < left->class->property_count; i++) {
		if ((left->class->properties[i].flags & KEYED) &&
			!same_key(image_value(left, i), image_value(right, i)))
			return false;
	}
	return true;
}

struct entity *store_find_same(const struct image *image)
{
	uint32_t hash = hash_image(image);
	struct entity *entity = store.buckets[hash % BUCKETS];

	while (entity && (entity->hash != hash || !same_keys(entity->image, image)))
		entity = entity->next;
	return entity;
}

/* The class in the table: only that one carries the list of its instances. */
static struct class *list_of(const struct image *image)
{
	return class_find(image->class->space, image->class->name);
}

static void append(struct class *class, struct entity *entity)
{
	if (class->entity_count == class->entity_capacity) {
		class->entity_capacity = class->entity_capacity ? class->entity_capacity * 2 : 8;
		class->entities = heap_resize(
			class->entities, class->entity_capacity * sizeof(struct entity *));
	}
	class->entities[class->entity_count++] = entity;
}

struct entity *store_put(struct image *image)
{
	struct entity *entity = store_find_same(image);

	if (store_observer)
		store_observer(entity ? entity->image : NULL, image);
	if (entity) {
		image_release(entity->image);
		entity->image = image;
		return entity;
	}
	entity = heap_alloc(sizeof(*entity));
	entity->image = image;
	entity->hash = hash_image(image);
	entity->next = store.buckets[entity->hash % BUCKETS];
	store.buckets[entity->hash % BUCKETS] = entity;
	append(list_of(image), entity);
	store.count++;
	return entity;
}

void store_change(struct entity *entity, const struct values *changes)
{
	struct image *fresh = image_changed(entity->image, changes);

	if (!same_keys(entity->image, fresh))
		abort(); /* commands refuse to change a key */
	if (store_observer)
		store_observer(entity->image, fresh);
	image_release(entity->image);
	entity->image = fresh;
}

void store_delete(struct entity *entity)
{
	struct entity **link = &store.buckets[entity->hash % BUCKETS];
	struct class *class = list_of(entity->image);
	size_t at = 0;

	if (store_observer)
		store_observer(entity->image, NULL);
	while (*link != entity)
		link = &(*link)->next;
	*link = entity->next;
	while (class->entities[at] != entity)
		at++;
	class->entity_count--;
	memmove(&class->entities[at], &class->entities[at + 1],
		(class->entity_count - at) * sizeof(struct entity *));
	store.count--;
	image_release(entity->image);
	heap_free(entity);
}

void store_delete_all(void)
{
	struct class *class;

	for (size_t i = 0; (class = class_at(i)); i++) {
		while (class->entity_count > 0)
			store_delete(class->entities[class->entity_count - 1]);
	}
}

struct entity *store_find(const struct class *class, const char *key)
{
	uint32_t hash = fold_hash(class->hash, key);

	for (struct entity *entity = store.buckets[hash % BUCKETS]; entity; entity = entity->next) {
		const struct image *image = entity->image;

		if (entity->hash != hash || image->class != class)
			continue;
		for (unsigned i = 0; i < class->property_count; i++) {
			const struct value *value = image_value(image, i);

			if (is_telling(&class->properties[i]) && value &&
				value->kind == VALUE_TEXT && fold_equal(value->text, key))
				return entity;
		}
	}
	return NULL;
}

/* The path's keys as an image that has nothing but keys; NULL where they are not the class's. */
static struct image *key_image(const struct class *class, const struct path *path)
{
	struct values values;
	unsigned keys = 0;

	values_begin(&values, class);
	for (unsigned i = 0; i < class->property_count; i++) {
		const struct property *property = &class->properties[i];
		unsigned given = 0;
		int64_t number;

		if (!(property->flags & KEYED))
			continue;
		keys++;
		while (given < path->key_count && path->key_names[given][0] &&
			!fold_equal(path->key_names[given], property->name))
			given++;
		if (given == path->key_count)
			return NULL;
		if (property->type == TYPE_STRING || property->type == TYPE_REFERENCE ||
			property->type == TYPE_DATETIME)
			values_text(&values, property->name, path->key_values[given]);
		else if (parse_number(path->key_values[given], &number))
			values_number(&values, property->name, number);
		else
			return NULL;
	}
	return keys > 0 && keys == path->key_count ? image_new(&values) : NULL;
}

sim_status store_find_path(enum name_space space, const struct path *path, struct entity **entity)
{
	const struct class *class = class_find(space, path->class_name), *derived;
	struct image *keys;

	*entity = NULL;
	if (!class)
		return SIM_INVALID_CLASS;
	keys = key_image(class, path);
	if (!keys)
		return SIM_INVALID_OBJECT_PATH;
	for (size_t i = 0; !*entity && (derived = class_at(i)); i++) {
		if (derived->entity_count == 0 || !class_isa(derived, class))
			continue;
		keys->class = derived; /* derived classes keep the numbers of properties */
		*entity = store_find_same(keys);
	}
	image_release(keys);
	return *entity ? SIM_OK : SIM_NOT_FOUND;
}

void store_each(const struct class *class, store_visit_fn *visit, void *context)
{
	const struct class *derived;

	for (size_t i = 0; (derived = class_at(i)); i++) {
		if (derived->entity_count == 0 || !class_isa(derived, class))
			continue;
		for (size_t entity = 0; entity < derived->entity_count; entity++) {
			if (!visit(context, derived->entities[entity]))
				return;
		}
	}
}

size_t store_count(void)
{
	return store.count;
}
