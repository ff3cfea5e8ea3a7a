/* SPDX-License-Identifier: MIT */
#include "event/record_decode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "event/template.h"

/*
 * Where HyperVive 3 wrote other strings than the catalogue has parameters, known by their number:
 * 1021 names the adapter's InstanceID, 4000 to 4002 became 4003 to 4014.
 */
static const struct {
	int id;
	size_t string_count;
	const char *parameters;
} ORIGINAL[] = {
	{1021, 1, "reason"},
	{4000, 5, "action vm_name user vm_id job_id"},
	{4001, 5, "action vm_name user vm_id job_id"},
	{4002, 7, "action vm_name user vm_id job_id result_code result_text"},
};

static const char *parameters_of(const struct record *record)
{
	const struct event_info *info = event_info(record->id);

	for (size_t i = 0; i < sizeof(ORIGINAL) / sizeof(ORIGINAL[0]); i++) {
		if (ORIGINAL[i].id == record->id &&
			ORIGINAL[i].string_count == record->string_count)
			return ORIGINAL[i].parameters;
	}
	return info ? info->parameters : "";
}

/* "Clear state" is clear-state here, "Emulated" emulated. */
static void put_word(struct event *event, enum event_field field, const char *value)
{
	char word[64];

	text_copy(word, sizeof(word), value);
	for (char *at = word; *at; at++) {
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
		else if (*at == ' ')
			*at = '-';
	}
	event_put_text(event, field, word);
}

static void put_text(struct event *event, enum event_field field, const char *value)
{
	char valid[EVENT_TEXT_MAX];
	struct uuid uuid;
	struct mac mac;

	if (field == FIELD_MAC && mac_parse(value, &mac)) {
		event_put_mac(event, field, &mac);
	} else if ((field == FIELD_VM_ID || field == FIELD_CHECKPOINT_ID) &&
		   uuid_parse(value, &uuid)) {
		event_put_uuid(event, field, &uuid);
	} else if (field == FIELD_ACTION || field == FIELD_KIND) {
		put_word(event, field, value);
	} else {
		text_copy(valid, sizeof(valid), value);
		event_put_text_again(event, field, valid);
	}
}

static void put_value(struct event *event, int field, const char *value)
{
	char *end;

	if (field < 0 || *value == '\0' || strcmp(value, "-") == 0 || strcmp(value, "unknown") == 0)
		return; /* as event_strings() writes what is absent */
	if (event_field_is_text((enum event_field)field)) {
		put_text(event, (enum event_field)field, value);
		return;
	}
	errno = 0;
	long long number = strtoll(value, &end, 10);
	if (!errno && end != value && *end == '\0')
		event_put_number(event, (enum event_field)field, number);
}

bool record_to_event(const struct record *record, struct event *event)
{
	const char *at = parameters_of(record);
	int field;

	if (record->data && event_from_json(event, record->data, record->data_length, NULL) == 0 &&
		event->id == record->id)
		return true;
	event_start(event, record->id, record->time_us);
	for (size_t i = 0; i < record->string_count && template_parameter(&at, &field); i++)
		put_value(event, field, record->strings[i]);
	return record->id > 0;
}
