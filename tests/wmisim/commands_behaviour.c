/* SPDX-License-Identifier: MIT */
/*
 * commands_behaviour.c - commands that say how the host behaves: jobs, refusals, losses, delays
 */
#include <stdio.h>
#include <string.h>

#include "notifications.h"
#include "scenario.h"
#include "system.h"
#include "world.h"

static bool has_word(const struct command *command, const char *word)
{
	for (unsigned i = 1; command_bare(command, i); i++) {
		if (fold_equal(command_bare(command, i), word))
			return true;
	}
	return false;
}

static void copy_text(const struct command *command, const char *key, char text[JOB_TEXT])
{
	const char *value = command_option(command, key);

	if (value)
		snprintf(text, JOB_TEXT, "%s", value);
}

static bool read_int(struct command *command, const char *key, int *number)
{
	int64_t wide = *number;

	if (!command_number(command, key, &wide))
		return false;
	*number = (int)wide;
	return true;
}

bool command_job_options(struct command *command, struct job_options *options)
{
	int delay;

	*options = job_options_default();
	delay = (int)options->delay;
	if (!read_int(command, "delay", &delay) || !read_int(command, "fail", &options->error) ||
		!read_int(command, "vanish", &options->vanish) ||
		!read_int(command, "remove", &options->remove))
		return false;
	options->delay = delay < 0 ? 0 : (unsigned)delay;
	options->never = has_word(command, "never");
	if (has_word(command, "warnings"))
		options->end = JOB_WARNINGS;
	if (options->error)
		options->end = JOB_EXCEPTION;
	copy_text(command, "text", options->text);
	copy_text(command, "summary", options->summary);
	copy_text(command, "errors", options->errors);
	return read_int(command, "end", &options->end);
}

static bool read_result(struct command *command, struct rule *rule)
{
	const char *code = command_option(command, "return"), *word = command_bare(command, 2);
	int number = 0;

	if (code) {
		rule->result = RULE_RETURN;
		if (!read_int(command, "return", &number))
			return false;
		rule->code = (unsigned)number;
		return true;
	}
	if (word && fold_equal(word, "ok"))
		rule->result = RULE_OK;
	else if (word && fold_equal(word, "job"))
		rule->result = RULE_JOB;
	else
		return command_fail(command, "the result is ok, return=N, job or default");
	return true;
}

static bool run_start(struct command *command)
{
	const char *machine = command_bare(command, 1), *word = command_bare(command, 2);
	char guid[GUID_SIZE] = "*";
	struct rule rule = {.times = -1};

	if (strcmp(machine, "*") != 0 && !command_guid(command, machine, guid))
		return false;
	if (word && fold_equal(word, "default")) {
		rule_set(guid, NULL);
		return true;
	}
	if (!read_result(command, &rule) || !command_job_options(command, &rule.job) ||
		!read_int(command, "times", &rule.times))
		return false;
	rule_set(guid, &rule);
	return true;
}

static struct entity *find_element(const char *text)
{
	char guid[GUID_SIZE];
	struct entity *found;

	if (!guid_read(guid, text))
		return NULL;
	found = machine_find(guid);
	return found ? found : settings_find(guid);
}

static bool run_job(struct command *command)
{
	const char *of = command_option(command, "of"), *also = command_option(command, "and");
	const char *owner = command_option(command, "owner");
	const char *caption = command_option(command, "caption");
	struct job_options options;
	struct entity *affected[2];
	char guid[GUID_SIZE];
	size_t count = 0;
	int64_t type;

	if (!parse_number(command_bare(command, 1), &type) || !of)
		return command_fail(command, "a job needs a number and of=");
	if (!fold_equal(of, "none") && !(affected[count++] = find_element(of)))
		return command_fail(command, "there is no machine or checkpoint %s", of);
	if (also && !(affected[count++] = find_element(also)))
		return command_fail(command, "there is no machine or checkpoint %s", also);
	if (!command_job_options(command, &options))
		return false;
	job_put((int)type, owner ? owner : "HVSIM\\administrator", caption ? caption : "Job",
		affected, count, &options, guid);
	buffer_add_text(command->answer, guid);
	return true;
}

static bool read_milliseconds(struct command *command, int64_t *number)
{
	return (parse_number(command_bare(command, 1), number) && *number >= 0) ||
	       command_fail(command, "'%s' is no number of milliseconds", command_bare(command, 1));
}

static bool run_job_removal(struct command *command)
{
	int64_t number;

	if (!read_milliseconds(command, &number))
		return false;
	jobs_set_removal((unsigned)number);
	return true;
}

static bool read_on_off(struct command *command, unsigned index, bool *on)
{
	const char *word = command_bare(command, index);

	if (!word || (!fold_equal(word, "on") && !fold_equal(word, "off")))
		return command_fail(command, "on or off is missing");
	*on = fold_equal(word, "on");
	return true;
}

static bool run_dynamic_mac(struct command *command)
{
	bool on = false;

	if (!read_on_off(command, 1, &on))
		return false;
	jobs_set_dynamic_addresses(on);
	return true;
}

static bool run_within_factor(struct command *command)
{
	double factor;

	if (!parse_real(command_bare(command, 1), &factor) || factor < 0)
		return command_fail(command, "'%s' is no factor", command_bare(command, 1));
	world.within_factor = factor;
	notifications_repace();
	return true;
}

static bool run_events(struct command *command)
{
	const char *word = command_bare(command, 1);

	if (!fold_equal(word, "poll") && !fold_equal(word, "immediate"))
		return command_fail(command, "events are poll or immediate");
	world.events_immediate = fold_equal(word, "immediate");
	notifications_repace();
	return true;
}

static bool find_refusal(const char *word, enum refusal *refusal)
{
	static const char *const words[REFUSALS] = {"access", "query", "method", "notifications"};

	for (unsigned i = 0; i < REFUSALS; i++) {
		if (fold_equal(word, words[i])) {
			*refusal = i;
			return true;
		}
	}
	return false;
}

static bool run_refuse(struct command *command)
{
	const char *word = command_bare(command, 1), *name = command_bare(command, 2);
	sim_status code = SIM_ACCESS_DENIED;
	struct refusal_list *list;
	enum refusal refusal;

	if (fold_equal(word, "like")) {
		world.like_refused = true;
		return true;
	}
	if (!find_refusal(word, &refusal))
		return command_fail(command, "'%s' cannot be refused", word);
	list = &world.refusals[refusal];
	if (list->count == REFUSED_NAMES)
		return command_fail(command, "too many refusals");
	if (!command_status(command, "code", &code))
		return false;
	snprintf(list->list[list->count].name, NAME_SIZE, "%s", name ? name : "");
	list->list[list->count++].code = code;
	return true;
}

static bool run_allow(struct command *command)
{
	const char *word = command_bare(command, 1);
	enum refusal refusal;

	if (fold_equal(word, "like")) {
		world.like_refused = false;
		return true;
	}
	if (!find_refusal(word, &refusal))
		return command_fail(command, "'%s' cannot be refused", word);
	world.refusals[refusal].count = 0;
	return true;
}

static bool run_break(struct command *command)
{
	sim_status code = SIM_CALL_CANCELLED;

	if (!fold_equal(command_bare(command, 1), "notifications"))
		return command_fail(command, "only notifications can be broken");
	if (!command_status(command, "code", &code))
		return false;
	notifications_end_all(code);
	return true;
}

static bool run_hide(struct command *command)
{
	if (!fold_equal(command_bare(command, 1), "machines"))
		return command_fail(command, "only machines can be hidden");
	return read_on_off(command, 2, &world.machines_hidden);
}

static bool run_errors(struct command *command)
{
	const char *word = command_bare(command, 1);

	if (!fold_equal(word, "next") && !fold_equal(word, "call"))
		return command_fail(command, "errors come by next or call");
	world.errors_at_call = fold_equal(word, "call");
	return true;
}

static void tell_windows_service(const char *name, bool runs)
{
	struct entity *service = store_find(class_find(CIMV2, "Win32_Service"), name);
	struct values values;

	if (!service)
		return;
	values_begin(&values, service->image->class);
	values_text(&values, "State", runs ? "Running" : "Stopped");
	values_number(&values, "Started", runs);
	store_change(service, &values);
}

static bool run_vmms(struct command *command)
{
	const char *word = command_bare(command, 1), *second = command_bare(command, 2);
	enum vmms_state old = world.vmms;
	int events = 0;

	if (!command_yes_no(command, "events", &events) ||
		!command_status(command, "error", &world.vmms_error))
		return false;
	if (fold_equal(word, "up")) {
		world.vmms = VMMS_UP;
		if (old == VMMS_EMPTY && events)
			notifications_tell_all(false);
	} else if (fold_equal(word, "down")) {
		if (second && fold_equal(second, "empty") && events)
			notifications_tell_all(true);
		world.vmms = second && fold_equal(second, "empty") ? VMMS_EMPTY : VMMS_FAILS;
	} else {
		return command_fail(command, "vmms is down or up");
	}
	tell_windows_service("vmms", world.vmms == VMMS_UP);
	return true;
}

static bool run_winmgmt(struct command *command)
{
	const char *word = command_bare(command, 1);

	if (fold_equal(word, "up")) {
		world.winmgmt_down = false;
		return true;
	}
	if (!fold_equal(word, "down"))
		return command_fail(command, "winmgmt is down or up");
	world.down_call = SIM_SERVER_UNAVAILABLE;
	world.down_pending = SIM_CALL_FAILED;
	world.down_connect = SIM_SERVICE_DISABLED;
	if (!command_status(command, "call", &world.down_call) ||
		!command_status(command, "pending", &world.down_pending) ||
		!command_status(command, "connect", &world.down_connect))
		return false;
	world.winmgmt_down = true;
	world.epoch++;
	notifications_end_all(world.down_pending);
	return true;
}

static bool run_hang(struct command *command)
{
	double seconds;

	if (!parse_real(command_bare(command, 1), &seconds) || seconds < 0 || seconds > 1e6)
		return command_fail(
			command, "'%s' is no number of seconds", command_bare(command, 1));
	world.hang_until = world.now + (uint64_t)(seconds * 1000);
	return true;
}

static bool run_slow(struct command *command)
{
	int64_t number;

	if (!read_milliseconds(command, &number))
		return false;
	world.slow = (unsigned)number;
	return true;
}

const struct command_row behaviour_commands[] = {
	{"start", "VMGUID", JOB_OPTIONS "return ", run_start},
	{"job", "TYPE", JOB_OPTIONS "of and owner caption ", run_job},
	{"job-removal", "MS", "", run_job_removal},
	{"dynamic-mac", "on|off", "", run_dynamic_mac},
	{"within-factor", "F", "", run_within_factor},
	{"events", "poll|immediate", "", run_events},
	{"refuse", "WHAT", " code ", run_refuse},
	{"allow", "WHAT", "", run_allow},
	{"break", "notifications", " code ", run_break},
	{"hide", "machines on|off", "", run_hide},
	{"errors", "next|call", "", run_errors},
	{"vmms", "up|down", " error events ", run_vmms},
	{"winmgmt", "up|down", " call pending connect ", run_winmgmt},
	{"hang", "SECONDS", "", run_hang},
	{"slow", "MS", "", run_slow},
	{0},
};
