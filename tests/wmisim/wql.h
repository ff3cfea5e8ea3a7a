/* SPDX-License-Identifier: MIT */
/*
 * wql.h - the query language: reading, checking against the classes, deciding
 *
 * Grammar (Microsoft's "WQL (SQL for WMI)" pages): SELECT *|property,... FROM class [WITHIN n]
 * [WHERE expression]; ASSOCIATORS OF {path} [WHERE word=value ...]; REFERENCES OF {path} [...].
 */
#ifndef WMISIM_WQL_H
#define WMISIM_WQL_H

#include "image.h"
#include "status.h"

enum wql_kind { WQL_SELECT, WQL_ASSOCIATORS, WQL_REFERENCES };

enum wql_node_kind { NODE_AND, NODE_OR, NODE_NOT, NODE_COMPARE };

enum wql_operator {
	OP_EQUAL,
	OP_DIFFERENT,
	OP_LESS,
	OP_GREATER,
	OP_NOT_GREATER,
	OP_NOT_LESS,
	OP_LIKE,
	OP_ISA,
	OP_IS_NULL,
	OP_IS_NOT_NULL,
};

enum wql_operand_kind {
	OPERAND_PROPERTY,
	OPERAND_TEXT,
	OPERAND_NUMBER,
	OPERAND_REAL,
	OPERAND_BOOLEAN
};

struct wql_operand {
	enum wql_operand_kind kind;
	const char *text;  /* of a text; name of a property, the last part of it */
	const char *outer; /* TargetInstance in TargetInstance.Name, or NULL */
	uint32_t hash;     /* of the name */
	int64_t number;    /* also of a boolean */
	double real;
};

struct wql_node {
	enum wql_node_kind kind;
	enum wql_operator op;
	struct wql_node *left, *right;
	struct wql_operand first, second;
};

enum { WQL_COLUMNS = 64 };

struct wql {
	enum wql_kind kind;
	bool all;
	unsigned column_count;
	const char *columns[WQL_COLUMNS];
	const char *class_name;
	bool has_within;
	double within;
	struct wql_node *where;
	const char *path; /* of ASSOCIATORS and REFERENCES */
	const char *assoc_class, *result_class, *role, *result_role; /* NULL when not given */
	bool uses_like;
	struct wql_chunk *chunks; /* all of the above lives here */
};

/* A sentence that says what is wrong, for whoever debugs a query. */
struct wql_fault {
	char text[160];
};

/* wql_free() in any case. */
sim_status wql_parse(struct wql *query, const char *text, struct wql_fault *fault);
void wql_free(struct wql *query);
void *wql_alloc(struct wql *query, size_t size);

/* Whether class and properties of a SELECT exist and can be compared. `class` is FROM's. */
sim_status wql_check(const struct wql *query, const struct class *class, struct wql_fault *fault);

/*
 * Whether the image is one that WHERE means. `server` is the host's name. `of_event`: the image is
 * an event with TargetInstance inside.
 */
bool wql_matches(const struct wql *query, const struct image *image, const char *server);

/* The classes that an event query's ISA terms name; their number, at most `room`. */
unsigned wql_isa_classes(const struct wql *query, enum name_space space,
	const struct class **classes, unsigned room);

bool wql_like(const char *text, const char *pattern);

/* System properties of an image as text, into `buffer`; false where there is none of that name. */
bool wql_system_property(
	struct buffer *buffer, const struct image *image, const char *name, const char *server);

#endif
