/* SPDX-License-Identifier: MIT */
/*
 * instance_id.h - how Hyper-V and WMI name things
 *
 * Setting data of a machine's devices has the key InstanceID `Microsoft:<machine>\<device>`,
 * sometimes with more behind (`\0`); that of the machine itself is `Microsoft:<machine>`.
 * The GUID in the machine's place may be a checkpoint's. Definition templates are
 * `Microsoft:Definition\<pool>\Default` and the like, and are no device of anybody.
 * Object paths: learn.microsoft.com, "Describing the Location of a WMI Object". Pure.
 */
#ifndef HYPERVIVE_HOST_HYPERV_INSTANCE_ID_H
#define HYPERVIVE_HOST_HYPERV_INSTANCE_ID_H

#include <stdbool.h>
#include <stddef.h>

#include "base/uuid.h"

struct instance_id {
	struct uuid machine, device;
	char rest[20]; /* what follows the device, without its first backslash; upper case */
};

/* Reads the InstanceID of a device; false, and *id untouched, for anything else. */
bool instance_id_parse(const char *text, struct instance_id *id);

/* Reads the InstanceID of a machine's own settings, `Microsoft:<GUID>` and nothing more. */
bool instance_id_parse_system(const char *text, struct uuid *machine);

/* An order for sorting; 0 when both are the same device. */
int instance_id_compare(const struct instance_id *a, const struct instance_id *b);

/* A GUID as the host writes it: upper case, without braces. */
const char *guid_format(const struct uuid *uuid, char text[UUID_TEXT_SIZE]);

/* A GUID as `Name` of a machine or a switch has it: nothing around it. */
bool guid_parse(const char *text, struct uuid *uuid);

/*
 * The part of an object path behind the namespace: `Class.Key="value"`. The path itself when it
 * names no namespace. Borrowed.
 */
const char *object_path_relative(const char *path);

/* Whether the path names an instance of this very class. The case of letters does not matter. */
bool object_path_is(const char *path, const char *class_name);

/*
 * The value of one key, without its quotes and escapes, into value[0..size). False when the path
 * has no such key, is broken, or the value does not fit. The case of the key does not matter.
 */
bool object_path_key(const char *path, const char *key, char *value, size_t size);

/*
 * Text for a literal within quotes of this kind (' or "): in WQL and in object paths alike a
 * backslash stands before the quote and before another backslash. False when it does not fit.
 */
bool wmi_escape(const char *text, char quote, char *target, size_t size);

#endif
