/* SPDX-License-Identifier: MIT */
/*
 * journal_id.h - MESSAGE_ID of an event in systemd's journal
 *
 * 128 bits as 32 hexadecimal digits (systemd.journal-fields(7)): 28 that were drawn at random
 * once, then the event's id as four decimal digits. They are part of the interface, as scripts
 * and the installed message catalogue know them: never change them.
 */
#ifndef HYPERVIVE_EVENT_JOURNAL_ID_H
#define HYPERVIVE_EVENT_JOURNAL_ID_H

#define JOURNAL_MESSAGE_ID_PREFIX "0e6c3a47914340f9a698516cefce"
#define JOURNAL_MESSAGE_ID_FORMAT JOURNAL_MESSAGE_ID_PREFIX "%04d"

enum { JOURNAL_MESSAGE_ID_SIZE = 33 };

/* SYSLOG_IDENTIFIER, by which the events are found again. */
#define JOURNAL_IDENTIFIER "hypervive"

/* Each field of an event is a field of the journal: this, and its name in upper case. */
#define JOURNAL_FIELD_PREFIX "HYPERVIVE_"

#endif
