/* SPDX-License-Identifier: MIT */
/*
 * wql_eval.c - what a WHERE means for one image
 *
 * A comparison with a NULL property is false, whatever the operator. Texts are compared without
 * regard to case. Numbers may be written as texts (that is how 64-bit numbers are queried).
 */
#include <stdio.h>
#include <string.h>

#include "path.h"
#include "wql.h"

struct check {
	const struct class *class;
	const struct class *targets[16]; /* of an event query's ISA terms */
	unsigned target_count;
	struct wql_fault *fault;
};

static bool is_system(const char *name)
{
	static const char *const known[] = {"__CLASS", "__SERVER", "__NAMESPACE", "__PATH",
		"__RELPATH", "__SUPERCLASS", "__DYNASTY", "__GENUS", "__PROPERTY_COUNT",
		"__DERIVATION"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (fold_equal(name, known[i]))
			return true;
	}
	return false;
}

static sim_status refuse(struct check *check, const char *why, const char *name)
{
	snprintf(check->fault->text, sizeof(check->fault->text), "%s: %.60s (class %.60s)", why,
		name, check->class->name);
	return SIM_INVALID_QUERY;
}

/* The property an operand names, in the class or in one of the target's. */
static sim_status find_property(
	struct check *check, const struct wql_operand *operand, const struct property **property)
{
	const struct class *class = check->class;
	unsigned number;

	*property = NULL;
	if (is_system(operand->text))
		return SIM_OK;
	if (!operand->outer) {
		number = class_property(class, operand->text);
		if (number == NO_PROPERTY)
			return refuse(check, "the class has no such property", operand->text);
		*property = &class->properties[number];
		return SIM_OK;
	}
	number = class_property(class, operand->outer);
	if (number == NO_PROPERTY || class->properties[number].type != TYPE_OBJECT)
		return refuse(check, "no embedded object of that name", operand->outer);
	for (unsigned i = 0; i < check->target_count; i++) {
		number = class_property(check->targets[i], operand->text);
		if (number != NO_PROPERTY) {
			*property = &check->targets[i]->properties[number];
			return SIM_OK;
		}
	}
	return refuse(check, "no class that ISA names has the property", operand->text);
}

static bool is_text_type(unsigned type)
{
	return type == TYPE_STRING || type == TYPE_DATETIME || type == TYPE_REFERENCE;
}

static bool constant_fits(const struct property *property, const struct wql_operand *operand)
{
	int64_t number;
	double real;

	switch (operand->kind) {
	case OPERAND_PROPERTY:
		return true;
	case OPERAND_TEXT:
		return is_text_type(property->type) || property->type == TYPE_CHAR16 ||
		       parse_number(operand->text, &number) || parse_real(operand->text, &real) ||
		       (property->type == TYPE_BOOLEAN &&
			       (fold_equal(operand->text, "TRUE") ||
				       fold_equal(operand->text, "FALSE")));
	case OPERAND_BOOLEAN:
		return property->type == TYPE_BOOLEAN;
	default:
		return !is_text_type(property->type);
	}
}

static sim_status check_isa(struct check *check, const struct wql_node *node)
{
	const struct property *property;
	sim_status status = find_property(check, &node->first, &property);

	if (status == SIM_OK && (!(check->class->flags & EVENT) || node->first.outer || !property ||
					property->type != TYPE_OBJECT))
		return refuse(check, "ISA is for embedded objects of events", node->first.text);
	return status;
}

static sim_status check_comparison(struct check *check, const struct wql_node *node)
{
	const struct property *property, *other = NULL;
	sim_status status;

	if (node->op == OP_ISA)
		return check_isa(check, node);
	status = find_property(check, &node->first, &property);
	if (status == SIM_OK && node->op < OP_IS_NULL && node->second.kind == OPERAND_PROPERTY)
		status = find_property(check, &node->second, &other);
	if (status != SIM_OK || node->op >= OP_IS_NULL)
		return status;
	if (!property) /* a system property is a text */
		return node->second.kind == OPERAND_TEXT || node->second.kind == OPERAND_PROPERTY
			       ? SIM_OK
			       : refuse(check, "a text is needed for", node->first.text);
	if (property->type & LISTED)
		return refuse(check, "a list cannot be compared", property->name);
	if (property->type == TYPE_OBJECT)
		return refuse(check, "an object cannot be compared", property->name);
	if (other)
		return refuse(check, "a property stands on both sides", property->name);
	if (property->type == TYPE_BOOLEAN && node->op != OP_EQUAL && node->op != OP_DIFFERENT)
		return refuse(check, "a boolean is equal or different", property->name);
	if (node->op == OP_LIKE && !is_text_type(property->type))
		return refuse(check, "LIKE needs a text property", property->name);
	if (!constant_fits(property, &node->second))
		return refuse(check, "the constant has another type than", property->name);
	return SIM_OK;
}

static sim_status check_node(struct check *check, const struct wql_node *node)
{
	sim_status status;

	if (node->kind == NODE_COMPARE)
		return check_comparison(check, node);
	status = check_node(check, node->left);
	if (status == SIM_OK && node->right)
		status = check_node(check, node->right);
	return status;
}

sim_status wql_check(const struct wql *query, const struct class *class, struct wql_fault *fault)
{
	struct check check = {.class = class, .fault = fault};

	if (class->flags & EVENT)
		check.target_count = wql_isa_classes(query, HYPERV, check.targets, 16);
	if (check.target_count == 0 && (class->flags & EVENT))
		check.target_count = wql_isa_classes(query, CIMV2, check.targets, 16);
	for (unsigned i = 0; i < query->column_count; i++) {
		if (!is_system(query->columns[i]) &&
			class_property(class, query->columns[i]) == NO_PROPERTY)
			return refuse(&check, "the class has no such property", query->columns[i]);
	}
	return query->where ? check_node(&check, query->where) : SIM_OK;
}

bool wql_system_property(
	struct buffer *buffer, const struct image *image, const char *name, const char *server)
{
	const struct class *class = image->class, *root = class;

	buffer_clear(buffer);
	buffer_add(buffer, "", 0);
	if (fold_equal(name, "__CLASS"))
		buffer_add_text(buffer, class->name);
	else if (fold_equal(name, "__SERVER"))
		buffer_add_text(buffer, server);
	else if (fold_equal(name, "__NAMESPACE"))
		buffer_add_text(buffer, name_space_text(class->space));
	else if (fold_equal(name, "__PATH"))
		path_write(buffer, server, image);
	else if (fold_equal(name, "__RELPATH"))
		path_write_relative(buffer, image);
	else if (fold_equal(name, "__SUPERCLASS"))
		buffer_add_text(buffer, class->base ? class->base->name : "");
	else if (fold_equal(name, "__DYNASTY")) {
		while (root->base)
			root = root->base;
		buffer_add_text(buffer, root->name);
	} else if (fold_equal(name, "__GENUS"))
		buffer_add_text(buffer, "2");
	else if (fold_equal(name, "__PROPERTY_COUNT"))
		buffer_printf(buffer, "%u", class->property_count);
	else
		return false;
	return true;
}

/* Where a value for a comparison comes from. */
struct term {
	const struct value *value; /* NULL: NULL */
	unsigned type;
	const struct image *image;
};

/* The property, or the system property's text by way of `buffer` and `made`. */
static struct term find_term(const struct wql_operand *operand, const struct image *image,
	const char *server, struct buffer *buffer, struct value *made)
{
	struct term term = {.type = TYPE_STRING, .image = image};
	const struct value *outer;
	unsigned number;

	if (operand->outer) {
		outer = image_named(image, operand->outer);
		if (!outer || outer->kind != VALUE_OBJECT)
			return term;
		term.image = outer->object;
	}
	number = class_property_hashed(term.image->class, operand->hash, operand->text);
	if (number != NO_PROPERTY) {
		term.value = image_value(term.image, number);
		term.type = term.image->class->properties[number].type;
	} else if (wql_system_property(buffer, term.image, operand->text, server)) {
		*made = (struct value){.kind = VALUE_TEXT, .text = buffer->text};
		term.value = made;
	}
	return term;
}

/* A path without server and name space. */
static const char *relative(const char *path)
{
	const char *quote = strpbrk(path, "\"'"), *colon = strchr(path, ':');

	return colon && (!quote || colon < quote) ? colon + 1 : path;
}

static int compare_numbers(double left, double right)
{
	return left < right ? -1 : left > right;
}

static int compare_integers(unsigned type, int64_t left, int64_t right)
{
	if (type == TYPE_UINT64)
		return (uint64_t)left < (uint64_t)right ? -1 : (uint64_t)left > (uint64_t)right;
	return left < right ? -1 : left > right;
}

/* False where they cannot be compared. */
static bool compare_constant(
	const struct term *term, const struct wql_operand *constant, int *order)
{
	const struct value *value = term->value;
	int64_t number = constant->number;

	if (value->kind == VALUE_TEXT) {
		if (constant->kind != OPERAND_TEXT)
			return false;
		*order = term->type == TYPE_REFERENCE
				 ? fold_compare(relative(value->text), relative(constant->text))
				 : fold_compare(value->text, constant->text);
		return true;
	}
	if (value->kind != VALUE_NUMBER && value->kind != VALUE_REAL)
		return false;
	if (constant->kind == OPERAND_TEXT && !parse_number(constant->text, &number))
		number = fold_equal(constant->text, "TRUE");
	if (value->kind == VALUE_REAL || constant->kind == OPERAND_REAL)
		*order = compare_numbers(
			value->kind == VALUE_REAL ? value->real : (double)value->number,
			constant->kind == OPERAND_REAL ? constant->real : (double)number);
	else
		*order = compare_integers(term->type, value->number, number);
	return true;
}

static bool compare_terms(const struct term *left, const struct term *right, int *order)
{
	if (!right->value || left->value->kind != right->value->kind)
		return false;
	if (left->value->kind == VALUE_TEXT)
		*order = fold_compare(left->value->text, right->value->text);
	else if (left->value->kind == VALUE_NUMBER)
		*order = compare_integers(left->type, left->value->number, right->value->number);
	else
		return false;
	return true;
}

static bool order_fits(enum wql_operator op, int order)
{
	switch (op) {
	case OP_EQUAL:
		return order == 0;
	case OP_DIFFERENT:
		return order != 0;
	case OP_LESS:
		return order < 0;
	case OP_GREATER:
		return order > 0;
	case OP_NOT_GREATER:
		return order <= 0;
	default:
		return order >= 0;
	}
}

static bool is_a(const struct wql_node *node, const struct image *image)
{
	const struct value *object = image_named(image, node->first.text);
	const struct class *class;

	if (!object || object->kind != VALUE_OBJECT)
		return false;
	class = class_find(object->object->class->space, node->second.text);
	return class && class_isa(object->object->class, class);
}

static bool compare(const struct wql_node *node, const struct image *image, const char *server)
{
	struct buffer left_text = {0}, right_text = {0};
	struct value left_made, right_made;
	struct term left, right;
	bool result = false;
	int order = 0;

	if (node->op == OP_ISA)
		return is_a(node, image);
	left = find_term(&node->first, image, server, &left_text, &left_made);
	if (node->op >= OP_IS_NULL) {
		result = (left.value == NULL) == (node->op == OP_IS_NULL);
	} else if (!left.value) {
		result = false;
	} else if (node->op == OP_LIKE) {
		result = left.value->kind == VALUE_TEXT &&
			 wql_like(left.value->text, node->second.text);
	} else if (node->second.kind == OPERAND_PROPERTY) {
		right = find_term(&node->second, image, server, &right_text, &right_made);
		result = compare_terms(&left, &right, &order) && order_fits(node->op, order);
	} else {
		result = compare_constant(&left, &node->second, &order) &&
			 order_fits(node->op, order);
	}
	buffer_free(&left_text);
	buffer_free(&right_text);
	return result;
}

static bool matches(const struct wql_node *node, const struct image *image, const char *server)
{
	switch (node->kind) {
	case NODE_AND:
		return matches(node->left, image, server) && matches(node->right, image, server);
	case NODE_OR:
		return matches(node->left, image, server) || matches(node->right, image, server);
	case NODE_NOT:
		return !matches(node->left, image, server);
	default:
		return compare(node, image, server);
	}
}

bool wql_matches(const struct wql *query, const struct image *image, const char *server)
{
	return !query->where || matches(query->where, image, server);
}

static unsigned collect_isa(const struct wql_node *node, enum name_space space,
	const struct class **classes, unsigned count, unsigned room)
{
	const struct class *class;

	if (!node)
		return count;
	if (node->kind != NODE_COMPARE) {
		count = collect_isa(node->left, space, classes, count, room);
		return collect_isa(node->right, space, classes, count, room);
	}
	class = node->op == OP_ISA ? class_find(space, node->second.text) : NULL;
	if (class && count < room)
		classes[count++] = class;
	return count;
}

unsigned wql_isa_classes(
	const struct wql *query, enum name_space space, const struct class **classes, unsigned room)
{
	return collect_isa(query->where, space, classes, 0, room);
}

/* One [a-f] or [^abc]; the text behind it, or NULL where the character does not fit. */
static const char *match_set(char c, const char *set)
{
	bool negated = *set == '^', found = false;

	if (negated)
		set++;
	for (; *set && *set != ']'; set++) {
		if (set[1] == '-' && set[2] && set[2] != ']') {
			found |= fold(c) >= fold(set[0]) && fold(c) <= fold(set[2]);
			set += 2;
		} else {
			found |= fold(c) == fold(*set);
		}
	}
	return *set && found != negated ? set + 1 : NULL;
}

/* % any text, _ one character, [..] one of a set; iterative, so that a pattern costs no stack. */
bool wql_like(const char *text, const char *pattern)
{
	const char *star = NULL, *mark = NULL, *behind;

	while (*text) {
		behind = NULL;
		if (*pattern == '%') {
			star = ++pattern;
			mark = text;
			continue;
		}
		if (*pattern == '[')
			behind = match_set(*text, pattern + 1);
		else if (*pattern == '_' || (*pattern && fold(*pattern) == fold(*text)))
			behind = pattern + 1;
		if (behind) {
			pattern = behind;
			text++;
		} else if (star) {
			pattern = star;
			text = ++mark;
		} else {
			return false;
		}
	}
	while (*pattern == '%')
		pattern++;
	return *pattern == '\0';
}
