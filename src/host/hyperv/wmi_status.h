/* SPDX-License-Identifier: MIT */
/*
 * wmi_status.h - what an HRESULT of WMI and DCOM means to us
 *
 * Sources: learn.microsoft.com, "WMI Error Constants", "COM Error Codes", "System Error Codes"
 * (RPC). Pure.
 */
#ifndef HYPERVIVE_HOST_HYPERV_WMI_STATUS_H
#define HYPERVIVE_HOST_HYPERV_WMI_STATUS_H

#include <stdint.h>

enum wmi_class {
	WMI_OTHER,
	WMI_LOST,      /* the connection is dead: connect anew */
	WMI_DOUBTFUL,  /* may be: only asking for something that is always there will tell */
	WMI_DENIED,    /* this account may not */
	WMI_MISSING,   /* there is no such object */
	WMI_NO_HYPERV, /* there is no such namespace */
};

enum wmi_class wmi_status_class(uint32_t status);

/* The constant's name, "WBEM_E_NOT_FOUND"; NULL where we know none. */
const char *wmi_status_name(uint32_t status);

/* What it says, in words without a full stop; NULL where we know none. */
const char *wmi_status_text(uint32_t status);

#endif
