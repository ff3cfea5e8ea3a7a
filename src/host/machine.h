/* SPDX-License-Identifier: MIT */
/*
 * machine.h - the facts about one virtual machine
 *
 * Plain structs, the same for every kind of host. Whoever fills a struct machine owns it and
 * frees it with machine_clear(). Text is valid UTF-8, bounded, and never NULL.
 */
#ifndef HYPERVIVE_HOST_MACHINE_H
#define HYPERVIVE_HOST_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mac.h"
#include "base/uuid.h"

enum machine_state {
	STATE_OTHER,
	STATE_RUNNING,
	STATE_OFF,
	STATE_SAVED,
	STATE_PAUSED,
	STATE_SUSPENDED, /* the guest sleeps (S3) */
	STATE_STARTING,
	STATE_STOPPING,
	STATE_CRASHED,
};

/* Why a machine is paused. Only the first three are an administrator's doing. */
enum machine_pause {
	PAUSE_ADMINISTRATOR,
	PAUSE_FROM_CHECKPOINT, /* reverted to a checkpoint of a paused machine */
	PAUSE_UNKNOWN,         /* the host gives no reason, and so no trouble */
	PAUSE_MIGRATION,
	PAUSE_SAVE,
	PAUSE_DUMP,
	PAUSE_IO_ERROR,
	PAUSE_WATCHDOG,
	PAUSE_SHUTTING_DOWN,
	PAUSE_CHECKPOINT, /* one is being made */
	PAUSE_CRASHED,
	PAUSE_STARTING_UP,
	PAUSE_POSTCOPY,
	PAUSE_POSTCOPY_FAILED,
};

struct machine_status {
	enum machine_state state;
	enum machine_pause pause; /* only with STATE_PAUSED */
};

enum adapter_kind {
	ADAPTER_OTHER,
	ADAPTER_SYNTHETIC,   /* made for virtual machines: VMBus, virtio, vmxnet3 … */
	ADAPTER_EMULATED,    /* a copy of real hardware: DEC 21140, e1000 … */
	ADAPTER_PASSTHROUGH, /* a device or virtual function of the host */
};

enum { MACHINE_NAME_SIZE = 256, ADAPTER_SWITCH_SIZE = 64, ADAPTER_MODEL_SIZE = 24 };

struct adapter {
	struct mac mac; /* all zero: not assigned yet */
	enum adapter_kind kind;
	char model[ADAPTER_MODEL_SIZE];        /* the host's own word: "virtio"; may be empty */
	char switch_name[ADAPTER_SWITCH_SIZE]; /* bridge, network or host adapter; may be empty */
};

/* The settings that travel with the machine (docs: hypervive.conf(5), MACHINE SETTINGS). */
struct machine_wake {
	bool denied;             /* allow="no", or a value that cannot be understood */
	bool secureon_unusable;  /* a password is demanded that cannot be read: none fits */
	uint8_t secureon_length; /* 0, 4 or 6 */
	uint8_t secureon[6];
	char trouble[128];    /* what could not be understood, one sentence; may be empty */
	char trouble_key[16]; /* "allow" or "secureon" */
};

enum guest_tools_state {
	TOOLS_UNKNOWN,
	TOOLS_ABSENT,       /* the machine has no channel for an agent */
	TOOLS_DISCONNECTED, /* a channel, and nobody answers on it */
	TOOLS_CONNECTED,
};

struct machine {
	struct uuid id;
	char name[MACHINE_NAME_SIZE];
	/* Filled by those who were asked for it; else STATE_OFF, STATE_SAVED or STATE_OTHER. */
	struct machine_status status;
	struct machine_wake wake;
	enum guest_tools_state tools;
	char tools_version[64]; /* empty where the host does not give it */
	struct adapter *adapters;
	size_t adapter_count;
	unsigned unusable_adapters; /* left out: no readable MAC address (event 1021) */
};

void machine_clear(struct machine *machine);

const char *machine_state_name(enum machine_state state); /* "running" … as on the interface page */
const char *machine_pause_name(enum machine_pause pause); /* "io-error" … */
const char *adapter_kind_name(enum adapter_kind kind);    /* "synthetic" … */
const char *guest_tools_name(enum guest_tools_state state);

/* Adds a zeroed adapter at the end; NULL when memory is out or 4,096 are there. Borrowed. */
struct adapter *machine_add_adapter(struct machine *machine);

/*
 * Understands one setting of the machine's own, allow or secureon, whatever the host kept it in.
 * What cannot be understood denies the wake and fills trouble: an administrator who restricts
 * a machine with a misspelt word must not find it open. Unknown keys are trouble too.
 */
void machine_wake_set(struct machine_wake *wake, const char *key, const char *value);

#endif
