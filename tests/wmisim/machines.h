/* SPDX-License-Identifier: MIT */
/*
 * machines.h - the instances that make a virtual machine, its adapters, switches and checkpoints
 */
#ifndef WMISIM_MACHINES_H
#define WMISIM_MACHINES_H

#include "store.h"

enum {
	GUID_SIZE = 37,
	STATE_OFF = 3,
	STATE_RUNNING = 2,
	STATE_SAVED = 6,
	STATE_PAUSED = 9,
	STATE_STARTING = 10
};

struct machine_options {
	const char *name;  /* NULL: keep, or the default */
	const char *notes; /* NULL: keep */
	int state;         /* -1: keep, or off */
	bool bare;         /* only the machine and its settings */
};

struct adapter_options {
	const char *name, *address; /* NULL: keep, or the default */
	const char *switch_id;      /* NULL: keep, or not connected */
	int emulated, fixed;        /* -1: keep, or the default (synthetic, static) */
};

/* Upper case, without braces; false where it is no GUID. */
bool guid_read(char guid[GUID_SIZE], const char *text);

/* The host's own instances. */
void machines_make_host(void);
/* After `host`: the same under another name. */
void machines_rename_host(const char *name);

struct entity *machine_find(const char *guid);
void machine_put(const char *guid, const struct machine_options *options);
void machine_set_state(struct entity *machine, int state);
void machine_delete(struct entity *machine);

struct entity *adapter_find(const char *owner, const char *device);
/* With any owner that is a machine. */
struct entity *adapter_find_device(const char *device);
struct entity *connection_find(const struct entity *adapter);
void adapter_put(const char *owner, const char *device, const struct adapter_options *options);
void adapter_delete(struct entity *adapter);
/* Adapters with a dynamic address that have none yet get one. */
void machine_assign_addresses(const char *guid);

void template_put(const char *pool, const struct adapter_options *options);
void switch_put(const char *guid, const char *name);
/* `type`: the last part of VirtualSystemType, such as Realized or Recovery. */
void checkpoint_put(const char *guid, const char *machine, const char *name, const char *type,
	bool with_adapters);
struct entity *settings_find(const char *guid); /* of a machine or a checkpoint */
void checkpoint_delete(struct entity *checkpoint);
void kvp_put(const char *machine, const char *items, unsigned count); /* finished XML texts */

struct class *hyperv_class(const char *name);

#endif
