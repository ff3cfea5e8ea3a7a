/* SPDX-License-Identifier: MIT */
/*
 * classes.h - the class definitions the simulator knows
 *
 * classes_table.c holds them as rows, a row a class, property, method or parameter; classes.c
 * makes of them what the rest works with. A derived class begins with the properties of its base
 * in the same order, so a property keeps its number in every class below.
 */
#ifndef WMISIM_CLASSES_H
#define WMISIM_CLASSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The numbers of CIMTYPE_ENUMERATION (wbemcli.h). */
enum cim_type {
	TYPE_SINT16 = 2,
	TYPE_SINT32 = 3,
	TYPE_REAL32 = 4,
	TYPE_REAL64 = 5,
	TYPE_STRING = 8,
	TYPE_BOOLEAN = 11,
	TYPE_OBJECT = 13,
	TYPE_SINT8 = 16,
	TYPE_UINT8 = 17,
	TYPE_UINT16 = 18,
	TYPE_UINT32 = 19,
	TYPE_SINT64 = 20,
	TYPE_UINT64 = 21,
	TYPE_DATETIME = 101,
	TYPE_REFERENCE = 102,
	TYPE_CHAR16 = 103,
	LISTED = 0x2000, /* CIM_FLAG_ARRAY */
};

enum name_space { ANYWHERE, HYPERV, CIMV2, STANDARD, NAME_SPACES };

enum class_flags {
	ABSTRACT = 1,
	DYNAMIC = 2, /* instances come from a provider */
	ASSOCIATION = 4,
	EVENT = 8,
	PARAMETERS = 16, /* the in or out parameters of a method */
};

enum property_flags { KEYED = 1, IS_IN = 2, IS_OUT = 4 };

enum row_kind { ROW_CLASS, ROW_PROPERTY, ROW_INHERITED_KEY, ROW_METHOD, ROW_PARAMETER };

struct class_row {
	uint8_t kind, space, flags;
	uint16_t type;
	const char *name;
	const char *other; /* base class; target of a reference */
};

extern const struct class_row class_rows[];
extern const size_t class_row_count;

struct property {
	const char *name;
	const char *target;         /* of a reference, or NULL */
	const struct class *origin; /* the class that declares it */
	uint32_t hash;
	uint16_t type;
	uint8_t flags;
};

struct method {
	const char *name;
	const struct class *origin;
	const struct class *in;  /* NULL: takes nothing */
	const struct class *out; /* with ReturnValue */
};

struct class
{
	const char *name;
	const struct class *base;
	struct property *properties;
	struct method *methods;
	struct entity **entities; /* instances of exactly this class, oldest first (store.c) */
	size_t entity_count, entity_capacity;
	uint32_t hash;
	uint16_t property_count, method_count;
	uint8_t space, flags;
	uint8_t depth;               /* number of base classes */
	const struct method *method; /* of PARAMETERS */
};

enum { NO_PROPERTY = 0xffff };

/* Reads the table; once. */
void classes_init(void);

/* NULL where the name space has no such class. */
struct class *class_find(enum name_space space, const char *name);
bool class_isa(const struct class *class, const struct class *base);
/* The classes one after the other; NULL at the end. */
struct class *class_at(size_t index);

/* Number of the property, or NO_PROPERTY. */
unsigned class_property(const struct class *class, const char *name);
unsigned class_property_hashed(const struct class *class, uint32_t hash, const char *name);
const struct method *class_method(const struct class *class, const char *name);

const char *name_space_text(enum name_space space); /* "root\virtualization\v2" */
const char *type_text(unsigned type);               /* "uint16" */

#endif
