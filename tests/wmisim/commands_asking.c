/* SPDX-License-Identifier: MIT */
/*
 * commands_asking.c - commands that change nothing and tell
 */
#include <stdio.h>
#include <string.h>

#include "heap.h"
#include "notifications.h"
#include "scenario.h"
#include "world.h"

static bool run_ping(struct command *command)
{
	(void)command;
	return true;
}

static bool run_stats(struct command *command)
{
	static const char *const kinds[OBJECT_KINDS] = {
		"locators", "services", "enumerators", "subscriptions", "objects"};
	struct heap_usage usage = heap_usage();
	struct buffer *answer = command->answer;

	buffer_printf(answer, "heap=%zu blocks=%zu", usage.bytes, usage.blocks);
	for (unsigned i = 0; i < OBJECT_KINDS; i++)
		buffer_printf(answer, " %s=%ld", kinds[i], world.open[i]);
	buffer_printf(answer, " calls=%lu rejections=%lu instances=%zu starts=%lu",
		world.call_total, world.rejections, store_count(), starts_total());
	for (unsigned i = 0; i < CALL_NAMES && world.calls[i].name; i++)
		buffer_printf(answer, " %s=%lu", world.calls[i].name, world.calls[i].count);
	return true;
}

static bool run_starts(struct command *command)
{
	char guid[GUID_SIZE];

	if (!command_bare(command, 1)) {
		starts_write(command->answer);
		return true;
	}
	if (!command_guid(command, command_bare(command, 1), guid))
		return false;
	buffer_printf(command->answer, "%lu", starts_of(guid));
	return true;
}

static bool list_machine(void *context, struct entity *entity)
{
	buffer_printf(context, " %s=%lld", image_text(entity->image, "Name"),
		(long long)image_number(entity->image, "EnabledState", 0));
	return true;
}

static bool list_adapter(void *context, struct entity *entity)
{
	const char *id = image_text(entity->image, "InstanceID");

	if (strlen(id) == 10 + 2 * (size_t)GUID_SIZE - 1 && fold_starts(id, "Microsoft:"))
		buffer_printf(context, " %s=%s", id + 10, image_text(entity->image, "Address"));
	return true;
}

static bool list_job(void *context, struct entity *entity)
{
	buffer_printf(context, " %s=%lld", image_text(entity->image, "InstanceID"),
		(long long)image_number(entity->image, "JobState", 0));
	return true;
}

static bool run_list(struct command *command)
{
	const char *word = command_bare(command, 1);
	struct buffer *answer = command->answer;

	if (fold_equal(word, "machines")) {
		store_each(hyperv_class("Msvm_ComputerSystem"), list_machine, answer);
	} else if (fold_equal(word, "adapters")) {
		store_each(hyperv_class("Msvm_SyntheticEthernetPortSettingData"), list_adapter,
			answer);
		store_each(
			hyperv_class("Msvm_EmulatedEthernetPortSettingData"), list_adapter, answer);
	} else if (fold_equal(word, "jobs")) {
		store_each(hyperv_class("Msvm_ConcreteJob"), list_job, answer);
	} else if (fold_equal(word, "subscriptions")) {
		struct subscription *each = NULL;

		while ((each = subscription_after(each))) {
			buffer_add_char(answer, ' ');
			buffer_add_quoted(answer, subscription_text(each));
		}
	} else {
		return command_fail(command, "'%s' cannot be listed", word);
	}
	return true;
}

static bool run_get(struct command *command)
{
	struct entity *entity;
	const char *name;
	unsigned used, property;

	entity = command_entity(command, &used);
	if (!entity)
		return false;
	name = command_bare(command, used + 1);
	property = name ? class_property(entity->image->class, name) : NO_PROPERTY;
	if (property == NO_PROPERTY)
		return command_fail(command, "%s has no property '%s'", entity->image->class->name,
			name ? name : "");
	value_write(command->answer, entity->image->class->properties[property].type,
		image_value(entity->image, property));
	return true;
}

static bool run_rejections(struct command *command)
{
	buffer_printf(command->answer, "%lu", world.rejections);
	if (world.rejections > 0) {
		buffer_add_char(command->answer, ' ');
		buffer_add_quoted(command->answer, world.last_rejection);
	}
	return true;
}

static bool run_clear(struct command *command)
{
	(void)command;
	memset(world.calls, 0, sizeof(world.calls));
	world.call_total = 0;
	world.rejections = 0;
	starts_clear();
	return true;
}

const struct command_row asking_commands[] = {
	{"ping", "", "", run_ping},
	{"stats", "", "", run_stats},
	{"starts", "", "", run_starts},
	{"list", "machines|adapters|jobs|subscriptions", "", run_list},
	{"get", "WHAT", "", run_get},
	{"rejections", "", "", run_rejections},
	{"clear", "", "", run_clear},
	{0},
};
