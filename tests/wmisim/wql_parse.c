/* SPDX-License-Identifier: MIT */
/*
 * wql_parse.c - recursive descent: OR binds weakest, then AND, then NOT, then comparisons
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "wql_lex.h"

enum { DEEPEST = 64, MOST_NODES = 512 };

struct wql_chunk {
	struct wql_chunk *next;
	max_align_t memory[];
};

struct parser {
	struct wql *query;
	struct wql_lexer lexer;
	struct wql_token token; /* the one that is next */
	struct wql_fault *fault;
	bool failed;
	unsigned depth, nodes;
	sim_status status; /* of a failure */
};

void *wql_alloc(struct wql *query, size_t size)
{
	struct wql_chunk *chunk = heap_alloc(sizeof(*chunk) + size);

	chunk->next = query->chunks;
	query->chunks = chunk;
	return chunk->memory;
}

void wql_free(struct wql *query)
{
	while (query->chunks) {
		struct wql_chunk *next = query->chunks->next;

		heap_free(query->chunks);
		query->chunks = next;
	}
}

static void fail(struct parser *parser, const char *why)
{
	if (!parser->failed)
		snprintf(parser->fault->text, sizeof(parser->fault->text), "%s at '%.60s'", why,
			parser->token.kind == TOKEN_END ? "the end" : parser->token.text);
	parser->failed = true;
}

static void advance(struct parser *parser)
{
	parser->token = wql_next_token(&parser->lexer);
	if (parser->token.kind == TOKEN_BAD)
		fail(parser, parser->token.why);
}

static bool at_word(const struct parser *parser, const char *word)
{
	return parser->token.kind == TOKEN_NAME && fold_equal(parser->token.text, word);
}

static bool at_sign(const struct parser *parser, const char *sign)
{
	return parser->token.kind == TOKEN_SIGN && strcmp(parser->token.text, sign) == 0;
}

static bool take_word(struct parser *parser, const char *word)
{
	if (!at_word(parser, word))
		return false;
	advance(parser);
	return true;
}

static bool take_sign(struct parser *parser, const char *sign)
{
	if (!at_sign(parser, sign))
		return false;
	advance(parser);
	return true;
}

static const char *take_name(struct parser *parser, const char *what)
{
	static const char *const reserved[] = {"SELECT", "FROM", "WHERE", "AND", "OR", "NOT",
		"LIKE", "IS", "ISA", "NULL", "WITHIN", "GROUP", "BY", "HAVING", "ASSOCIATORS",
		"REFERENCES", "OF", "TRUE", "FALSE"};
	const char *name = parser->token.text;

	if (parser->token.kind != TOKEN_NAME) {
		fail(parser, what);
		return "";
	}
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		if (fold_equal(name, reserved[i]))
			fail(parser, what);
	}
	advance(parser);
	return name;
}

static void read_property(struct parser *parser, struct wql_operand *operand)
{
	operand->kind = OPERAND_PROPERTY;
	operand->text = take_name(parser, "a property is missing");
	if (take_sign(parser, ".")) {
		operand->outer = operand->text;
		operand->text = take_name(parser, "a property is missing behind the point");
	}
	operand->hash = fold_hash(FOLD_SEED, operand->text);
}

static void read_number(struct parser *parser, struct wql_operand *operand)
{
	if (parse_number(parser->token.text, &operand->number)) {
		operand->kind = OPERAND_NUMBER;
		operand->real = (double)operand->number;
	} else if (parse_real(parser->token.text, &operand->real)) {
		operand->kind = OPERAND_REAL;
	} else {
		fail(parser, "this is no number");
	}
	advance(parser);
}

static void read_operand(struct parser *parser, struct wql_operand *operand)
{
	*operand = (struct wql_operand){0};
	if (parser->token.kind == TOKEN_TEXT) {
		operand->kind = OPERAND_TEXT;
		operand->text = parser->token.text;
		advance(parser);
	} else if (parser->token.kind == TOKEN_NUMBER) {
		read_number(parser, operand);
	} else if (at_word(parser, "TRUE") || at_word(parser, "FALSE")) {
		operand->kind = OPERAND_BOOLEAN;
		operand->number = at_word(parser, "TRUE");
		advance(parser);
	} else {
		read_property(parser, operand);
	}
}

static void read_is(struct parser *parser, struct wql_node *node)
{
	node->op = take_word(parser, "NOT") ? OP_IS_NOT_NULL : OP_IS_NULL;
	if (!take_word(parser, "NULL"))
		fail(parser, "NULL is missing behind IS");
}

static bool read_comparison_sign(struct parser *parser, enum wql_operator *op)
{
	static const struct {
		const char *sign;
		enum wql_operator op;
	} signs[] = {{"=", OP_EQUAL}, {"<>", OP_DIFFERENT}, {"!=", OP_DIFFERENT}, {"<", OP_LESS},
		{">", OP_GREATER}, {"<=", OP_NOT_GREATER}, {">=", OP_NOT_LESS}};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (take_sign(parser, signs[i].sign)) {
			*op = signs[i].op;
			return true;
		}
	}
	return false;
}

/* `= NULL` and `<> NULL` mean the same as IS [NOT] NULL. */
static void read_right_side(struct parser *parser, struct wql_node *node)
{
	if (take_word(parser, "NULL")) {
		if (node->op != OP_EQUAL && node->op != OP_DIFFERENT)
			fail(parser, "NULL can only be equal or different");
		node->op = node->op == OP_EQUAL ? OP_IS_NULL : OP_IS_NOT_NULL;
		return;
	}
	read_operand(parser, &node->second);
}

static struct wql_node *new_node(struct parser *parser, enum wql_node_kind kind)
{
	struct wql_node *node = wql_alloc(parser->query, sizeof(*node));

	if (++parser->nodes > MOST_NODES && !parser->failed) {
		fail(parser, "too many ANDs and ORs");
		parser->status = SIM_QUOTA_VIOLATION;
	}
	node->kind = kind;
	return node;
}

/* Makes `3 < Property` into `Property > 3`. */
static void mirror(struct parser *parser, struct wql_node *node)
{
	static const enum wql_operator mirrored[] = {[OP_EQUAL] = OP_EQUAL,
		[OP_DIFFERENT] = OP_DIFFERENT,
		[OP_LESS] = OP_GREATER,
		[OP_GREATER] = OP_LESS,
		[OP_NOT_GREATER] = OP_NOT_LESS,
		[OP_NOT_LESS] = OP_NOT_GREATER};
	struct wql_operand first = node->first;

	if (node->op > OP_NOT_LESS || node->second.kind != OPERAND_PROPERTY || !node->second.text) {
		fail(parser, "a comparison needs a property");
		return;
	}
	node->op = mirrored[node->op];
	node->first = node->second;
	node->second = first;
}

static struct wql_node *read_comparison(struct parser *parser)
{
	struct wql_node *node = new_node(parser, NODE_COMPARE);

	read_operand(parser, &node->first);
	if (take_word(parser, "IS")) {
		read_is(parser, node);
	} else if (take_word(parser, "LIKE")) {
		parser->query->uses_like = true;
		node->op = OP_LIKE;
		read_operand(parser, &node->second);
		if (node->second.kind != OPERAND_TEXT)
			fail(parser, "LIKE needs a text");
	} else if (take_word(parser, "ISA")) {
		node->op = OP_ISA;
		read_operand(parser, &node->second);
		if (node->second.kind != OPERAND_TEXT && node->second.kind != OPERAND_PROPERTY)
			fail(parser, "ISA needs a class");
	} else if (read_comparison_sign(parser, &node->op)) {
		read_right_side(parser, node);
	} else {
		fail(parser, "a comparison is missing");
	}
	if (node->first.kind != OPERAND_PROPERTY)
		mirror(parser, node);
	return node;
}

static struct wql_node *read_or(struct parser *parser);

static struct wql_node *read_not(struct parser *parser)
{
	struct wql_node *node;

	if (++parser->depth > DEEPEST) {
		fail(parser, "the expression is too deep");
		return NULL;
	}
	if (take_word(parser, "NOT")) {
		node = new_node(parser, NODE_NOT);
		node->left = read_not(parser);
	} else if (take_sign(parser, "(")) {
		node = read_or(parser);
		if (!take_sign(parser, ")"))
			fail(parser, ") is missing");
	} else {
		node = read_comparison(parser);
	}
	parser->depth--;
	return node;
}

static struct wql_node *read_and(struct parser *parser)
{
	struct wql_node *node = read_not(parser);

	while (!parser->failed && take_word(parser, "AND")) {
		struct wql_node *both = new_node(parser, NODE_AND);

		both->left = node;
		both->right = read_not(parser);
		node = both;
	}
	return node;
}

static struct wql_node *read_or(struct parser *parser)
{
	struct wql_node *node = read_and(parser);

	while (!parser->failed && take_word(parser, "OR")) {
		struct wql_node *either = new_node(parser, NODE_OR);

		either->left = node;
		either->right = read_and(parser);
		node = either;
	}
	return node;
}

static void read_columns(struct parser *parser)
{
	struct wql *query = parser->query;

	if (take_sign(parser, "*")) {
		query->all = true;
		return;
	}
	do {
		if (query->column_count == WQL_COLUMNS) {
			fail(parser, "too many properties");
			return;
		}
		query->columns[query->column_count++] = take_name(parser, "a property is missing");
	} while (!parser->failed && take_sign(parser, ","));
}

static void read_within(struct parser *parser)
{
	struct wql_operand interval = {0};

	if (parser->token.kind != TOKEN_NUMBER) {
		fail(parser, "WITHIN needs a number of seconds");
		return;
	}
	read_number(parser, &interval);
	parser->query->has_within = true;
	parser->query->within = interval.real;
	if (interval.real < 0)
		fail(parser, "WITHIN needs a number of seconds");
}

static void read_select(struct parser *parser)
{
	struct wql *query = parser->query;

	query->kind = WQL_SELECT;
	read_columns(parser);
	if (!take_word(parser, "FROM"))
		fail(parser, "FROM is missing");
	query->class_name = take_name(parser, "the class is missing");
	if (!parser->failed && take_word(parser, "WITHIN"))
		read_within(parser);
	if (!parser->failed && take_word(parser, "WHERE"))
		query->where = read_or(parser);
}

/* One of the words behind WHERE in ASSOCIATORS OF and REFERENCES OF; no AND between them. */
static void read_option(struct parser *parser)
{
	struct wql *query = parser->query;
	bool both = query->kind == WQL_ASSOCIATORS;
	const char **place;

	if (both && at_word(parser, "AssocClass"))
		place = &query->assoc_class;
	else if (at_word(parser, "ResultClass"))
		place = &query->result_class;
	else if (at_word(parser, "Role"))
		place = &query->role;
	else if (both && at_word(parser, "ResultRole"))
		place = &query->result_role;
	else {
		fail(parser, "this word is not known here");
		return;
	}
	advance(parser);
	if (!take_sign(parser, "="))
		fail(parser, "= is missing");
	*place = take_name(parser, "a name is missing");
}

static void read_relation(struct parser *parser, enum wql_kind kind)
{
	parser->query->kind = kind;
	if (!take_word(parser, "OF"))
		fail(parser, "OF is missing");
	if (parser->token.kind != TOKEN_BRACES)
		fail(parser, "{path} is missing");
	parser->query->path = parser->token.text;
	advance(parser);
	if (parser->failed || !take_word(parser, "WHERE"))
		return;
	do {
		read_option(parser);
	} while (!parser->failed && parser->token.kind != TOKEN_END);
}

sim_status wql_parse(struct wql *query, const char *text, struct wql_fault *fault)
{
	struct parser parser = {.query = query, .fault = fault, .status = SIM_INVALID_QUERY};

	*query = (struct wql){0};
	fault->text[0] = '\0';
	parser.lexer = (struct wql_lexer){query, text};
	advance(&parser);
	if (take_word(&parser, "SELECT"))
		read_select(&parser);
	else if (take_word(&parser, "ASSOCIATORS"))
		read_relation(&parser, WQL_ASSOCIATORS);
	else if (take_word(&parser, "REFERENCES"))
		read_relation(&parser, WQL_REFERENCES);
	else
		fail(&parser, "a query begins with SELECT, ASSOCIATORS OF or REFERENCES OF");
	if (!parser.failed && parser.token.kind != TOKEN_END)
		fail(&parser, "something follows that WQL does not have");
	return parser.failed ? parser.status : SIM_OK;
}
