/* SPDX-License-Identifier: MIT */
/*
 * services_objects.c - what is reached by its path: classes, instances, methods
 */
#include "methods.h"
#include "services.h"

static bool is_this_host(const char *server)
{
	if (!server[0] || fold_equal(server, ".") || fold_equal(server, world.host))
		return true;
	for (unsigned i = 0; i < world.remote_count; i++) {
		if (fold_equal(server, world.remotes[i].name))
			return true;
	}
	return false;
}

static sim_status parse(
	const struct services *services, const char *call, const char *text, struct path *path)
{
	if (!text || !path_parse(path, text))
		return world_reject(
			call, SIM_INVALID_OBJECT_PATH, "not a path: %.150s", text ? text : "");
	if (is_this_host(path->server) &&
		(!path->space[0] || name_space_find(path->space) == services->space))
		return SIM_OK;
	path_free(path);
	return world_reject(call, SIM_INVALID_OBJECT_PATH,
		"a path of another host or name space: %.150s", text);
}

static sim_status find_class(const char *call, const struct services *services,
	const struct path *path, const struct class **class)
{
	*class = class_find(services->space, path->class_name);
	if (*class)
		return SIM_OK;
	return world_reject(call, path->is_class ? SIM_NOT_FOUND : SIM_INVALID_CLASS,
		"no such class: %s", path->class_name);
}

/* An instance, with everything that can forbid it. */
static sim_status find_instance(const char *call, const struct services *services,
	const struct path *path, const struct class *class, struct entity **entity)
{
	sim_status status;

	if (world_refuses(REFUSE_QUERY, class->name, &status))
		return status;
	status = world_provider(class);
	if (status == SIM_OK)
		status = store_find_path(services->space, path, entity);
	if (status == SIM_OK && !world_shows(class))
		return SIM_NOT_FOUND;
	if (status == SIM_INVALID_OBJECT_PATH)
		return world_reject(call, status, "these are not the keys of %s", class->name);
	return status;
}

sim_status services_get_object(
	struct services *services, const char *text, LONG flags, IWbemClassObject **object)
{
	const struct class *class;
	struct entity *entity;
	struct path path;
	sim_status status;

	if (flags & ~(LONG)(WBEM_FLAG_USE_AMENDED_QUALIFIERS | WBEM_FLAG_DIRECT_READ))
		return world_reject(
			"GetObject", SIM_INVALID_PARAMETER, "flags 0x%lx", (unsigned long)flags);
	status = parse(services, "GetObject", text, &path);
	if (status != SIM_OK)
		return status;
	status = find_class("GetObject", services, &path, &class);
	if (status == SIM_OK && path.is_class) {
		*object = object_new(class, NULL, NULL);
	} else if (status == SIM_OK) {
		status = find_instance("GetObject", services, &path, class, &entity);
		if (status == SIM_OK)
			*object = object_new(entity->image->class, entity->image, NULL);
	}
	path_free(&path);
	return status;
}

/* The in parameters must be an instance of the method's own parameter class. */
static sim_status check_in(
	const struct method *method, IWbemClassObject *in, const struct image **image)
{
	*image = NULL;
	if (!in && !method->in)
		return SIM_OK;
	if (in)
		*image = object_image(in);
	if (*image && method->in && (*image)->class == method->in)
		return SIM_OK;
	return world_reject("ExecMethod", SIM_INVALID_METHOD_PARAMETERS,
		"the in parameters are no instance of those of %s", method->name);
}

static sim_status run_method(struct services *services, const struct path *path,
	const struct class *class, const char *name, IWbemClassObject *in, struct image **out)
{
	const struct method *method = class_method(class, name);
	struct wql_fault fault = {{0}};
	const struct image *image;
	struct entity *entity;
	sim_status status;

	if (path->is_class)
		return world_reject("ExecMethod", SIM_INVALID_METHOD_PARAMETERS,
			"%s needs an instance's path", name);
	if (!method)
		return world_reject(
			"ExecMethod", SIM_INVALID_METHOD, "%s has no method %s", class->name, name);
	status = check_in(method, in, &image);
	if (status == SIM_OK && world_refuses(REFUSE_METHOD, name, &status))
		return status;
	if (status == SIM_OK)
		status = find_instance("ExecMethod", services, path, class, &entity);
	if (status == SIM_OK)
		status = method_execute(entity, method, image, out, &fault);
	if (fault.text[0])
		world_reject("ExecMethod", status, "%s", fault.text);
	return status;
}

sim_status services_exec_method(struct services *services, const char *text, const char *name,
	IWbemClassObject *in, IWbemClassObject **out)
{
	const struct class *class;
	struct image *image = NULL;
	struct path path;
	sim_status status = parse(services, "ExecMethod", text, &path);

	if (status != SIM_OK)
		return status;
	status = find_class("ExecMethod", services, &path, &class);
	if (status == SIM_OK)
		status = run_method(services, &path, class, name, in, &image);
	path_free(&path);
	if (status == SIM_OK && out)
		*out = object_new(image->class, image, NULL);
	image_release(image);
	return status;
}
