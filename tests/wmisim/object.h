/* SPDX-License-Identifier: MIT */
/*
 * object.h - the inside of an IWbemClassObject, for object.c and object_names.c
 */
#ifndef WMISIM_OBJECT_H
#define WMISIM_OBJECT_H

#include "com.h"

enum { CURSOR_NONE = -1 };

struct object {
	IWbemClassObject iface;
	LONG references;
	const struct class *class;
	struct image *image; /* NULL: the class itself */
	struct projection projection;
	int cursor; /* of BeginEnumeration */
	LONG cursor_flags;
};

struct object *object_of(IWbemClassObject *iface);
bool object_shows(const struct object *object, unsigned property);
bool object_is_local(const struct object *object, unsigned property);
/* The name in UTF-8; one that is too long becomes one that no class has. */
void object_name(char name[NAME_SIZE], const WCHAR *wide);
HRESULT object_reject(const char *call, sim_status status, const char *why, const char *name);

/* WBEM_E_NOT_FOUND where there is none of that name. variant and type may be NULL. */
HRESULT object_get_system(
	const struct object *object, const char *name, VARIANT *variant, CIMTYPE *type);
void object_write_mof(const struct object *object, struct buffer *mof);

HRESULT WINAPI object_get_names(IWbemClassObject *iface, LPCWSTR qualifier, LONG flags,
	VARIANT *qualifier_value, SAFEARRAY **names);
HRESULT WINAPI object_begin_enumeration(IWbemClassObject *iface, LONG flags);
HRESULT WINAPI object_next(IWbemClassObject *iface, LONG flags, BSTR *name, VARIANT *variant,
	CIMTYPE *type, LONG *flavor);
HRESULT WINAPI object_end_enumeration(IWbemClassObject *iface);

#endif
