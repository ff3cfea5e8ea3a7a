/* SPDX-License-Identifier: MIT */
/*
 * event.h - one thing that happened, with its facts
 *
 * A struct event is a plain value of fixed size: it can be copied, queued and compared, and it
 * never points elsewhere. Text is made valid UTF-8 and cut to what fits when it is put in; a
 * fact that is not there is simply not put in.
 */
#ifndef HYPERVIVE_EVENT_EVENT_H
#define HYPERVIVE_EVENT_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/mac.h"
#include "base/uuid.h"
#include "event/catalogue.h"

enum event_severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_INFORMATION, SEVERITY_DEBUG };

enum event_category {
#define CATEGORY(constant, number, label) constant = (number),
	EVENT_CATEGORIES(CATEGORY)
#undef CATEGORY
};

enum event_field {
#define FIELD(constant, name, type) constant,
	EVENT_FIELDS(FIELD)
#undef FIELD
		FIELD_COUNT_OF_KINDS
};

/* One row of the catalogue. */
struct event_info {
	int id;
	enum event_severity severity;
	enum event_category category;
	const char *parameters;  /* names of the fields it may have, see catalogue.h */
	const char *message;     /* template, see catalogue.h */
	const char *explanation; /* for the tables */
};

enum { EVENT_FIELDS_MAX = 20, EVENT_TEXT_MAX = 1536 };

struct event {
	int id;
	int64_t time_us; /* since 1970, UTC */
	uint16_t count;
	uint16_t used; /* bytes of text in use */
	struct {
		uint8_t field; /* enum event_field */
		bool is_text;
		union {
			int64_t number;
			uint16_t offset; /* into text */
		};
	} fields[EVENT_FIELDS_MAX];
	char text[EVENT_TEXT_MAX];
};

/* The catalogue, in order of id; *count rows. */
const struct event_info *event_catalogue(size_t *count);

/* The row of an id, or NULL. O(log n). */
const struct event_info *event_info(int id);

const char *event_severity_name(enum event_severity severity);  /* "error" … "debug" */
const char *event_category_label(enum event_category category); /* "Magic Packet" */
const char *event_field_name(enum event_field field);           /* "vm_name" */
bool event_field_is_text(enum event_field field);
int event_field_by_name(const char *name); /* -1 when unknown */

void event_start(struct event *event, int id, int64_t time_us);

/*
 * A field that is put again replaces what was there. NULL and "" put nothing, and leave what was
 * there. A value of the wrong type for its field (see the catalogue), or one more field than
 * EVENT_FIELDS_MAX, is left out.
 *
 * A text that does not fit is cut and ends with "…". One text takes at most half of the room that
 * is left, or 128 bytes: a long reason must not crowd out the name of the machine after it.
 */
void event_put_text(struct event *event, enum event_field field, const char *text);

/* The same, but one text may take all the room that is left: for an event that fitted once. */
void event_put_text_again(struct event *event, enum event_field field, const char *text);

void event_put_number(struct event *event, enum event_field field, int64_t number);
void event_put_mac(struct event *event, enum event_field field, const struct mac *mac);
void event_put_uuid(struct event *event, enum event_field field, const struct uuid *uuid);

/* The text of a field, or NULL. Borrowed. */
const char *event_text(const struct event *event, enum event_field field);
bool event_number(const struct event *event, enum event_field field, int64_t *number);

/*
 * The message with its fields filled in, valid UTF-8, not escaped for a terminal. A field outside
 * of square brackets that is absent reads "unknown"; an event that the catalogue does not have
 * (of a newer version) is told by its number and its fields.
 */
void event_message(const struct event *event, struct buffer *buffer);

/*
 * Whether a template is well-formed: every {name} is a field, brackets are paired and not nested,
 * and a part in brackets has a field that it can depend on.
 */
bool event_template_valid(const char *message, struct error *error);

/* One JSON object as on the interface page, without the line's end. */
void event_to_json(const struct event *event, struct buffer *buffer);

/*
 * Reads one line of JSON back. Unknown keys and fields of newer versions are passed over; a
 * line that is no event, or whose id or time is missing, fails with a sentence.
 */
int event_from_json(struct event *event, const char *line, size_t length, struct error *error);

#endif
