/* SPDX-License-Identifier: MIT */
/*
 * embedded_instance.h - an object that WMI gives as text
 *
 * CIM-XML (DMTF DSP0201, as IWbemObjectTextSrc writes it):
 * `<INSTANCE CLASSNAME="…"><PROPERTY NAME="…" TYPE="…"><VALUE>…</VALUE></PROPERTY>…</INSTANCE>`.
 * Hyper-V uses it for what guests tell (Msvm_KvpExchangeDataItem) and for errors of jobs
 * (Msvm_Error). Properties come in any order; one without a VALUE is empty. Pure.
 */
#ifndef HYPERVIVE_HOST_HYPERV_EMBEDDED_INSTANCE_H
#define HYPERVIVE_HOST_HYPERV_EMBEDDED_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>

enum { EMBEDDED_INSTANCE_MAX = 65536 }; /* bytes of text that are looked at, at most */

/* One property that is wanted. */
struct embedded_field {
	const char *name;
	char *value; /* valid UTF-8, cut when it is too long; empty where there is none */
	size_t size; /* of value, at least 4 */
};

/*
 * Fills the wanted properties. False for what is no such text; values may be filled in part then.
 * The text may come from a guest: whatever it is, nothing outside of it is read.
 */
bool embedded_instance_read(
	const char *xml, size_t length, const struct embedded_field *fields, size_t count);

#endif
