/* SPDX-License-Identifier: MIT */
/* com.h - COM for a process whose threads never heard of it */
#ifndef HYPERVIVE_HOST_HYPERV_COM_H
#define HYPERVIVE_HOST_HYPERV_COM_H

#include "base/error.h"

/*
 * Makes every thread of the process, also those to come, able to use COM without a call of its
 * own. May be called often and from several threads; what it does lasts as long as the process.
 */
int com_start(struct error *error);

#endif
