/* SPDX-License-Identifier: MIT */
/*
 * record_decode.h - a record of the Windows event log back into an event
 *
 * Pure: the room that reads the log hands over what it got.
 */
#ifndef HYPERVIVE_EVENT_RECORD_DECODE_H
#define HYPERVIVE_EVENT_RECORD_DECODE_H

#include "event/event.h"
#include "event/event_strings.h"

/* A record's facts; texts are borrowed. */
struct record {
	int id;
	int64_t time_us; /* when the log received it */
	size_t string_count;
	const char *strings[EVENT_STRINGS_MOST];
	const char *data; /* NULL: none */
	size_t data_length;
};

/*
 * Reads a record as EvtRender(EvtRenderEventXml) writes it (the event schema's EventType: System
 * with EventID and TimeCreated, EventData with Data and Binary). Works in the text itself, which is
 * destroyed, and *record borrows from it. False for what is no such record.
 */
bool record_from_xml(struct record *record, char *xml, size_t length);

/*
 * The event of a record. Its data is the event's JSON when we wrote it. Without that, or when it
 * tells of another event, the strings are read by the parameters of the catalogue; so are the
 * records of HyperVive 3, with addresses, ids and words in the form that we give them. False for
 * a record without an id.
 */
bool record_to_event(const struct record *record, struct event *event);

#endif
