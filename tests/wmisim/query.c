/* SPDX-License-Identifier: MIT */
/*
 * query.c - from the text of a query to its objects
 */
#include <stdio.h>
#include <string.h>

#include "associations.h"
#include "com.h"
#include "heap.h"

struct search {
	const struct wql *query;
	struct result *result;
};

void result_add(struct result *result, const struct class *class, struct image *image)
{
	if (result->count == result->room) {
		result->room = result->room ? result->room * 2 : 16;
		result->items = heap_resize(result->items, result->room * sizeof(struct item));
	}
	result->items[result->count++] = (struct item){class, image ? image_retain(image) : NULL};
}

void result_free(struct result *result)
{
	for (size_t i = 0; i < result->count; i++)
		image_release(result->items[i].image);
	heap_free(result->items);
	*result = (struct result){0};
}

static sim_status refuse(
	struct wql_fault *fault, sim_status status, const char *why, const char *name)
{
	snprintf(fault->text, sizeof(fault->text), "%s: %.100s", why, name);
	return status;
}

static void choose(struct projection *projection, unsigned property)
{
	if (property < 256)
		projection->chosen[property / 64] |= (uint64_t)1 << property % 64;
}

/* The properties that were named; with the keys where a path was asked for. */
static void project(const struct wql *query, const struct class *class, bool locatable,
	struct projection *projection)
{
	bool keys = true;

	*projection = (struct projection){.all = query->all};
	for (unsigned i = 0; i < query->column_count; i++) {
		unsigned property = class_property(class, query->columns[i]);

		if (property != NO_PROPERTY)
			choose(projection, property);
		locatable |= fold_equal(query->columns[i], "__PATH") ||
			     fold_equal(query->columns[i], "__RELPATH");
	}
	for (unsigned i = 0; i < class->property_count; i++) {
		if (!(class->properties[i].flags & KEYED) || projection->all)
			continue;
		if (locatable)
			choose(projection, i);
		keys &= projection->chosen[i / 64] >> i % 64 & 1;
	}
	projection->locatable = keys;
}

static bool take_matching(void *context, struct image *image)
{
	struct search *search = context;

	if (wql_matches(search->query, image, world.host))
		result_add(search->result, image->class, image);
	return true;
}

static bool take(void *context, struct image *image)
{
	struct search *search = context;

	result_add(search->result, image->class, image);
	return true;
}

static sim_status run_select(const struct wql *query, enum name_space space, bool locatable,
	struct result *result, struct wql_fault *fault)
{
	const struct class *class = class_find(space, query->class_name);
	struct search search = {query, result};
	sim_status status;

	if (!class)
		return refuse(fault, SIM_INVALID_CLASS, "no such class", query->class_name);
	if (query->has_within)
		return refuse(fault, SIM_INVALID_QUERY, "WITHIN is for events", query->class_name);
	if (class->flags & (EVENT | PARAMETERS))
		return refuse(
			fault, SIM_INVALID_QUERY, "a class without instances", query->class_name);
	if (query->uses_like && world.like_refused)
		return refuse(fault, SIM_INVALID_QUERY, "LIKE is refused", query->class_name);
	status = wql_check(query, class, fault);
	if (status != SIM_OK)
		return status;
	if (world_refuses(REFUSE_QUERY, class->name, &status) ||
		(status = world_provider(class)) != SIM_OK)
		return status;
	project(query, class, locatable, &result->projection);
	instances_each(class, take_matching, &search);
	return SIM_OK;
}

static sim_status relate(const struct wql *query, enum name_space space, struct result *result,
	struct wql_fault *fault)
{
	struct search search = {query, result};
	sim_status status;

	if (world_refuses(REFUSE_QUERY, query->result_class, &status))
		return status;
	if (space == HYPERV && world.vmms == VMMS_FAILS)
		return world.vmms_error;
	result->projection = (struct projection){.all = true, .locatable = true};
	return relations_each(query, space, take, &search, fault);
}

sim_status query_run(enum name_space space, const char *text, bool locatable, struct result *result,
	struct wql_fault *fault)
{
	struct wql query;
	sim_status status = wql_parse(&query, text, fault);

	*result = (struct result){0};
	if (status == SIM_OK)
		status = query.kind == WQL_SELECT
				 ? run_select(&query, space, locatable, result, fault)
				 : relate(&query, space, result, fault);
	wql_free(&query);
	return status;
}
