/* SPDX-License-Identifier: MIT */
/*
 * service_core.h - the part of the running service that is the same on both systems
 *
 * What the loops of linux/service.c and windows/service.c share: the settings in force, the
 * sinks that they name, debug mode, the engine and the receiver. Everything is called from the
 * loop's thread. The system's own part embeds a struct service_core and frees it in the end.
 */
#ifndef HYPERVIVE_SERVICE_SERVICE_CORE_H
#define HYPERVIVE_SERVICE_SERVICE_CORE_H

#include "event/recorder.h"
#include "service/control.h"
#include "service/engine.h"
#include "service/receiver.h"
#include "service/service.h"
#include "service/settings.h"

struct service_core {
	const struct service_options *options;
	const char *settings_place; /* the file or the key of the registry, for event 1050 */
	struct service_paths paths;
	struct settings settings; /* in force, the command line's words included */
	struct recorder *recorder;
	struct engine *engine;
	struct receiver receiver;
	bool ready;
};

/* Finds the paths, makes the recorder; settings are the defaults. */
int service_core_begin(
	struct service_core *core, const struct service_options *options, struct error *error);

/* ---- events of the service itself; reason may be NULL ---- */

void service_core_emit(struct service_core *core, int id, const char *reason);
void service_core_emit_module(struct service_core *core, const char *module, const char *reason);
void service_core_emit_key(struct service_core *core, int id, const char *key, const char *reason);

/* ---- settings ---- */

/* Event 1050; context is the struct service_core. */
settings_trouble_fn service_core_trouble;

/* The command line comes before what was just read into core->settings. */
void service_core_apply_options(struct service_core *core);

/* Opens the sinks that settings and options name. */
int service_core_set_sinks(struct service_core *core, bool console, struct error *error);

/* For one who cannot begin: the system's own log at least. */
void service_core_open_log(struct service_core *core);

/* After the settings were read anew while the service runs: makes what changed count. */
void service_core_settings_changed(struct service_core *core, const struct settings *before);

/* ---- debug mode ---- */

/* Switches and records 9001, the end of debug mode too. user may be NULL. */
void service_core_set_debug(struct service_core *core, bool on, const char *user);

/* Answers a request of control.h; context is the struct service_core. */
control_request_fn service_core_answer;

/* ---- the loop ---- */

/* Opens the receiver, records why not (1003 when `denied` says that it was a matter of rights). */
int service_core_open_receiver(
	struct service_core *core, bool (*denied)(const struct error *error), struct error *error);

/* key: random. notify wakes the loop up, from any thread. */
int service_core_open_engine(struct service_core *core, const struct siphash_key *key,
	void (*notify)(void *context), void *context, struct error *error);

void service_core_read_frames(struct service_core *core, uint64_t now_ns);

/* When the engine or the receiver want to be called next. Before the receiver is waited for. */
uint64_t service_core_tick(struct service_core *core, uint64_t now_ns);

/* Records 1100 once everything is there; true when it just was. */
bool service_core_tell_ready(struct service_core *core);

/* Ends the receiver and the engine; records 1101 when told so. False: see engine_free(). */
bool service_core_end(struct service_core *core, bool orderly, const char *reason);

uint64_t service_core_earliest(uint64_t a, uint64_t b);

#endif
