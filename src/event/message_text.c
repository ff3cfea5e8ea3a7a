/* SPDX-License-Identifier: MIT */
/*
 * message_text.c - a row of the catalogue as a message of the Windows message table
 *
 *   the template as one sentence, %n in the place of each field and each optional part
 *
 *   a line a parameter: its label and %n
 *
 *   the explanation
 *
 * In FormatMessage()'s language a percent sign begins something and "!" after a number does, so
 * both are written %% and %!; a digit behind a number would be taken as a part of it, so a template
 * that needs one is refused. The order of the numbers is told in event_strings.h.
 */
#include <assert.h>
#include <string.h>

#include "event/event_strings.h"
#include "event/template.h"

static const char *const LABELS[] = {
	[FIELD_MAC] = "MAC address",
	[FIELD_SOURCE] = "Sender",
	[FIELD_INTERFACE] = "Adapter",
	[FIELD_VLAN] = "VLAN",
	[FIELD_INNER_VLAN] = "Inner VLAN",
	[FIELD_VM_NAME] = "Virtual machine",
	[FIELD_VM_ID] = "Virtual machine ID",
	[FIELD_RESULT_CODE] = "Result code",
	[FIELD_RESULT_TEXT] = "Result",
	[FIELD_REASON] = "Reason",
	[FIELD_ACTION] = "Action",
	[FIELD_USER] = "User",
	[FIELD_JOB_ID] = "Job ID",
	[FIELD_JOB_TYPE] = "Job type",
	[FIELD_CHECKPOINT_NAME] = "Checkpoint",
	[FIELD_CHECKPOINT_ID] = "Checkpoint ID",
	[FIELD_PARENT] = "Parent",
	[FIELD_KIND] = "Kind",
	[FIELD_MODULE] = "Part of the service",
	[FIELD_CONNECT] = "Host",
	[FIELD_FILE] = "File",
	[FIELD_LINE] = "Line",
	[FIELD_KEY] = "Setting",
	[FIELD_COUNT] = "Count",
	[FIELD_SUPPRESSED] = "More like it",
	[FIELD_VALUE] = "Value",
	[FIELD_STATE] = "State",
	[FIELD_VERSION] = "Version",
	[FIELD_PID] = "Process ID",
	[FIELD_HEARD] = "Heard",
	[FIELD_UNHEARD] = "Not heard",
	[FIELD_FIREWALL] = "Firewall",
};

static_assert(sizeof(LABELS) / sizeof(LABELS[0]) == FIELD_COUNT_OF_KINDS,
	"the last field has a label; event_message_valid() looks for the others");

const char *event_field_label(enum event_field field)
{
	return LABELS[field];
}

static void put_words(struct buffer *buffer, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '%' || text[i] == '!')
			buffer_text(buffer, "%");
		buffer_append(buffer, text + i, 1);
	}
}

/* From 1; 0 when the list does not have it. */
static unsigned number_of(const char *parameters, int wanted)
{
	unsigned number = 0;
	int field;

	while (template_parameter(&parameters, &field)) {
		number++;
		if (field == wanted)
			return number;
	}
	return 0;
}

static unsigned parameter_count(const char *parameters)
{
	unsigned count = 0;
	int field;

	while (template_parameter(&parameters, &field))
		count++;
	return count;
}

static void put_sentence(const struct event_info *info, struct buffer *buffer)
{
	const char *at = info->message, *end = at + strlen(at);
	unsigned part = parameter_count(info->parameters);
	struct template_piece piece;

	while (template_next(&at, end, &piece)) {
		if (piece.kind == TEMPLATE_TEXT)
			put_words(buffer, piece.start, piece.length);
		else if (piece.kind == TEMPLATE_FIELD)
			buffer_printf(buffer, "%%%u", number_of(info->parameters, piece.field));
		else
			buffer_printf(buffer, "%%%u", ++part);
	}
	buffer_text(buffer, "\n");
}

void event_message_text(const struct event_info *info, struct buffer *buffer)
{
	const char *at = info->parameters;
	unsigned number = 0;
	int field;

	put_sentence(info, buffer);
	buffer_text(buffer, "\n");
	while (template_parameter(&at, &field)) {
		const char *label = event_field_label((enum event_field)field);

		put_words(buffer, label, strlen(label));
		buffer_printf(buffer, ": %%%u\n", ++number);
	}
	if (number)
		buffer_text(buffer, "\n");
	put_words(buffer, info->explanation, strlen(info->explanation));
	buffer_text(buffer, "\n");
}

static bool invalid(struct error *error, const struct event_info *info, const char *problem)
{
	error_set(error, ERR_FAILED, "event %d %s", info->id, problem);
	return false;
}

/* A dot alone ends a message, and ";" begins a remark. */
static bool is_one_line(const char *text)
{
	if (*text == '\0' || *text == '.' || *text == ';' || *text == ' ')
		return false;
	for (; *text; text++) {
		if ((unsigned char)*text < ' ')
			return false;
	}
	return true;
}

static bool parameters_valid(const struct event_info *info, struct error *error)
{
	const char *at = info->parameters;
	unsigned number = 0;
	int field;

	while (template_parameter(&at, &field)) {
		number++;
		if (field < 0)
			return invalid(error, info, "has a parameter that is no field");
		if (number_of(info->parameters, field) != number)
			return invalid(error, info, "has the same parameter twice");
		if (!event_field_label((enum event_field)field))
			return invalid(error, info, "has a parameter without a label");
	}
	return true;
}

/* Every field of the template is a parameter; *parts counts its optional parts. */
static bool pieces_valid(const struct event_info *info, const char *at, size_t length,
	unsigned *parts, struct error *error)
{
	const char *end = at + length;
	struct template_piece piece;
	enum template_kind before = TEMPLATE_END;

	while (template_next(&at, end, &piece)) {
		if (piece.kind == TEMPLATE_FIELD && !number_of(info->parameters, piece.field))
			return invalid(error, info, "tells of a field that is no parameter");
		if (piece.kind == TEMPLATE_TEXT && before > TEMPLATE_TEXT && *piece.start >= '0' &&
			*piece.start <= '9')
			return invalid(error, info, "has a digit right behind a field");
		if (piece.kind == TEMPLATE_PART) {
			(*parts)++;
			if (!pieces_valid(info, piece.start, piece.length, parts, error))
				return false;
		}
		before = piece.kind;
	}
	return true;
}

bool event_message_valid(const struct event_info *info, struct error *error)
{
	size_t length = strlen(info->message);
	unsigned parts = 0;

	if (!event_template_valid(info->message, error))
		return false;
	if (length > EVENT_TEMPLATE_MOST)
		return invalid(error, info, "has a template that is too long");
	if (!is_one_line(info->message) || !is_one_line(info->explanation))
		return invalid(error, info, "has a text that is no line of a message file");
	if (!parameters_valid(info, error) ||
		!pieces_valid(info, info->message, length, &parts, error))
		return false;
	if (parameter_count(info->parameters) + parts > EVENT_STRINGS_MOST)
		return invalid(error, info, "has more strings than a message can take");
	return true;
}
