/* SPDX-License-Identifier: MIT */
/*
 * template.h - the templates of the catalogue, taken to pieces
 *
 * For what does not write a message at once, as event_message() does, but turns the template into
 * another form: the Windows message table and the strings that belong to it.
 */
#ifndef HYPERVIVE_EVENT_TEMPLATE_H
#define HYPERVIVE_EVENT_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

enum template_kind {
	TEMPLATE_END,
	TEMPLATE_TEXT,  /* words, as they are */
	TEMPLATE_FIELD, /* {name} */
	TEMPLATE_PART,  /* […], the brackets not included */
};

struct template_piece {
	enum template_kind kind;
	const char *start;
	size_t length;
	int field; /* of a TEMPLATE_FIELD; -1 for a name that is none */
};

/* The piece at *at, which is moved behind it; a part is read the same way from its start. */
enum template_kind template_next(const char **at, const char *end, struct template_piece *piece);

/* The next name of a list of parameters as in the catalogue (-1: no field); false at its end. */
bool template_parameter(const char **at, int *field);

#endif
