/* SPDX-License-Identifier: MIT */
#include "scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "world.h"

const char *command_bare(const struct command *command, unsigned index)
{
	for (unsigned i = 0; i < command->count; i++) {
		if (!command->words[i].key && index-- == 0)
			return command->words[i].value;
	}
	return NULL;
}

const char *command_option(const struct command *command, const char *key)
{
	for (unsigned i = 0; i < command->count; i++) {
		if (command->words[i].key && fold_equal(command->words[i].key, key))
			return command->words[i].value;
	}
	return NULL;
}

bool command_fail(struct command *command, const char *format, ...)
{
	char text[400];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	buffer_clear(command->answer);
	buffer_add_text(command->answer, text);
	return false;
}

bool command_guid(struct command *command, const char *text, char guid[GUID_SIZE])
{
	return guid_read(guid, text) || command_fail(command, "'%s' is no GUID", text);
}

bool command_number(struct command *command, const char *key, int64_t *number)
{
	const char *text = command_option(command, key);

	return !text || parse_number(text, number) ||
	       command_fail(command, "%s=%s is no number", key, text);
}

static bool read_yes_no(const char *text, int *yes)
{
	bool is_yes = fold_equal(text, "yes") || fold_equal(text, "true") ||
		      fold_equal(text, "on") || fold_equal(text, "1");

	*yes = is_yes;
	return is_yes || fold_equal(text, "no") || fold_equal(text, "false") ||
	       fold_equal(text, "off") || fold_equal(text, "0");
}

bool command_yes_no(struct command *command, const char *key, int *yes)
{
	const char *text = command_option(command, key);

	return !text || read_yes_no(text, yes) ||
	       command_fail(command, "%s=%s is neither yes nor no", key, text);
}

bool command_status(struct command *command, const char *key, sim_status *status)
{
	const char *text = command_option(command, key);
	char *end;

	if (!text)
		return true;
	*status = (sim_status)strtoul(text, &end, 16);
	return (*end == '\0' && end != text) ||
	       command_fail(command, "%s=%s is no number in hexadecimal", key, text);
}

/* Cutting a line into words. */
struct cutter {
	const char *from;
	char *room;
	const char *why; /* of a failure */
};

static bool cut_quoted(struct cutter *cutter)
{
	char quote = *cutter->from++;

	for (; *cutter->from != quote; cutter->from++) {
		if (quote == '"' && *cutter->from == '\\' && cutter->from[1]) {
			cutter->from++;
			*cutter->room++ = *cutter->from == 'n' ? '\n' : *cutter->from;
			continue;
		}
		if (!*cutter->from) {
			cutter->why = "a quoted text has no end";
			return false;
		}
		*cutter->room++ = *cutter->from;
	}
	cutter->from++;
	return true;
}

/* [a,"b c"] stays as it is; command_values() takes it apart. */
static bool cut_list(struct cutter *cutter)
{
	char quote = 0;

	for (; *cutter->from && (quote || *cutter->from != ']'); cutter->from++) {
		if (quote == '"' && *cutter->from == '\\' && cutter->from[1])
			*cutter->room++ = *cutter->from++;
		else if (quote && *cutter->from == quote)
			quote = 0;
		else if (!quote && (*cutter->from == '"' || *cutter->from == '\''))
			quote = *cutter->from;
		*cutter->room++ = *cutter->from;
	}
	if (!*cutter->from) {
		cutter->why = "a list has no end";
		return false;
	}
	*cutter->room++ = *cutter->from++;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool cut_value(struct cutter *cutter, struct word *word)
{
	word->value = cutter->room;
	word->quoted = *cutter->from == '"' || *cutter->from == '\'';
	if (word->quoted) {
		if (!cut_quoted(cutter))
			return false;
	} else if (*cutter->from == '[') {
		if (!cut_list(cutter))
			return false;
	} else {
		while (*cutter->from && !is_blank(*cutter->from))
			*cutter->room++ = *cutter->from++;
	}
	if (*cutter->from && !is_blank(*cutter->from)) {
		cutter->why = "a blank is missing behind a quoted text";
		return false;
	}
	*cutter->room++ = '\0';
	return true;
}

static bool cut_word(struct cutter *cutter, struct word *word)
{
	size_t length = strcspn(cutter->from, "= \t\r\"'[");

	*word = (struct word){0};
	if (length > 0 && cutter->from[length] == '=') {
		word->key = cutter->room;
		memcpy(cutter->room, cutter->from, length);
		cutter->room[length] = '\0';
		cutter->room += length + 1;
		cutter->from += length + 1;
	}
	return cut_value(cutter, word);
}

static bool cut_line(struct command *command, const char *line, char *room)
{
	struct cutter cutter = {line, room, NULL};

	for (;;) {
		while (is_blank(*cutter.from))
			cutter.from++;
		if (!*cutter.from)
			return true;
		if (command->count == MOST_WORDS)
			return command_fail(command, "too many words");
		if (!cut_word(&cutter, &command->words[command->count]))
			return command_fail(command, "%s", cutter.why);
		command->count++;
	}
}

static const struct command_row *find_row(const char *name)
{
	static const struct command_row *const tables[] = {
		inventory_commands, behaviour_commands, asking_commands};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		for (const struct command_row *row = tables[i]; row->name; row++) {
			if (fold_equal(row->name, name))
				return row;
		}
	}
	return NULL;
}

static unsigned count_words(const char *text)
{
	unsigned count = 0;

	for (; *text; text++)
		count += *text != ' ' && (text[1] == ' ' || !text[1]);
	return count;
}

static bool check_options(struct command *command, const struct command_row *row)
{
	char wanted[160];

	for (unsigned i = 0; row->options[0] != '*' && i < command->count; i++) {
		if (!command->words[i].key)
			continue;
		snprintf(wanted, sizeof(wanted), " %s ", command->words[i].key);
		if (!strstr(row->options, wanted))
			return command_fail(
				command, "%s has no option '%s'", row->name, command->words[i].key);
	}
	return true;
}

static bool run_words(struct command *command)
{
	const char *name = command_bare(command, 0);
	const struct command_row *row = name ? find_row(name) : NULL;

	if (!row)
		return command_fail(command, "there is no command '%s'", name ? name : "");
	if (count_words(row->arguments) > 0 && !command_bare(command, count_words(row->arguments)))
		return command_fail(command, "usage: %s %s", row->name, row->arguments);
	return check_options(command, row) && row->run(command);
}

bool scenario_run(const char *line, struct buffer *answer)
{
	struct command *command;
	char *room;
	bool good;

	buffer_clear(answer);
	while (is_blank(*line))
		line++;
	if (!*line || *line == '#')
		return true;
	command = heap_alloc(sizeof(*command));
	room = heap_alloc(2 * strlen(line) + 2);
	command->answer = answer;
	good = cut_line(command, line, room) && run_words(command);
	heap_free(command);
	heap_free(room);
	return good;
}

bool scenario_load(const char *name, const char *text, struct buffer *answer)
{
	unsigned number = 1;

	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	for (; *text; number++) {
		size_t length = strcspn(text, "\n");
		char *line = heap_alloc(length + 1);
		bool good;

		memcpy(line, text, length);
		good = scenario_run(line, answer);
		heap_free(line);
		if (!good) {
			char *reason = heap_text(answer->text);

			buffer_clear(answer);
			buffer_printf(answer, "%s:%u: %s", name, number, reason);
			heap_free(reason);
			return false;
		}
		text += length + (text[length] == '\n');
	}
	return true;
}
