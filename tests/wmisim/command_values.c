/* SPDX-License-Identifier: MIT */
/*
 * command_values.c - instances and properties named in commands
 */
#include <stdio.h>
#include <string.h>

#include "heap.h"
#include "scenario.h"
#include "world.h"

static const struct what {
	const char *name, *class;
} whats[] = {
	{"machine", "Msvm_ComputerSystem"},
	{"settings", "Msvm_VirtualSystemSettingData"},
	{"checkpoint", "Msvm_VirtualSystemSettingData"},
	{"summary", "Msvm_SummaryInformation"},
	{"kvp", "Msvm_KvpExchangeComponent"},
	{"heartbeat", "Msvm_HeartbeatComponent"},
	{"switch", "Msvm_VirtualEthernetSwitch"},
	{"job", "Msvm_ConcreteJob"},
};

/* DEVGUID or VMGUID\DEVGUID. */
static struct entity *find_adapter(const char *key)
{
	const char *separator = strchr(key, '\\');
	char owner[GUID_SIZE], device[GUID_SIZE], text[GUID_SIZE];

	if (!separator)
		return guid_read(device, key) ? adapter_find_device(device) : NULL;
	snprintf(text, sizeof(text), "%.*s", (int)(separator - key), key);
	if (!guid_read(owner, text) || !guid_read(device, separator + 1))
		return NULL;
	return adapter_find(owner, device);
}

struct search {
	const char *value;
	struct entity *found;
};

/* The value of any key that does not only repeat the class, also within Microsoft:... */
static bool visit(void *context, struct entity *entity)
{
	struct search *search = context;
	const struct image *image = entity->image;

	for (unsigned i = 0; i < image->count; i++) {
		const struct property *property =
			&image->class->properties[image->values[i].property];
		const struct value *value = &image->values[i];

		if (!(property->flags & KEYED) || value->kind != VALUE_TEXT)
			continue;
		if (fold_equal(value->text, search->value) ||
			(fold_starts(value->text, "Microsoft:") &&
				fold_equal(value->text + 10, search->value))) {
			search->found = entity;
			return false;
		}
	}
	return true;
}

static const struct class *what_class(const char *name)
{
	for (size_t i = 0; i < sizeof(whats) / sizeof(whats[0]); i++) {
		if (fold_equal(whats[i].name, name))
			return hyperv_class(whats[i].class);
	}
	for (unsigned space = HYPERV; space < NAME_SPACES; space++) {
		const struct class *class = class_find(space, name);

		if (class)
			return class;
	}
	return NULL;
}

static struct entity *find_path(const char *text)
{
	struct entity *entity = NULL;
	struct path path;

	if (!path_parse(&path, text))
		return NULL;
	for (unsigned space = HYPERV; !entity && !path.is_class && space < NAME_SPACES; space++) {
		if (store_find_path(space, &path, &entity) != SIM_OK)
			entity = NULL;
	}
	path_free(&path);
	return entity;
}

struct entity *command_entity(struct command *command, unsigned *used)
{
	const char *what = command_bare(command, 1), *key = command_bare(command, 2);
	const struct class *class;
	struct search search = {key, NULL};

	*used = 1;
	if (strpbrk(what, ".:")) {
		search.found = find_path(what);
		if (!search.found)
			command_fail(command, "nothing at %s", what);
		return search.found;
	}
	*used = 2;
	class = what_class(what);
	if (!key)
		command_fail(command, "the key is missing behind %s", what);
	else if (fold_equal(what, "adapter"))
		search.found = find_adapter(key);
	else if (fold_equal(what, "connection")) {
		search.found = find_adapter(key);
		search.found = search.found ? connection_find(search.found) : NULL;
	} else if (class)
		store_each(class, visit, &search);
	if (!search.found && key)
		command_fail(command, "there is no %s %s", what, key);
	return search.found;
}

/* One item of a list at *from into `texts`; *from behind it and its comma. */
static bool next_item(const char **from, struct buffer *texts)
{
	const char *at = *from;
	char quote = *at == '"' || *at == '\'' ? *at++ : 0;

	while (*at && (quote ? *at != quote : *at != ',' && *at != ']')) {
		if (quote == '"' && *at == '\\' && at[1])
			at++;
		buffer_add_char(texts, at[-1] == '\\' && *at == 'n' && quote == '"' ? '\n' : *at);
		at++;
	}
	if (quote && *at == quote)
		at++;
	buffer_add_char(texts, '\0');
	if (*at != ',' && *at != ']')
		return false;
	*from = at + (*at == ',');
	return true;
}

static bool is_text_type(unsigned type)
{
	return type == TYPE_STRING || type == TYPE_DATETIME || type == TYPE_REFERENCE;
}

static bool scalar(struct command *command, struct values *values, const struct property *property,
	const struct word *word)
{
	bool truth = fold_equal(word->value, "yes") || fold_equal(word->value, "true");
	int64_t number;

	if (is_text_type(property->type)) {
		values_text(values, property->name, word->value);
	} else if (parse_number(word->value, &number)) {
		values_number(values, property->name, number);
	} else if (property->type == TYPE_BOOLEAN &&
		   (truth || fold_equal(word->value, "no") || fold_equal(word->value, "false"))) {
		values_number(values, property->name, truth);
	} else {
		return command_fail(
			command, "%s is a %s", property->name, type_text(property->type));
	}
	return true;
}

static bool list(struct command *command, struct values *values, const struct property *property,
	const struct word *word, struct buffer *texts)
{
	const char *from = word->value;
	size_t start = texts->size;
	int64_t numbers[128];
	unsigned count = 0;

	if (*from++ != '[')
		return command_fail(command, "%s is a list: [a,b]", property->name);
	while (*from && *from != ']' && count < 128) {
		size_t item = texts->size;

		if (!next_item(&from, texts))
			return command_fail(
				command, "the list of %s is not well formed", property->name);
		if (!is_text_type(property->type & ~(unsigned)LISTED) &&
			!parse_number(texts->text + item, &numbers[count]))
			return command_fail(command, "%s is a list of numbers", property->name);
		count++;
	}
	buffer_add(texts, "", 0);
	if (is_text_type(property->type & ~(unsigned)LISTED)) {
		values_texts(values, property->name, texts->text + start, count);
	} else { /* the numbers, too, must live until the image is made */
		int64_t *kept = heap_alloc((count + 1) * sizeof(*kept));

		memcpy(kept, numbers, count * sizeof(*kept));
		values_numbers(values, property->name, kept, count);
	}
	return true;
}

bool command_values(struct command *command, struct values *values, struct buffer *texts)
{
	/* The texts must not move while values point into them. */
	for (unsigned i = 0; i < command->count; i++)
		buffer_printf(texts, "%*s", (int)strlen(command->words[i].value) + 2, "");
	buffer_clear(texts);
	for (unsigned i = 0; i < command->count; i++) {
		const struct word *word = &command->words[i];
		const struct property *property;
		unsigned number;

		if (!word->key)
			continue;
		if (values->count == sizeof(values->list) / sizeof(values->list[0]))
			return command_fail(command, "too many properties");
		number = class_property(values->class, word->key);
		if (number == NO_PROPERTY)
			return command_fail(
				command, "%s has no property %s", values->class->name, word->key);
		property = &values->class->properties[number];
		if (!word->quoted && fold_equal(word->value, "null"))
			values_text(values, property->name, NULL);
		else if (property->type & LISTED) {
			if (!list(command, values, property, word, texts))
				return false;
		} else if (!scalar(command, values, property, word)) {
			return false;
		}
	}
	return true;
}

void command_values_free(struct values *values)
{
	for (unsigned i = 0; i < values->count; i++) {
		if (values->list[i].kind == VALUE_NUMBERS)
			heap_free((void *)(uintptr_t)values->list[i].numbers);
	}
}
