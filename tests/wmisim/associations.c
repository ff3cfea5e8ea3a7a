/* SPDX-License-Identifier: MIT */
/*
 * associations.c - who belongs to whom
 *
 * Theory of operation: a machine's settings, its devices and a checkpoint's machine are told by
 * their keys, so those associations are not stored: a rule makes their instances when somebody
 * asks, for one end or for all. What has no rule is stored like any instance.
 */
#include "associations.h"

#include <stdio.h>
#include <string.h>

#include "heap.h"
#include "machines.h"
#include "world.h"

struct maker {
	const struct class *class;
	const char *first, *second; /* the references */
	image_visit_fn *visit;
	void *context;
	const struct image *end; /* only what has this at an end; NULL: all */
	bool stopped;
};

static void make(struct maker *maker, const struct image *first, const struct image *second)
{
	struct buffer first_path = {0}, second_path = {0};
	struct values values;
	struct image *image;

	if (maker->stopped || (maker->end && maker->end != first && maker->end != second))
		return;
	path_write(&first_path, world.host, first);
	path_write(&second_path, world.host, second);
	values_begin(&values, maker->class);
	values_text(&values, maker->first, first_path.text);
	values_text(&values, maker->second, second_path.text);
	image = image_new(&values);
	maker->stopped = !maker->visit(maker->context, image);
	image_release(image);
	buffer_free(&first_path);
	buffer_free(&second_path);
}

static bool is_snapshot(const struct image *settings)
{
	return fold_starts(
		image_text(settings, "VirtualSystemType"), "Microsoft:Hyper-V:Snapshot:");
}

/* Settings -> their machine. */
static bool define_state(void *context, struct entity *settings)
{
	struct maker *maker = context;
	struct entity *machine =
		machine_find(image_text(settings->image, "VirtualSystemIdentifier"));

	if (machine && !is_snapshot(settings->image))
		make(maker, machine->image, settings->image);
	return !maker->stopped;
}

static bool snapshot_of(void *context, struct entity *settings)
{
	struct maker *maker = context;
	struct entity *machine =
		machine_find(image_text(settings->image, "VirtualSystemIdentifier"));

	if (machine && is_snapshot(settings->image))
		make(maker, machine->image, settings->image);
	return !maker->stopped;
}

/* Adapters and connections -> the settings whose GUID their InstanceID begins with. */
static bool component_of(void *context, struct entity *part)
{
	struct maker *maker = context;
	const char *id = image_text(part->image, "InstanceID");
	char text[GUID_SIZE], guid[GUID_SIZE];
	struct entity *settings = NULL;

	if (fold_starts(id, "Microsoft:") && strlen(id) > 10 + GUID_SIZE) {
		snprintf(text, sizeof(text), "%.36s", id + 10);
		if (guid_read(guid, text))
			settings = settings_find(guid);
	}
	if (settings)
		make(maker, settings->image, part->image);
	return !maker->stopped;
}

static bool device_of(void *context, struct entity *device)
{
	struct maker *maker = context;
	struct entity *machine = machine_find(image_text(device->image, "SystemName"));

	if (machine)
		make(maker, machine->image, device->image);
	return !maker->stopped;
}

static bool owned_job(void *context, struct entity *job)
{
	struct maker *maker = context;
	const struct class *class = hyperv_class("Msvm_VirtualSystemManagementService");

	if (class->entity_count > 0)
		make(maker, job->image, class->entities[0]->image);
	return !maker->stopped;
}

static const struct rule_row {
	const char *class, *first, *second;
	const char *walks; /* the class each instance of which has at most one partner */
	store_visit_fn *make;
} made_by_rule[] = {
	{"Msvm_SettingsDefineState", "ManagedElement", "SettingData",
		"Msvm_VirtualSystemSettingData", define_state},
	{"Msvm_SnapshotOfVirtualSystem", "Antecedent", "Dependent", "Msvm_VirtualSystemSettingData",
		snapshot_of},
	{"Msvm_VirtualSystemSettingDataComponent", "GroupComponent", "PartComponent",
		"CIM_ResourceAllocationSettingData", component_of},
	{"Msvm_SystemDevice", "GroupComponent", "PartComponent", "CIM_LogicalDevice", device_of},
	{"Msvm_OwningJobElement", "OwnedElement", "OwningElement", "CIM_ConcreteJob", owned_job},
};

static bool apply_rules(
	const struct class *class, const struct image *end, image_visit_fn *visit, void *context)
{
	for (size_t i = 0; i < sizeof(made_by_rule) / sizeof(made_by_rule[0]); i++) {
		const struct rule_row *rule = &made_by_rule[i];
		struct maker maker = {hyperv_class(rule->class), rule->first, rule->second, visit,
			context, end, false};

		if (class_isa(maker.class, class))
			store_each(hyperv_class(rule->walks), rule->make, &maker);
		if (maker.stopped)
			return false;
	}
	return true;
}

struct stored {
	image_visit_fn *visit;
	void *context;
	bool stopped;
};

static bool visit_stored(void *context, struct entity *entity)
{
	struct stored *stored = context;

	if (!world_shows(entity->image->class))
		return true;
	stored->stopped = !stored->visit(stored->context, entity->image);
	return !stored->stopped;
}

static void links_each(
	const struct class *class, const struct image *end, image_visit_fn *visit, void *context)
{
	struct stored stored = {visit, context, false};

	store_each(class, visit_stored, &stored);
	if (!stored.stopped && (class->flags & ASSOCIATION) && world_shows(class))
		apply_rules(class, end, visit, context);
}

void instances_each(const struct class *class, image_visit_fn *visit, void *context)
{
	links_each(class, NULL, visit, context);
}

/* One ASSOCIATORS OF or REFERENCES OF at work. */
struct relation {
	const struct wql *query;
	enum name_space space;
	const struct class *result; /* ResultClass, or NULL */
	const struct image *end;    /* the source */
	char *source;               /* its relative path */
	struct image **seen;
	size_t seen_count, seen_room;
	image_visit_fn *visit;
	void *context;
};

static const char *relative_part(const char *path)
{
	const char *quote = strpbrk(path, "\"'"), *colon = strchr(path, ':');

	return colon && (!quote || colon < quote) ? colon + 1 : path;
}

/* An element is reported once, however many ways lead to it. */
static bool report(struct relation *relation, struct image *image)
{
	for (size_t i = 0; i < relation->seen_count; i++) {
		if (relation->seen[i] == image)
			return true;
	}
	if (relation->seen_count == relation->seen_room) {
		relation->seen_room = relation->seen_room ? relation->seen_room * 2 : 8;
		relation->seen =
			heap_resize(relation->seen, relation->seen_room * sizeof(struct image *));
	}
	relation->seen[relation->seen_count++] = image_retain(image);
	return relation->visit(relation->context, image);
}

static struct entity *follow(const struct relation *relation, const char *text)
{
	struct entity *entity = NULL;
	struct path path;

	if (!path_parse(&path, text))
		return NULL;
	if (store_find_path(relation->space, &path, &entity) != SIM_OK)
		entity = NULL;
	path_free(&path);
	return entity && world_shows(entity->image->class) ? entity : NULL;
}

/* Whether the reference is to the source, in the role that was asked for. */
static bool is_source_end(
	const struct relation *relation, const struct image *link, const struct value *value)
{
	const struct property *property = &link->class->properties[value->property];

	return property->type == TYPE_REFERENCE && value->kind == VALUE_TEXT &&
	       (!relation->query->role || fold_equal(relation->query->role, property->name)) &&
	       fold_equal(relative_part(value->text), relation->source);
}

static bool visit_other_ends(
	struct relation *relation, const struct image *link, uint16_t source_end)
{
	for (unsigned i = 0; i < link->count; i++) {
		const struct value *value = &link->values[i];
		const struct property *property = &link->class->properties[value->property];
		struct entity *other;

		if (property->type != TYPE_REFERENCE || value->property == source_end ||
			(relation->query->result_role &&
				!fold_equal(relation->query->result_role, property->name)))
			continue;
		other = follow(relation, value->text);
		if (other &&
			(!relation->result || class_isa(other->image->class, relation->result)) &&
			!report(relation, other->image))
			return false;
	}
	return true;
}

static bool visit_link(void *context, struct image *link)
{
	struct relation *relation = context;

	for (unsigned i = 0; i < link->count; i++) {
		if (!is_source_end(relation, link, &link->values[i]))
			continue;
		if (relation->query->kind == WQL_REFERENCES)
			return (relation->result && !class_isa(link->class, relation->result)) ||
			       report(relation, link);
		return visit_other_ends(relation, link, link->values[i].property);
	}
	return true;
}

static sim_status find_class(enum name_space space, const char *name, const struct class **class,
	struct wql_fault *fault)
{
	*class = name ? class_find(space, name) : NULL;
	if (!name || *class)
		return SIM_OK;
	snprintf(fault->text, sizeof(fault->text), "no such class: %.100s", name);
	return SIM_INVALID_CLASS;
}

static sim_status find_source(struct relation *relation, struct wql_fault *fault)
{
	struct entity *entity = NULL;
	struct buffer text = {0};
	struct path path;
	sim_status status;

	if (!path_parse(&path, relation->query->path) || path.is_class) {
		snprintf(fault->text, sizeof(fault->text), "not a path: %.100s",
			relation->query->path);
		return SIM_INVALID_OBJECT_PATH;
	}
	status = store_find_path(relation->space, &path, &entity);
	path_free(&path);
	if (status == SIM_OK && !world_shows(entity->image->class))
		status = SIM_NOT_FOUND;
	if (status != SIM_OK) {
		snprintf(fault->text, sizeof(fault->text), "nothing at %.100s",
			relation->query->path);
		return status;
	}
	path_write_relative(&text, entity->image);
	relation->source = text.text;
	relation->end = entity->image;
	return SIM_OK;
}

/* Every association class of the name space that no other one includes, or AssocClass alone. */
static void walk(struct relation *relation, const struct class *only)
{
	const struct class *class;

	for (size_t i = 0; (class = class_at(i)); i++) {
		if (only ? class != only
			 : class->base || !(class->flags & ASSOCIATION) ||
					class->space != relation->space)
			continue;
		links_each(class, relation->end, visit_link, relation);
	}
}

sim_status relations_each(const struct wql *query, enum name_space space, image_visit_fn *visit,
	void *context, struct wql_fault *fault)
{
	struct relation relation = {
		.query = query, .space = space, .visit = visit, .context = context};
	const struct class *only;
	sim_status status = find_class(space, query->result_class, &relation.result, fault);

	if (status == SIM_OK)
		status = find_class(space, query->assoc_class, &only, fault);
	if (status == SIM_OK)
		status = find_source(&relation, fault);
	if (status != SIM_OK)
		return status;
	walk(&relation, only);
	for (size_t i = 0; i < relation.seen_count; i++)
		image_release(relation.seen[i]);
	heap_free(relation.seen);
	heap_free(relation.source);
	return SIM_OK;
}
