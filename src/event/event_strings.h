/* SPDX-License-Identifier: MIT */
/*
 * event_strings.h - an event as the Windows event log keeps it: a message and its insertion strings
 *
 * The executable holds one message a row of the catalogue (event_message_text(), made into a
 * message table when it is built); a record of the log holds the number of the message and the
 * strings that fill it. They are, in this order:
 *
 *   %1 … %k   the row's parameters in the catalogue's order: what HyperVive 3 wrote comes first,
 *             as it did there
 *   %k+1 …    one for each optional part […] of the row's template: written out, or empty
 *
 * The first line of a filled message is what event_message() says, made harmless as below.
 *
 * Pure; the Windows rooms, a build tool and the tests share it.
 */
#ifndef HYPERVIVE_EVENT_EVENT_STRINGS_H
#define HYPERVIVE_EVENT_EVENT_STRINGS_H

#include "event/event.h"

/* The limits of ReportEvent() (its page in the Windows API reference). */
enum {
	EVENT_STRINGS_MOST = 99, /* FormatMessage() knows %1 to %99 */
	EVENT_STRING_LENGTH_MOST = 31839,
	EVENT_RECORD_SIZE_MOST = 61440, /* strings in UTF-16 and data together */
};

/* What one event needs at most; the generator checks every row against it. */
enum { EVENT_STRINGS_SIZE = 16 * 1024, EVENT_TEMPLATE_MOST = 512 };

/* Not to be copied: items point into text. */
struct event_strings {
	size_t count;
	size_t used; /* bytes of text */
	const char *items[EVENT_STRINGS_MOST];
	char text[EVENT_STRINGS_SIZE];
};

/*
 * Fills the insertion strings, valid UTF-8 without control characters: those are escaped as for a
 * terminal. A parameter that is absent reads "unknown" where the message's sentence cannot do
 * without it, as in event_message(), else "-".
 *
 * Windows' viewers look into the strings again after they were put in: they take %1 as another
 * string's place, %%1833 as words of the system, %{…} as an object's name (ReportEvent's page
 * warns of the first; an IPv6 zone, fe80::1%12, is enough). FormatMessage() has no escape for
 * that. So a percent sign before a digit, a brace or another percent sign becomes U+FF05, the
 * wide percent sign, which looks the same and means nothing to them. The data of the record, JSON,
 * has every value as it was.
 *
 * An event that the catalogue does not have gives one string: its message.
 */
void event_strings(const struct event *event, struct event_strings *strings);

/* The whole number of a message with its severity bits (winnt.h), as windmc writes it. */
uint32_t event_message_id(const struct event_info *info);

/* What the message table has for a row, in the language of message files: lines, %1, %% and %!. */
void event_message_text(const struct event_info *info, struct buffer *buffer);

/* "Virtual machine": a parameter's name in that text. */
const char *event_field_label(enum event_field field);

/* Whether a row can be a message: parameters, template and explanation; else a sentence. */
bool event_message_valid(const struct event_info *info, struct error *error);

#endif
