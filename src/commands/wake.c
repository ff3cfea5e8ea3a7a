/* SPDX-License-Identifier: MIT */
/*
 * wake.c - `hypervive wake VM|MAC`: a wake by hand
 *
 * The machine's own rules hold as for a packet, the same decision is made on its state, and the
 * same events are recorded. The allow-lists and rates of the host are about packets and do not
 * apply: whoever may call this may start the machine anyway.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/user.h"
#include "commands/command.h"
#include "commands/options.h"
#include "event/recorder.h"
#include "host/host.h"
#include "service/engine.h"
#include "service/settings_load.h"
#include "wake/waker.h"

struct request {
	const char *connect, *config, *log_file, *secureon;
	bool json, no_color, dry_run;
	/* What is meant: */
	const char *target;
	bool by_mac, by_id;
	struct mac mac;
	struct uuid id;
	/* What was found: */
	struct target {
		struct uuid id;
		char name[MACHINE_NAME_SIZE];
		struct machine_wake wake;
		struct mac mac;
		bool has_mac;
	} * found;
	size_t count, room;
	bool no_memory;
};

/* Events of a wake by hand go to the records as any others, and all of them to the terminal. */
struct records {
	struct recorder *terminal, *kept;
};

static void record(const struct records *records, const struct event *event)
{
	recorder_emit(records->terminal, event);
	recorder_emit(records->kept, event);
}

static bool is_meant(const struct request *request, const struct machine *machine)
{
	if (request->by_mac) {
		for (size_t i = 0; i < machine->adapter_count; i++) {
			if (mac_equal(&machine->adapters[i].mac, &request->mac))
				return true;
		}
		return false;
	}
	return strcmp(machine->name, request->target) == 0 ||
	       (request->by_id && uuid_equal(&machine->id, &request->id));
}

static bool remember(void *context, const struct machine *machine)
{
	struct request *request = context;

	if (!is_meant(request, machine))
		return true;
	if (request->count == request->room) {
		size_t room = request->room ? request->room * 2 : 4;
		struct target *found = realloc(request->found, room * sizeof(*found));

		if (!found) {
			request->no_memory = true;
			return false;
		}
		request->found = found;
		request->room = room;
	}
	struct target *target = &request->found[request->count++];
	*target = (struct target){.id = machine->id, .wake = machine->wake};
	memcpy(target->name, machine->name, sizeof(target->name));
	target->has_mac = request->by_mac || machine->adapter_count > 0;
	if (request->by_mac)
		target->mac = request->mac;
	else if (machine->adapter_count > 0)
		target->mac = machine->adapters[0].mac;
	return true;
}

static int find_machines(struct request *request, struct host *host, struct error *error)
{
	if (host_ops.list(host, 0, remember, request, error) < 0)
		return -error->code;
	if (request->no_memory)
		return error_set(error, ERR_FAILED, "no memory for the list of machines");
	if (request->count > 0)
		return 0;
	if (request->by_mac)
		return error_set(error, ERR_NOT_FOUND, "no virtual machine has the address '%s'",
			request->target);
	return error_set(
		error, ERR_NOT_FOUND, "no virtual machine is called '%s'", request->target);
}

static void fill_origin(const struct target *target, struct wake_origin *origin)
{
	*origin = (struct wake_origin){.mac = target->mac, .has_mac = target->has_mac};
	snprintf(origin->source, sizeof(origin->source), "command");
	user_name(origin->user, sizeof(origin->user));
}

static void start_event(const struct target *target, struct event *event, int id)
{
	struct wake_origin origin;

	fill_origin(target, &origin);
	event_start(event, id, clock_realtime_us());
	if (target->has_mac)
		event_put_mac(event, FIELD_MAC, &target->mac);
	event_put_text(event, FIELD_SOURCE, origin.source);
	event_put_text(event, FIELD_USER, origin.user);
	event_put_text(event, FIELD_VM_NAME, target->name);
	event_put_uuid(event, FIELD_VM_ID, &target->id);
}

/* One machine; true when it runs in the end (or would, in a dry run). */
static bool wake_one(const struct request *request, struct host *host,
	const struct records *records, const struct target *target,
	const struct magic_packet *packet)
{
	enum refusal refusal = wake_policy_judge_machine(&target->wake, packet);
	struct wake_job job = {.id = target->id, .dry_run = request->dry_run};
	struct event event;

	if (refusal != REFUSED_NOT) {
		start_event(target, &event, 2001);
		event_put_text(&event, FIELD_REASON, refusal_name(refusal));
		record(records, &event);
		return false;
	}
	if (!request->dry_run) {
		start_event(target, &event, 2000);
		record(records, &event);
	}
	memcpy(job.name, target->name, sizeof(job.name));
	fill_origin(target, &job.origin);
	engine_run_job(&host_ops, host, &job, records->terminal);
	wake_job_event(&job, &event, clock_realtime_us());
	record(records, &event);
	return event.id != 3001;
}

static int open_records(struct request *request, const struct settings *settings,
	struct records *records, struct error *error)
{
	const char *log_file = request->log_file ? request->log_file : settings->log_file;
	enum console_style style = request->json                                     ? CONSOLE_JSON
				   : options_color(request->no_color, STDOUT_FILENO) ? CONSOLE_COLOR
										     : CONSOLE_TEXT;
	struct sink sink;

	records->terminal = recorder_new();
	records->kept = recorder_new();
	if (!records->terminal || !records->kept)
		return error_set(error, ERR_FAILED, "no memory for the records");
	recorder_set_debug(records->terminal, true);
	if (console_sink_open(&sink, STDOUT_FILENO, style, error) < 0 ||
		recorder_add(records->terminal, sink, error) < 0)
		return -error->code;
	/* Who may wake need not be allowed to write the service's log. */
	if (log_file[0] && file_sink_open(&sink, log_file, error) == 0) {
		if (recorder_add(records->kept, sink, error) < 0)
			return -error->code;
	} else if (log_file[0] && request->log_file) {
		return -error->code;
	} else if (log_file[0]) {
		command_fail("wake", error);
		*error = (struct error){0};
	}
	if (settings->journal && system_log_is_here()) {
		if (system_log_sink_open(&sink, NULL, error) < 0 ||
			recorder_add(records->kept, sink, error) < 0)
			return -error->code;
	}
	return 0;
}

/* 0 when all that was meant runs, 1 when something does not. */
static int wake_all(struct request *request, const struct settings *settings, struct host *host,
	struct error *error)
{
	struct magic_packet packet = {.target = request->mac};
	struct records records = {0};
	struct machine_wake password = {0};
	int code = 0;

	if (request->secureon) {
		machine_wake_set(&password, "secureon", request->secureon);
		packet.password_length = password.secureon_length;
		memcpy(packet.password, password.secureon, sizeof(packet.password));
	}
	if (open_records(request, settings, &records, error) == 0) {
		for (size_t i = 0; i < request->count; i++) {
			if (!wake_one(request, host, &records, &request->found[i], &packet))
				code = 1;
		}
	}
	recorder_free(records.terminal);
	recorder_free(records.kept);
	return code;
}

static int check(struct request *request, struct error *error)
{
	struct machine_wake password = {0};

	request->by_mac = mac_parse(request->target, &request->mac);
	request->by_id = uuid_parse(request->target, &request->id);
	if (request->secureon) {
		machine_wake_set(&password, "secureon", request->secureon);
		if (password.secureon_unusable)
			return error_set(error, ERR_USAGE,
				"the password after --secureon is not 4 or 6 bytes");
	}
	return request->connect ? host_ops.check(request->connect, error) : 0;
}

static int wake(struct request *request, struct error *error)
{
	struct settings settings;
	struct host *host = NULL;
	const char *connect;
	int code;

	if (check(request, error) < 0 || settings_load(request->config, &settings, error) < 0)
		return error_exit_code(error);
	request->dry_run = request->dry_run || settings.wake.dry_run;
	connect = request->connect ? request->connect : settings.connect;
	if (host_ops.connect(connect[0] ? connect : NULL, HOST_READ_WRITE, &host, error) < 0 ||
		find_machines(request, host, error) < 0)
		code = error_exit_code(error);
	else
		code = wake_all(request, &settings, host, error);
	host_ops.close(host);
	free(request->found);
	return code;
}

int command_wake(int argc, char **argv)
{
	struct request request = {0};
	const struct option_spec specs[] = {
		{"--connect", OPTION_TEXT, &request.connect, "URI", PLATFORM_CONNECT_HELP},
		{"--config", OPTION_TEXT, &request.config, "FILE", PLATFORM_CONFIG_HELP},
		{"--log-file", OPTION_TEXT, &request.log_file, "FILE",
			"append the events to FILE as lines of JSON"},
		{"--secureon", OPTION_TEXT, &request.secureon, "PASSWORD",
			"the SecureOn password, where the machine demands one"},
		{"--dry-run", OPTION_FLAG, &request.dry_run, NULL,
			"decide and record, but start nothing"},
		OPTION_JSON(&request.json),
		OPTION_NO_COLOR(&request.no_color),
	};
	const struct option_usage usage = {
		.command = "wake",
		.arguments = "VM|MAC",
		.about = "Starts, restores, resumes or wakes the virtual machine of that name or "
			 "id, "
			 "or all that have that MAC address, through the same rules as a magic "
			 "packet "
			 "and with the same events. Exit code 0 when it runs then.",
		.options = specs,
		.option_count = sizeof(specs) / sizeof(specs[0]),
		.least = 1,
		.most = 1,
	};
	struct option_result result;
	struct error error = {0};

	int parsed = options_parse(&usage, argc, argv, &result);
	if (parsed != 0)
		return parsed > 0 ? 0 : 2;
	request.target = result.arguments[0];
	int code = wake(&request, &error);
	return error.code ? command_fail("wake", &error) : code;
}
