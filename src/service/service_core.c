/* SPDX-License-Identifier: MIT */
#include "service/service_core.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

enum { FRAMES_A_TURN = 256, STDOUT = 1 };

int service_core_begin(
	struct service_core *core, const struct service_options *options, struct error *error)
{
	core->options = options;
	settings_defaults(&core->settings);
	core->recorder = recorder_new();
	if (!core->recorder)
		return error_set(error, ERR_FAILED, "no memory for the recorder");
	return service_paths_find(&core->paths, error);
}

/* ---- events ---- */

void service_core_emit(struct service_core *core, int id, const char *reason)
{
	struct event event;

	event_start(&event, id, clock_realtime_us());
	event_put_text(&event, FIELD_REASON, reason);
	recorder_emit(core->recorder, &event);
}

void service_core_emit_module(struct service_core *core, const char *module, const char *reason)
{
	struct event event;

	event_start(&event, 1001, clock_realtime_us());
	event_put_text(&event, FIELD_MODULE, module);
	event_put_text(&event, FIELD_REASON, reason);
	recorder_emit(core->recorder, &event);
}

void service_core_emit_key(struct service_core *core, int id, const char *key, const char *reason)
{
	struct event event;

	event_start(&event, id, clock_realtime_us());
	event_put_text(&event, FIELD_KEY, key);
	event_put_text(&event, FIELD_REASON, reason);
	recorder_emit(core->recorder, &event);
}

/* ---- settings ---- */

void service_core_trouble(void *context, unsigned line, const char *key, const char *why)
{
	struct service_core *core = context;
	struct event event;

	event_start(&event, 1050, clock_realtime_us());
	event_put_text(&event, FIELD_FILE, core->settings_place);
	if (line)
		event_put_number(&event, FIELD_LINE, line);
	event_put_text(&event, FIELD_KEY, key);
	event_put_text(&event, FIELD_REASON, why);
	recorder_emit(core->recorder, &event);
}

void service_core_apply_options(struct service_core *core)
{
	const struct service_options *options = core->options;
	struct settings *settings = &core->settings;

	if (options->dry_run)
		settings->wake.dry_run = true;
	if (options->connect)
		text_copy(settings->connect, sizeof(settings->connect), options->connect);
	if (options->log_file)
		text_copy(settings->log_file, sizeof(settings->log_file), options->log_file);
}

/* An empty path removes the log file. */
static int set_log_file(struct service_core *core, struct error *error)
{
	struct sink sink = {0};

	if (core->settings.log_file[0] && file_sink_open(&sink, core->settings.log_file, error) < 0)
		return -error->code;
	return recorder_replace(core->recorder, "log file", sink, error);
}

static int set_console(struct service_core *core, struct error *error)
{
	enum console_style style = CONSOLE_TEXT;
	struct sink sink;

	if (core->options->json)
		style = CONSOLE_JSON;
	else if (core->options->color)
		style = CONSOLE_COLOR;
	if (console_sink_open(&sink, STDOUT, style, error) < 0)
		return -error->code;
	return recorder_add(core->recorder, sink, error);
}

static int set_system_log(struct service_core *core, struct error *error)
{
	struct sink sink = {0};

	if (core->settings.journal && system_log_is_here() &&
		system_log_sink_open(&sink, NULL, error) < 0)
		return -error->code;
	return recorder_replace(core->recorder, SYSTEM_LOG_NAME, sink, error);
}

int service_core_set_sinks(struct service_core *core, bool console, struct error *error)
{
	if (console && set_console(core, error) < 0)
		return -error->code;
	if (set_system_log(core, error) < 0)
		return -error->code;
	if (set_log_file(core, error) == 0)
		return 0;
	/* A file named on the command line must be right; else the other sinks go on. */
	if (core->options->log_file)
		return -error->code;
	service_core_emit_module(core, "log file", error->text);
	return 0;
}

void service_core_open_log(struct service_core *core)
{
	struct error error = {0};

	core->settings.journal = true;
	set_system_log(core, &error); /* there is no other place to tell of its failure */
}

static const char *connect_uri(const struct service_core *core)
{
	return core->settings.connect[0] ? core->settings.connect : NULL;
}

void service_core_settings_changed(struct service_core *core, const struct settings *before)
{
	const struct settings *now = &core->settings;
	struct error error = {0};

	engine_set_policy(core->engine, &now->wake);
	if (strcmp(before->log_file, now->log_file) != 0 && set_log_file(core, &error) < 0)
		service_core_emit_module(core, "log file", error.text);
	if (before->journal != now->journal && set_system_log(core, &error) < 0)
		service_core_emit_module(core, SYSTEM_LOG_NAME, error.text);
	if (strcmp(before->connect, now->connect) != 0)
		engine_reconnect(core->engine, connect_uri(core));
	service_core_emit(core, 9000, "the settings were read again");
}

/* ---- debug mode ---- */

void service_core_set_debug(struct service_core *core, bool on, const char *user)
{
	struct event event;

	event_start(&event, 9001, clock_realtime_us());
	event_put_text(&event, FIELD_VALUE, on ? "True" : "False");
	event_put_text(&event, FIELD_USER, user);
	recorder_set_debug(core->recorder, true); /* the end of debug mode is told too */
	recorder_emit(core->recorder, &event);
	recorder_set_debug(core->recorder, on);
}

static void switch_debug(struct service_core *core, bool on, const struct control_peer *peer,
	char answer[CONTROL_LINE_SIZE])
{
	struct error error = {0};

	service_core_set_debug(core, on, peer->user);
	if (debug_state_save(core->paths.state, on, &error) < 0)
		snprintf(answer, CONTROL_LINE_SIZE,
			"error debug mode is %s, but not after a restart: %.180s",
			on ? "on" : "off", error.text);
	else
		snprintf(answer, CONTROL_LINE_SIZE, "ok debug mode is %s", on ? "on" : "off");
}

void service_core_answer(void *context, const struct control_peer *peer, const char *request,
	char answer[CONTROL_LINE_SIZE])
{
	struct service_core *core = context;

	if (strcmp(request, "debug on") == 0)
		switch_debug(core, true, peer, answer);
	else if (strcmp(request, "debug off") == 0)
		switch_debug(core, false, peer, answer);
	else if (strcmp(request, "debug") == 0)
		snprintf(answer, CONTROL_LINE_SIZE, "ok debug mode is %s",
			recorder_debug(core->recorder) ? "on" : "off");
	else if (strcmp(request, "ping") == 0)
		snprintf(answer, CONTROL_LINE_SIZE, "ok");
	else
		snprintf(answer, CONTROL_LINE_SIZE, "error there is no such request");
}

/* ---- the loop ---- */

int service_core_open_receiver(
	struct service_core *core, bool (*denied)(const struct error *error), struct error *error)
{
	const struct capture_options capture = {
		core->options->interfaces, core->options->interface_count};

	if (receiver_open(&core->receiver, core->recorder, &capture, error) == 0)
		return 0;
	service_core_emit(core, denied(error) ? 1003 : 1031, error->text);
	return -error->code;
}

int service_core_open_engine(struct service_core *core, const struct siphash_key *key,
	void (*notify)(void *context), void *context, struct error *error)
{
	const struct engine_options options = {
		.host = &host_ops,
		.connect = connect_uri(core),
		.recorder = core->recorder,
		.key = *key,
		.notify = notify,
		.notify_context = context,
	};

	if (engine_new(&core->engine, &options, error) < 0)
		return -error->code;
	engine_set_policy(core->engine, &core->settings.wake);
	return 0;
}

struct turn {
	struct engine *engine;
	uint64_t now_ns;
};

static void take_frame(void *context, const struct frame *frame)
{
	const struct turn *turn = context;

	engine_frame(turn->engine, frame, turn->now_ns);
}

void service_core_read_frames(struct service_core *core, uint64_t now_ns)
{
	struct turn turn = {core->engine, now_ns};

	receiver_read(&core->receiver, FRAMES_A_TURN, take_frame, &turn, now_ns);
}

uint64_t service_core_earliest(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t service_core_tick(struct service_core *core, uint64_t now_ns)
{
	return service_core_earliest(
		engine_tick(core->engine, now_ns), receiver_tick(&core->receiver, now_ns));
}

bool service_core_tell_ready(struct service_core *core)
{
	struct event event;

	if (core->ready || receiver_waitable(&core->receiver) == WAITABLE_NONE ||
		!engine_is_settled(core->engine))
		return false;
	core->ready = true;
	event_start(&event, 1100, clock_realtime_us());
	engine_put_facts(core->engine, &event);
	recorder_emit(core->recorder, &event);
	return true;
}

bool service_core_end(struct service_core *core, bool orderly, const char *reason)
{
	bool clean;

	receiver_close(&core->receiver);
	clean = engine_free(core->engine);
	if (orderly)
		service_core_emit(core, 1101, reason);
	if (clean)
		recorder_free(core->recorder);
	else if (core->recorder)
		recorder_flush(core->recorder, 2000);
	return clean;
}
