/* SPDX-License-Identifier: MIT */
/*
 * com.h - what the COM side's files need of each other
 *
 * Every call that would leave the process on a real host begins with call_enter() and ends with
 * call_leave(): they hold the lock, count, log, hang and are slow as the scenario says. The
 * methods of IWbemClassObject are local in WMI, too, and do none of that.
 */
#ifndef WMISIM_COM_H
#define WMISIM_COM_H

#include <stdbool.h>
#include <wbemcli.h>

#include "notifications.h"
#include "world.h"

/* Which properties a query asked for. */
struct projection {
	bool all;
	bool locatable; /* the keys are in, so there is a path */
	uint64_t chosen[4];
};

/* An epoch that no restart of winmgmt ends. */
#define ALIVE_ALWAYS 0xffffffffu

/*
 * `epoch`: of the object the call is made on (ALIVE_ALWAYS: any). SIM_OK: go on. In any case
 * call_leave() follows.
 */
sim_status call_enter(const char *name, unsigned epoch, bool may_be_slow);
HRESULT call_leave(const char *name, sim_status status);
/* With the lock held: waits until the time; false when the object died meanwhile. */
bool call_wait(unsigned epoch, uint64_t until);

/* Texts. The caller frees by heap_free(), or SysFreeString(). */
char *utf8_new(const WCHAR *text);
BSTR bstr_new(const char *text);

/* A value as section "numbers" of the WMI SDK says. `value` NULL: VT_NULL. */
HRESULT variant_from_value(VARIANT *variant, unsigned type, const struct value *value);
/* SIM_TYPE_MISMATCH unless the VARIANT has exactly that type. Texts and lists: heap, in *kept. */
sim_status value_from_variant(
	struct value *value, unsigned type, const VARIANT *variant, void **kept);

/* The class itself (image NULL) or an instance. Retains the image. */
IWbemClassObject *object_new(
	const struct class *class, struct image *image, const struct projection *projection);
/* NULL where it is none of ours. Borrowed. */
struct image *object_image(IWbemClassObject *object);
const struct class *object_class(IWbemClassObject *object);

struct item {
	const struct class *class;
	struct image *image; /* NULL: the class itself */
};

struct result {
	struct item *items;
	size_t count, room;
	struct projection projection;
	sim_status error; /* to be told by Next */
};

void result_add(struct result *result, const struct class *class, struct image *image);
void result_free(struct result *result);

/* Takes the result. */
IEnumWbemClassObject *enumerator_new(unsigned epoch, struct result *result, bool forward_only);
IEnumWbemClassObject *enumerator_new_subscription(
	unsigned epoch, struct subscription *subscription);

IWbemServices *services_new(enum name_space space, unsigned epoch);
IWbemLocator *locator_new(void);

/* The query's answer. */
sim_status query_run(enum name_space space, const char *text, bool locatable, struct result *result,
	struct wql_fault *fault);

void log_open(const WCHAR *path);
void log_line(const char *text);
bool control_start(unsigned short port);

#endif
