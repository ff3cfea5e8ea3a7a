/* SPDX-License-Identifier: MIT */
#include "classes.h"

#include <string.h>

#include "heap.h"
#include "text.h"

enum { TABLE = 1024 };

static struct {
	struct class **list;
	size_t count;
	struct class *by_hash[TABLE]; /* open addressing */
} known;

static const char *const space_texts[NAME_SPACES] = {
	[ANYWHERE] = "",
	[HYPERV] = "root\\virtualization\\v2",
	[CIMV2] = "root\\cimv2",
	[STANDARD] = "root\\StandardCimv2",
};

const char *name_space_text(enum name_space space)
{
	return space_texts[space];
}

const char *type_text(unsigned type)
{
	switch (type & ~(unsigned)LISTED) {
	case TYPE_SINT8:
		return "sint8";
	case TYPE_UINT8:
		return "uint8";
	case TYPE_SINT16:
		return "sint16";
	case TYPE_UINT16:
		return "uint16";
	case TYPE_SINT32:
		return "sint32";
	case TYPE_UINT32:
		return "uint32";
	case TYPE_SINT64:
		return "sint64";
	case TYPE_UINT64:
		return "uint64";
	case TYPE_REAL32:
		return "real32";
	case TYPE_REAL64:
		return "real64";
	case TYPE_BOOLEAN:
		return "boolean";
	case TYPE_DATETIME:
		return "datetime";
	case TYPE_REFERENCE:
		return "ref";
	case TYPE_OBJECT:
		return "object";
	case TYPE_CHAR16:
		return "char16";
	default:
		return "string";
	}
}

/* Room for `extra` more properties than the base has, with the base's copied in. */
static struct class *begin_class(const struct class_row *row, size_t properties, size_t methods)
{
	struct class *class = heap_alloc(sizeof(*class));
	struct class *base = NULL;
	size_t inherited;

	if (row->other && row->other[0])
		base = class_find(row->space, row->other);
	inherited = base ? base->property_count : 0;
	class->name = row->name;
	class->base = base;
	class->hash = fold_hash(FOLD_SEED, row->name);
	class->space = row->space;
	class->flags = row->flags;
	class->depth = base ? (uint8_t)(base->depth + 1) : 0;
	class->properties = heap_alloc((inherited + properties + 1) * sizeof(struct property));
	class->methods =
		heap_alloc((methods + (base ? base->method_count : 0) + 1) * sizeof(struct method));
	if (base) {
		memcpy(class->properties, base->properties, inherited * sizeof(struct property));
		memcpy(class->methods, base->methods, base->method_count * sizeof(struct method));
		class->property_count = base->property_count;
		class->method_count = base->method_count;
	}
	return class;
}

static void add_property(struct class *class, const struct class_row *row)
{
	struct property *property = &class->properties[class->property_count++];

	*property = (struct property){
		.name = row->name,
		.target = row->other,
		.origin = class,
		.hash = fold_hash(FOLD_SEED, row->name),
		.type = row->type,
		.flags = row->flags,
	};
}

static void enter(struct class *class)
{
	size_t slot = class->hash % TABLE;

	while (known.by_hash[slot])
		slot = (slot + 1) % TABLE;
	known.by_hash[slot] = class;
	known.list[known.count++] = class;
}

/* The class of a method's in or out parameters; NULL where there are none. */
static const struct class *parameter_class(const struct class_row *rows, size_t count,
	const struct method *method, uint8_t direction, uint8_t space)
{
	static const struct class_row head = {
		ROW_CLASS, ANYWHERE, ABSTRACT | PARAMETERS, 0, "__PARAMETERS", ""};
	static const struct class_row result = {
		ROW_PROPERTY, 0, IS_OUT, TYPE_UINT32, "ReturnValue", NULL};
	struct class *class;
	size_t used = direction == IS_OUT;

	for (size_t i = 0; i < count; i++)
		used += (rows[i].flags & direction) != 0;
	if (used == 0)
		return NULL;
	class = begin_class(&head, used, 0);
	for (size_t i = 0; i < count; i++) {
		if (rows[i].flags & direction)
			add_property(class, &rows[i]);
	}
	if (direction == IS_OUT)
		add_property(class, &result);
	class->method = method;
	class->space = space;
	return class;
}

static struct method *method_slot(struct class *class, const char *name)
{
	for (unsigned i = 0; i < class->method_count; i++) {
		if (fold_equal(class->methods[i].name, name))
			return &class->methods[i]; /* overridden */
	}
	return &class->methods[class->method_count++];
}

static void add_method(struct class *class, const struct class_row *row)
{
	struct method *method = method_slot(class, row->name);
	struct method *kept = heap_alloc(sizeof(*kept)); /* parameter classes point at it */
	size_t parameters = 0;

	while (row[1 + parameters].kind == ROW_PARAMETER)
		parameters++;
	*kept = (struct method){.name = row->name, .origin = class};
	kept->in = parameter_class(row + 1, parameters, kept, IS_IN, class->space);
	kept->out = parameter_class(row + 1, parameters, kept, IS_OUT, class->space);
	*method = *kept;
}

static void add_row(struct class *class, const struct class_row *row)
{
	unsigned property;

	switch (row->kind) {
	case ROW_PROPERTY:
		add_property(class, row);
		break;
	case ROW_INHERITED_KEY:
		property = class_property(class, row->name);
		if (property != NO_PROPERTY)
			class->properties[property].flags |= KEYED;
		break;
	case ROW_METHOD:
		add_method(class, row);
		break;
	default:
		break;
	}
}

void classes_init(void)
{
	size_t classes = 0;

	for (size_t i = 0; i < class_row_count; i++)
		classes += class_rows[i].kind == ROW_CLASS;
	known.list = heap_alloc((classes + 1) * sizeof(struct class *));
	for (size_t i = 0, next; i < class_row_count; i = next) {
		size_t properties = 0, methods = 0;
		struct class *class;

		for (next = i + 1; next < class_row_count && class_rows[next].kind != ROW_CLASS;
			next++) {
			properties += class_rows[next].kind == ROW_PROPERTY;
			methods += class_rows[next].kind == ROW_METHOD;
		}
		class = begin_class(&class_rows[i], properties, methods);
		for (size_t row = i + 1; row < next; row++)
			add_row(class, &class_rows[row]);
		enter(class);
	}
}

struct class *class_find(enum name_space space, const char *name)
{
	uint32_t hash = fold_hash(FOLD_SEED, name);
	size_t slot = hash % TABLE;

	for (; known.by_hash[slot]; slot = (slot + 1) % TABLE) {
		struct class *class = known.by_hash[slot];

		if (class->hash == hash && fold_equal(class->name, name) &&
			(class->space == space || class->space == ANYWHERE))
			return class;
	}
	return NULL;
}

struct class *class_at(size_t index)
{
	return index < known.count ? known.list[index] : NULL;
}

bool class_isa(const struct class *class, const struct class *base)
{
	for (; class; class = class->base) {
		if (class == base)
			return true;
	}
	return false;
}

unsigned class_property_hashed(const struct class *class, uint32_t hash, const char *name)
{
	for (unsigned i = 0; i < class->property_count; i++) {
		if (class->properties[i].hash == hash &&
			fold_equal(class->properties[i].name, name))
			return i;
	}
	return NO_PROPERTY;
}

unsigned class_property(const struct class *class, const char *name)
{
	return class_property_hashed(class, fold_hash(FOLD_SEED, name), name);
}

const struct method *class_method(const struct class *class, const char *name)
{
	for (unsigned i = 0; i < class->method_count; i++) {
		if (fold_equal(class->methods[i].name, name))
			return &class->methods[i];
	}
	return NULL;
}
