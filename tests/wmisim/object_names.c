/* SPDX-License-Identifier: MIT */
/*
 * object_names.c - which properties an object has: system properties, lists of names, MOF text
 */
#include <string.h>

#include "object.h"

enum { SYSTEM_PROPERTIES = 10 };

static const char *const system_names[SYSTEM_PROPERTIES] = {"__GENUS", "__CLASS", "__SUPERCLASS",
	"__DYNASTY", "__RELPATH", "__PROPERTY_COUNT", "__DERIVATION", "__SERVER", "__NAMESPACE",
	"__PATH"};

void object_name(char name[NAME_SIZE], const WCHAR *wide)
{
	if (WideCharToMultiByte(CP_UTF8, 0, wide, -1, name, NAME_SIZE, NULL, NULL) == 0)
		strcpy(name, "?");
}

static HRESULT answer_text(VARIANT *variant, CIMTYPE *type, const char *text)
{
	struct value value = {.kind = VALUE_TEXT, .text = text};

	if (type)
		*type = CIM_STRING;
	return variant ? variant_from_value(variant, TYPE_STRING, text ? &value : NULL) : S_OK;
}

static HRESULT answer_number(VARIANT *variant, CIMTYPE *type, int64_t number)
{
	struct value value = {.kind = VALUE_NUMBER, .number = number};

	if (type)
		*type = CIM_SINT32;
	return variant ? variant_from_value(variant, TYPE_SINT32, &value) : S_OK;
}

/* The base classes, the nearest first. */
static HRESULT answer_derivation(VARIANT *variant, CIMTYPE *type, const struct class *class)
{
	struct value value = {.kind = VALUE_TEXTS};
	struct buffer names = {0};
	HRESULT result;

	for (class = class->base; class; class = class->base) {
		buffer_add(&names, class->name, strlen(class->name) + 1);
		value.count++;
	}
	buffer_add(&names, "", 0);
	value.text = names.text;
	if (type)
		*type = CIM_STRING | CIM_FLAG_ARRAY;
	result = variant ? variant_from_value(variant, TYPE_STRING | LISTED, &value) : S_OK;
	buffer_free(&names);
	return result;
}

static bool has_path(const struct object *object)
{
	if (!object->image)
		return !(object->class->flags & PARAMETERS);
	return object->projection.locatable && path_exists(object->image);
}

static void write_path(const struct object *object, struct buffer *buffer, bool full)
{
	if (full)
		buffer_printf(
			buffer, "\\\\%s\\%s:", world.host, name_space_text(object->class->space));
	if (object->image)
		path_write_relative(buffer, object->image);
	else
		buffer_add_text(buffer, object->class->name);
}

static const char *dynasty(const struct class *class)
{
	while (class->base)
		class = class->base;
	return class->name;
}

HRESULT object_get_system(
	const struct object *object, const char *name, VARIANT *variant, CIMTYPE *type)
{
	const struct class *class = object->class;
	struct buffer path = {0};
	bool full = fold_equal(name, "__PATH");
	HRESULT result;

	if (fold_equal(name, "__GENUS"))
		return answer_number(variant, type, object->image ? 2 : 1);
	if (fold_equal(name, "__PROPERTY_COUNT"))
		return answer_number(variant, type, class->property_count);
	if (fold_equal(name, "__CLASS"))
		return answer_text(variant, type, class->name);
	if (fold_equal(name, "__SUPERCLASS"))
		return answer_text(variant, type, class->base ? class->base->name : NULL);
	if (fold_equal(name, "__DYNASTY"))
		return answer_text(variant, type, dynasty(class));
	if (fold_equal(name, "__DERIVATION"))
		return answer_derivation(variant, type, class);
	if (fold_equal(name, "__SERVER"))
		return answer_text(variant, type, world.host);
	if (fold_equal(name, "__NAMESPACE"))
		return answer_text(variant, type, name_space_text(class->space));
	if (!full && !fold_equal(name, "__RELPATH"))
		return (HRESULT)SIM_NOT_FOUND;
	if (!has_path(object))
		return answer_text(variant, type, NULL);
	write_path(object, &path, full);
	result = answer_text(variant, type, path.text);
	buffer_free(&path);
	return result;
}

/* Properties are numbered with the system properties first. */
static bool is_wanted(const struct object *object, int number, LONG flags)
{
	const struct property *property;
	LONG condition = flags & WBEM_MASK_CONDITION_ORIGIN;

	if (number < SYSTEM_PROPERTIES)
		return (condition == 0 || condition == WBEM_FLAG_SYSTEM_ONLY) &&
		       !(flags & (WBEM_FLAG_KEYS_ONLY | WBEM_FLAG_REFS_ONLY));
	number -= SYSTEM_PROPERTIES;
	property = &object->class->properties[number];
	if (!object_shows(object, (unsigned)number) || condition == WBEM_FLAG_SYSTEM_ONLY)
		return false;
	if (condition == WBEM_FLAG_LOCAL_ONLY && !object_is_local(object, (unsigned)number))
		return false;
	if (condition == WBEM_FLAG_PROPAGATED_ONLY && object_is_local(object, (unsigned)number))
		return false;
	if ((flags & WBEM_FLAG_KEYS_ONLY) && !(property->flags & KEYED))
		return false;
	return !(flags & WBEM_FLAG_REFS_ONLY) || property->type == TYPE_REFERENCE;
}

static const char *name_of(const struct object *object, int number)
{
	return number < SYSTEM_PROPERTIES
		       ? system_names[number]
		       : object->class->properties[number - SYSTEM_PROPERTIES].name;
}

static bool flags_good(LONG flags)
{
	LONG known = WBEM_MASK_CONDITION_ORIGIN | WBEM_FLAG_KEYS_ONLY | WBEM_FLAG_REFS_ONLY;

	return (flags & ~known) == 0;
}

HRESULT WINAPI object_get_names(IWbemClassObject *iface, LPCWSTR qualifier, LONG flags,
	VARIANT *qualifier_value, SAFEARRAY **names)
{
	struct object *object = object_of(iface);
	int total = SYSTEM_PROPERTIES + object->class->property_count;
	struct value value = {.kind = VALUE_TEXTS};
	struct buffer list = {0};
	VARIANT variant;
	HRESULT result;

	if (!names || qualifier || qualifier_value || !flags_good(flags))
		return object_reject("GetNames", SIM_INVALID_PARAMETER, "flags or qualifiers", "");
	for (int i = 0; i < total; i++) {
		if (!is_wanted(object, i, flags))
			continue;
		buffer_add(&list, name_of(object, i), strlen(name_of(object, i)) + 1);
		value.count++;
	}
	buffer_add(&list, "", 0);
	value.text = list.text;
	result = variant_from_value(&variant, TYPE_STRING | LISTED, &value);
	buffer_free(&list);
	if (SUCCEEDED(result))
		*names = V_ARRAY(&variant);
	return result;
}

HRESULT WINAPI object_begin_enumeration(IWbemClassObject *iface, LONG flags)
{
	struct object *object = object_of(iface);

	if (!flags_good(flags))
		return object_reject("BeginEnumeration", SIM_INVALID_PARAMETER, "flags", "");
	object->cursor = 0;
	object->cursor_flags = flags;
	return S_OK;
}

HRESULT WINAPI object_next(IWbemClassObject *iface, LONG flags, BSTR *name, VARIANT *variant,
	CIMTYPE *type, LONG *flavor)
{
	struct object *object = object_of(iface);
	int total = SYSTEM_PROPERTIES + object->class->property_count, at;
	HRESULT result;
	BSTR text;

	if (flags != 0)
		return object_reject("Next", SIM_INVALID_PARAMETER, "flags", "");
	if (object->cursor == CURSOR_NONE)
		return object_reject("Next", SIM_UNEXPECTED, "BeginEnumeration is missing", "");
	while (object->cursor < total && !is_wanted(object, object->cursor, object->cursor_flags))
		object->cursor++;
	if (object->cursor >= total)
		return WBEM_S_NO_MORE_DATA;
	at = object->cursor++;
	text = bstr_new(name_of(object, at));
	result = IWbemClassObject_Get(iface, text, 0, variant, type, flavor);
	if (name && SUCCEEDED(result))
		*name = text;
	else
		SysFreeString(text);
	return result;
}

HRESULT WINAPI object_end_enumeration(IWbemClassObject *iface)
{
	object_of(iface)->cursor = CURSOR_NONE;
	return S_OK;
}

static void write_members(const struct object *object, struct buffer *mof)
{
	for (unsigned i = 0; i < object->class->property_count; i++) {
		const struct property *property = &object->class->properties[i];
		bool list = property->type & LISTED;
		const struct value *value;

		if (!object_shows(object, i))
			continue;
		if (!object->image) {
			buffer_printf(mof, "\t%s %s%s;\n", type_text(property->type),
				property->name, list ? "[]" : "");
			continue;
		}
		value = image_value(object->image, i);
		if (!value)
			continue;
		buffer_printf(mof, "\t%s = ", property->name);
		value_write(mof, property->type, value);
		buffer_add_text(mof, ";\n");
	}
}

void object_write_mof(const struct object *object, struct buffer *mof)
{
	const struct class *class = object->class;

	if (object->image)
		buffer_printf(mof, "\ninstance of %s\n{\n", class->name);
	else if (class->base)
		buffer_printf(mof, "\nclass %s : %s\n{\n", class->name, class->base->name);
	else
		buffer_printf(mof, "\nclass %s\n{\n", class->name);
	write_members(object, mof);
	buffer_add_text(mof, "};\n");
}
