/* SPDX-License-Identifier: MIT */
/*
 * object.c - IWbemClassObject: reading, putting, spawning
 *
 * An object is a class and, for an instance, an image. A query that named its properties made
 * the others disappear: Get answers WBEM_E_NOT_FOUND for them.
 */
#include "object.h"

#include <stdio.h>
#include <string.h>

#include "heap.h"
#include "system.h"

static IWbemClassObjectVtbl object_vtable;

static const struct projection whole = {.all = true, .locatable = true};

struct object *object_of(IWbemClassObject *iface)
{
	return (struct object *)(void *)iface;
}

IWbemClassObject *object_new(
	const struct class *class, struct image *image, const struct projection *projection)
{
	struct object *object = heap_alloc(sizeof(*object));

	object->iface.lpVtbl = &object_vtable;
	object->references = 1;
	object->class = class;
	object->image = image ? image_retain(image) : NULL;
	object->projection = projection ? *projection : whole;
	object->cursor = CURSOR_NONE;
	InterlockedIncrement(&world.open[COUNT_OBJECTS]);
	return &object->iface;
}

struct image *object_image(IWbemClassObject *iface)
{
	return iface->lpVtbl == &object_vtable ? object_of(iface)->image : NULL;
}

const struct class *object_class(IWbemClassObject *iface)
{
	return iface->lpVtbl == &object_vtable ? object_of(iface)->class : NULL;
}

HRESULT object_reject(const char *call, sim_status status, const char *why, const char *name)
{
	system_lock();
	world_reject(call, status, "%s: %s", why, name);
	log_line(world.last_rejection);
	system_unlock();
	return (HRESULT)status;
}

static HRESULT WINAPI query_interface(IWbemClassObject *iface, REFIID id, void **result)
{
	if (!result)
		return E_POINTER;
	if (IsEqualIID(id, &IID_IUnknown) || IsEqualIID(id, &IID_IWbemClassObject)) {
		IWbemClassObject_AddRef(iface);
		*result = iface;
		return S_OK;
	}
	*result = NULL;
	return E_NOINTERFACE;
}

static ULONG WINAPI add_ref(IWbemClassObject *iface)
{
	return (ULONG)InterlockedIncrement(&object_of(iface)->references);
}

static ULONG WINAPI release(IWbemClassObject *iface)
{
	struct object *object = object_of(iface);
	LONG left = InterlockedDecrement(&object->references);

	if (left == 0) {
		image_release(object->image);
		heap_free(object);
		InterlockedDecrement(&world.open[COUNT_OBJECTS]);
	}
	return (ULONG)left;
}

bool object_shows(const struct object *object, unsigned property)
{
	return object->projection.all || property >= 256 ||
	       (object->projection.chosen[property / 64] >> property % 64 & 1);
}

/* A class's own properties are local; an instance's are when the instance has a value. */
bool object_is_local(const struct object *object, unsigned property)
{
	return object->image ? image_value(object->image, property) != NULL
			     : object->class->properties[property].origin == object->class;
}

static unsigned find_property(const struct object *object, const char *name)
{
	unsigned property = class_property(object->class, name);

	return property != NO_PROPERTY && object_shows(object, property) ? property : NO_PROPERTY;
}

static HRESULT WINAPI get(IWbemClassObject *iface, LPCWSTR wide_name, LONG flags, VARIANT *variant,
	CIMTYPE *type, LONG *flavor)
{
	struct object *object = object_of(iface);
	char name[NAME_SIZE];
	unsigned property;
	HRESULT result;

	if (!wide_name || flags != 0)
		return object_reject("Get", SIM_INVALID_PARAMETER, "name and flags", "");
	object_name(name, wide_name);
	if (name[0] == '_' && name[1] == '_') {
		result = object_get_system(object, name, variant, type);
		if (flavor)
			*flavor = WBEM_FLAVOR_ORIGIN_SYSTEM;
		return result == (HRESULT)SIM_NOT_FOUND ? object_reject("Get", SIM_NOT_FOUND,
								  "no such system property", name)
							: result;
	}
	property = find_property(object, name);
	if (property == NO_PROPERTY)
		return object_reject("Get", SIM_NOT_FOUND,
			object->projection.all ? "the class has no such property"
					       : "the query did not ask for the property",
			name);
	if (type)
		*type = object->class->properties[property].type;
	if (flavor)
		*flavor = object_is_local(object, property) ? WBEM_FLAVOR_ORIGIN_LOCAL
							    : WBEM_FLAVOR_ORIGIN_PROPAGATED;
	if (!variant)
		return S_OK;
	return variant_from_value(variant, object->class->properties[property].type,
		object->image ? image_value(object->image, property) : NULL);
}

static HRESULT WINAPI put(
	IWbemClassObject *iface, LPCWSTR wide_name, LONG flags, VARIANT *variant, CIMTYPE type)
{
	struct object *object = object_of(iface);
	char name[NAME_SIZE];
	struct image *fresh;
	struct values values;
	unsigned property;
	sim_status status;
	void *kept;

	if (!wide_name || flags != 0)
		return object_reject("Put", SIM_INVALID_PARAMETER, "name and flags", "");
	object_name(name, wide_name);
	if (!object->image)
		return object_reject(
			"Put", SIM_NOT_SUPPORTED, "this is a class, not an instance", name);
	if (type != 0)
		return object_reject("Put", SIM_INVALID_PARAMETER,
			"the type of an instance's property must be 0", name);
	if (name[0] == '_')
		return object_reject("Put", SIM_READ_ONLY, "a system property", name);
	property = find_property(object, name);
	if (property == NO_PROPERTY)
		return object_reject("Put", SIM_NOT_FOUND, "the class has no such property", name);
	values_begin(&values, object->class);
	values.count = 1;
	values.list[0] = (struct value){.property = (uint16_t)property};
	status = value_from_variant(
		&values.list[0], object->class->properties[property].type, variant, &kept);
	if (status != SIM_OK) {
		heap_free(kept);
		return object_reject("Put", status, "another VARIANT type is documented for", name);
	}
	fresh = image_changed(object->image, &values);
	heap_free(kept);
	image_release(object->image);
	object->image = fresh;
	return S_OK;
}

static HRESULT WINAPI clone(IWbemClassObject *iface, IWbemClassObject **copy)
{
	struct object *object = object_of(iface);

	if (!copy)
		return (HRESULT)SIM_INVALID_PARAMETER;
	*copy = object_new(object->class, object->image, &object->projection);
	return S_OK;
}

static HRESULT WINAPI spawn_instance(
	IWbemClassObject *iface, LONG flags, IWbemClassObject **instance)
{
	struct object *object = object_of(iface);
	struct image *image;
	struct values values;

	if (!instance || flags != 0)
		return object_reject("SpawnInstance", SIM_INVALID_PARAMETER, "flags", "");
	*instance = NULL;
	values_begin(&values, object->class);
	image = image_new(&values);
	*instance = object_new(object->class, image, NULL);
	image_release(image);
	return S_OK;
}

static HRESULT WINAPI get_method(IWbemClassObject *iface, LPCWSTR wide_name, LONG flags,
	IWbemClassObject **in, IWbemClassObject **out)
{
	struct object *object = object_of(iface);
	const struct method *method;
	char name[NAME_SIZE];

	if (in)
		*in = NULL;
	if (out)
		*out = NULL;
	if (!wide_name || flags != 0)
		return object_reject("GetMethod", SIM_INVALID_PARAMETER, "name and flags", "");
	object_name(name, wide_name);
	if (object->image)
		return object_reject(
			"GetMethod", SIM_ILLEGAL_OPERATION, "only a class has methods", name);
	method = class_method(object->class, name);
	if (!method)
		return object_reject(
			"GetMethod", SIM_NOT_FOUND, "the class has no such method", name);
	if (in && method->in)
		*in = object_new(method->in, NULL, NULL);
	if (out && method->out)
		*out = object_new(method->out, NULL, NULL);
	return S_OK;
}

static HRESULT WINAPI inherits_from(IWbemClassObject *iface, LPCWSTR ancestor)
{
	char name[NAME_SIZE];

	if (!ancestor)
		return (HRESULT)SIM_INVALID_PARAMETER;
	object_name(name, ancestor);
	for (const struct class *class = object_of(iface)->class; class; class = class->base) {
		if (fold_equal(class->name, name))
			return S_OK;
	}
	return WBEM_S_FALSE;
}

static HRESULT WINAPI get_property_origin(IWbemClassObject *iface, LPCWSTR wide_name, BSTR *origin)
{
	struct object *object = object_of(iface);
	char name[NAME_SIZE];
	unsigned property;

	if (!wide_name || !origin)
		return (HRESULT)SIM_INVALID_PARAMETER;
	object_name(name, wide_name);
	property = find_property(object, name);
	if (property == NO_PROPERTY)
		return object_reject("GetPropertyOrigin", SIM_NOT_FOUND, "no such property", name);
	*origin = bstr_new(object->class->properties[property].origin->name);
	return S_OK;
}

static HRESULT WINAPI get_object_text(IWbemClassObject *iface, LONG flags, BSTR *text)
{
	struct object *object = object_of(iface);
	struct buffer mof = {0};

	if (!text || (flags & ~1) != 0)
		return object_reject("GetObjectText", SIM_INVALID_PARAMETER, "flags", "");
	object_write_mof(object, &mof);
	*text = bstr_new(mof.text);
	buffer_free(&mof);
	return S_OK;
}

/* What a client of WMI rarely needs, and the simulator does not have. */
static HRESULT not_supported(const char *name)
{
	return object_reject(name, SIM_NOT_SUPPORTED, "the simulator has no", name);
}

static HRESULT WINAPI get_qualifier_set(IWbemClassObject *iface, IWbemQualifierSet **set)
{
	(void)iface;
	(void)set;
	return not_supported("GetQualifierSet");
}

static HRESULT WINAPI delete_property(IWbemClassObject *iface, LPCWSTR name)
{
	(void)iface;
	(void)name;
	return not_supported("Delete");
}

static HRESULT WINAPI get_property_qualifier_set(
	IWbemClassObject *iface, LPCWSTR name, IWbemQualifierSet **set)
{
	(void)iface;
	(void)name;
	(void)set;
	return not_supported("GetPropertyQualifierSet");
}

static HRESULT WINAPI spawn_derived_class(
	IWbemClassObject *iface, LONG flags, IWbemClassObject **class)
{
	(void)iface;
	(void)flags;
	(void)class;
	return not_supported("SpawnDerivedClass");
}

static HRESULT WINAPI compare_to(IWbemClassObject *iface, LONG flags, IWbemClassObject *other)
{
	(void)iface;
	(void)flags;
	(void)other;
	return not_supported("CompareTo");
}

static HRESULT WINAPI put_method(IWbemClassObject *iface, LPCWSTR name, LONG flags,
	IWbemClassObject *in, IWbemClassObject *out)
{
	(void)iface;
	(void)name;
	(void)flags;
	(void)in;
	(void)out;
	return not_supported("PutMethod");
}

static HRESULT WINAPI delete_method(IWbemClassObject *iface, LPCWSTR name)
{
	(void)iface;
	(void)name;
	return not_supported("DeleteMethod");
}

static HRESULT WINAPI begin_method_enumeration(IWbemClassObject *iface, LONG flags)
{
	(void)iface;
	(void)flags;
	return not_supported("BeginMethodEnumeration");
}

static HRESULT WINAPI next_method(IWbemClassObject *iface, LONG flags, BSTR *name,
	IWbemClassObject **in, IWbemClassObject **out)
{
	(void)iface;
	(void)flags;
	(void)name;
	(void)in;
	(void)out;
	return not_supported("NextMethod");
}

static HRESULT WINAPI end_method_enumeration(IWbemClassObject *iface)
{
	(void)iface;
	return not_supported("EndMethodEnumeration");
}

static HRESULT WINAPI get_method_qualifier_set(
	IWbemClassObject *iface, LPCWSTR name, IWbemQualifierSet **set)
{
	(void)iface;
	(void)name;
	(void)set;
	return not_supported("GetMethodQualifierSet");
}

static HRESULT WINAPI get_method_origin(IWbemClassObject *iface, LPCWSTR name, BSTR *class)
{
	(void)iface;
	(void)name;
	(void)class;
	return not_supported("GetMethodOrigin");
}

static IWbemClassObjectVtbl object_vtable = {
	.QueryInterface = query_interface,
	.AddRef = add_ref,
	.Release = release,
	.GetQualifierSet = get_qualifier_set,
	.Get = get,
	.Put = put,
	.Delete = delete_property,
	.GetNames = object_get_names,
	.BeginEnumeration = object_begin_enumeration,
	.Next = object_next,
	.EndEnumeration = object_end_enumeration,
	.GetPropertyQualifierSet = get_property_qualifier_set,
	.Clone = clone,
	.GetObjectText = get_object_text,
	.SpawnDerivedClass = spawn_derived_class,
	.SpawnInstance = spawn_instance,
	.CompareTo = compare_to,
	.GetPropertyOrigin = get_property_origin,
	.InheritsFrom = inherits_from,
	.GetMethod = get_method,
	.PutMethod = put_method,
	.DeleteMethod = delete_method,
	.BeginMethodEnumeration = begin_method_enumeration,
	.NextMethod = next_method,
	.EndMethodEnumeration = end_method_enumeration,
	.GetMethodQualifierSet = get_method_qualifier_set,
	.GetMethodOrigin = get_method_origin,
};
