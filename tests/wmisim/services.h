/* SPDX-License-Identifier: MIT */
#ifndef WMISIM_SERVICES_H
#define WMISIM_SERVICES_H

#include "com.h"

struct services {
	IWbemServices iface;
	LONG references;
	enum name_space space;
	unsigned epoch;
};

/* GetObject and ExecMethod, without what every call has. Texts may be NULL. */
sim_status services_get_object(
	struct services *services, const char *path, LONG flags, IWbemClassObject **object);
sim_status services_exec_method(struct services *services, const char *path, const char *name,
	IWbemClassObject *in, IWbemClassObject **out);

extern const IWbemServicesVtbl services_unsupported;

#endif
