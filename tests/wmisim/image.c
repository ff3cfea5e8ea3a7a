/* SPDX-License-Identifier: MIT */
/*
 * image.c - one block of memory for each image: the values, then what they point to
 */
#include "image.h"

#include <stdlib.h>
#include <string.h>

#include "heap.h"

void values_begin(struct values *values, const struct class *class)
{
	values->class = class;
	values->count = 0;
}

static struct value *add(struct values *values, const char *name, enum value_kind kind)
{
	unsigned property = class_property(values->class, name);
	struct value *value;

	if (property == NO_PROPERTY || values->count == sizeof(values->list) / sizeof(struct value))
		abort();
	value = &values->list[values->count++];
	*value = (struct value){.property = (uint16_t)property, .kind = (uint16_t)kind};
	return value;
}

void values_number(struct values *values, const char *name, int64_t number)
{
	add(values, name, VALUE_NUMBER)->number = number;
}

void values_text(struct values *values, const char *name, const char *text)
{
	add(values, name, text ? VALUE_TEXT : VALUE_NULL)->text = text;
}

void values_texts(struct values *values, const char *name, const char *texts, unsigned count)
{
	struct value *value = add(values, name, VALUE_TEXTS);

	value->text = texts;
	value->count = count;
}

void values_numbers(struct values *values, const char *name, const int64_t *numbers, unsigned count)
{
	struct value *value = add(values, name, VALUE_NUMBERS);

	value->numbers = numbers;
	value->count = count;
}

void values_object(struct values *values, const char *name, struct image *object)
{
	add(values, name, object ? VALUE_OBJECT : VALUE_NULL)->object = object;
}

static size_t texts_size(const char *texts, unsigned count)
{
	size_t size = 0;

	while (count-- > 0)
		size += strlen(texts + size) + 1;
	return size;
}

/* What a value needs beside itself. */
static size_t outside_size(const struct value *value)
{
	switch (value->kind) {
	case VALUE_TEXT:
		return strlen(value->text) + 1;
	case VALUE_TEXTS:
		return texts_size(value->text, value->count);
	case VALUE_NUMBERS:
		return value->count * sizeof(int64_t);
	case VALUE_OBJECTS:
		return value->count * sizeof(struct image *);
	default:
		return 0;
	}
}

/* Copies what the value points to; lists of numbers come first, so they stay aligned. */
static char *move_outside(struct value *value, char *room)
{
	size_t size = outside_size(value);

	if (value->kind == VALUE_OBJECT)
		image_retain(value->object);
	for (unsigned i = 0; value->kind == VALUE_OBJECTS && i < value->count; i++)
		image_retain(value->objects[i]);
	if (value->kind != VALUE_TEXT && value->kind != VALUE_TEXTS &&
		value->kind != VALUE_NUMBERS && value->kind != VALUE_OBJECTS)
		return room;
	if (size > 0)
		memcpy(room, value->text, size); /* the pointers share their place */
	value->text = room;
	return room + size;
}

static bool is_wide(const struct value *value)
{
	return value->kind == VALUE_NUMBERS || value->kind == VALUE_OBJECTS;
}

static struct image *build(const struct class *class, struct value *list, unsigned count)
{
	size_t size = sizeof(struct image) + count * sizeof(struct value);
	struct image *image;
	char *room;

	for (unsigned i = 0; i < count; i++)
		size += outside_size(&list[i]);
	image = heap_alloc(size);
	image->references = 1;
	image->class = class;
	image->count = count;
	if (count > 0)
		memcpy(image->values, list, count * sizeof(struct value));
	room = (char *)&image->values[count];
	for (unsigned i = 0; i < count; i++) {
		if (is_wide(&image->values[i]))
			room = move_outside(&image->values[i], room);
	}
	for (unsigned i = 0; i < count; i++) {
		if (!is_wide(&image->values[i]))
			room = move_outside(&image->values[i], room);
	}
	return image;
}

/* Puts a value into the sorted list, or takes the property out where it is NULL. */
static unsigned place(struct value *list, unsigned count, const struct value *value)
{
	unsigned at = count;

	while (at > 0 && list[at - 1].property >= value->property)
		at--;
	if (at < count && list[at].property == value->property) {
		if (value->kind != VALUE_NULL) {
			list[at] = *value;
			return count;
		}
		memmove(&list[at], &list[at + 1], (count - at - 1) * sizeof(*list));
		return count - 1;
	}
	if (value->kind == VALUE_NULL)
		return count;
	memmove(&list[at + 1], &list[at], (count - at) * sizeof(*list));
	list[at] = *value;
	return count + 1;
}

struct image *image_new(const struct values *values)
{
	struct value list[256];
	unsigned count = 0;

	for (unsigned i = 0; i < values->count; i++)
		count = place(list, count, &values->list[i]);
	return build(values->class, list, count);
}

struct image *image_changed(const struct image *old, const struct values *changes)
{
	struct value list[256];
	unsigned count = old->count;

	memcpy(list, old->values, count * sizeof(*list));
	for (unsigned i = 0; i < changes->count; i++)
		count = place(list, count, &changes->list[i]);
	return build(old->class, list, count);
}

struct image *image_retain(struct image *image)
{
	__atomic_add_fetch(&image->references, 1, __ATOMIC_RELAXED);
	return image;
}

void image_release(struct image *image)
{
	if (!image || __atomic_sub_fetch(&image->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (unsigned i = 0; i < image->count; i++) {
		const struct value *value = &image->values[i];

		if (value->kind == VALUE_OBJECT)
			image_release(value->object);
		for (unsigned j = 0; value->kind == VALUE_OBJECTS && j < value->count; j++)
			image_release(value->objects[j]);
	}
	heap_free(image);
}

const struct value *image_value(const struct image *image, unsigned property)
{
	for (unsigned i = 0; i < image->count && image->values[i].property <= property; i++) {
		if (image->values[i].property == property)
			return &image->values[i];
	}
	return NULL;
}

const struct value *image_named(const struct image *image, const char *name)
{
	unsigned property = class_property(image->class, name);

	return property == NO_PROPERTY ? NULL : image_value(image, property);
}

int64_t image_number(const struct image *image, const char *name, int64_t otherwise)
{
	const struct value *value = image_named(image, name);

	return value && value->kind == VALUE_NUMBER ? value->number : otherwise;
}

const char *image_text(const struct image *image, const char *name)
{
	const struct value *value = image_named(image, name);

	return value && value->kind == VALUE_TEXT ? value->text : "";
}

bool value_same(const struct value *left, const struct value *right)
{
	size_t size = outside_size(left);

	if (left->kind != right->kind || left->count != right->count ||
		left->property != right->property)
		return false;
	switch (left->kind) {
	case VALUE_OBJECT:
		return image_same(left->object, right->object);
	case VALUE_NUMBER:
		return left->number == right->number;
	case VALUE_REAL:
		return memcmp(&left->real, &right->real, sizeof(double)) == 0;
	case VALUE_OBJECTS:
		for (unsigned i = 0; i < left->count; i++) {
			if (!image_same(left->objects[i], right->objects[i]))
				return false;
		}
		return true;
	default:
		return size == outside_size(right) &&
		       (size == 0 || memcmp(left->text, right->text, size) == 0);
	}
}

bool image_same(const struct image *left, const struct image *right)
{
	if (left == right)
		return true;
	if (left->class != right->class || left->count != right->count)
		return false;
	for (unsigned i = 0; i < left->count; i++) {
		if (!value_same(&left->values[i], &right->values[i]))
			return false;
	}
	return true;
}

static void write_number(struct buffer *buffer, unsigned type, int64_t number)
{
	if ((type & ~(unsigned)LISTED) == TYPE_BOOLEAN)
		buffer_add_text(buffer, number ? "true" : "false");
	else if ((type & ~(unsigned)LISTED) == TYPE_UINT64)
		buffer_printf(buffer, "%llu", (unsigned long long)number);
	else
		buffer_printf(buffer, "%lld", (long long)number);
}

static void write_list(struct buffer *buffer, unsigned type, const struct value *value)
{
	const char *text = value->text;

	buffer_add_char(buffer, '[');
	for (unsigned i = 0; i < value->count; i++) {
		if (i > 0)
			buffer_add_char(buffer, ',');
		if (value->kind == VALUE_NUMBERS) {
			write_number(buffer, type, value->numbers[i]);
		} else if (value->kind == VALUE_TEXTS) {
			buffer_add_quoted(buffer, text);
			text += strlen(text) + 1;
		} else {
			buffer_add_text(buffer, value->objects[i]->class->name);
		}
	}
	buffer_add_char(buffer, ']');
}

void value_write(struct buffer *buffer, unsigned type, const struct value *value)
{
	switch (value ? (enum value_kind)value->kind : VALUE_NULL) {
	case VALUE_NULL:
		buffer_add_text(buffer, "null");
		break;
	case VALUE_NUMBER:
		write_number(buffer, type, value->number);
		break;
	case VALUE_REAL:
		buffer_printf(buffer, "%g", value->real);
		break;
	case VALUE_TEXT:
		buffer_add_quoted(buffer, value->text);
		break;
	case VALUE_OBJECT:
		buffer_add_text(buffer, value->object->class->name);
		break;
	default:
		write_list(buffer, type, value);
		break;
	}
}
