/* SPDX-License-Identifier: MIT */
/*
 * image.h - the values of one object at one moment
 *
 * An image never changes: whoever changes an object makes a new image. So a query's result, an
 * event's PreviousInstance and the store can share one, and a client keeps seeing what it read.
 */
#ifndef WMISIM_IMAGE_H
#define WMISIM_IMAGE_H

#include "classes.h"
#include "text.h"

enum value_kind {
	VALUE_NULL,
	VALUE_NUMBER, /* integers and booleans */
	VALUE_REAL,
	VALUE_TEXT, /* string, datetime, reference */
	VALUE_OBJECT,
	VALUE_NUMBERS,
	VALUE_TEXTS,
	VALUE_OBJECTS,
};

struct image;

struct value {
	uint16_t property;
	uint16_t kind;
	uint32_t count; /* of a list */
	union {
		int64_t number;
		double real;
		const char *text; /* of VALUE_TEXTS: one after the other, each ends with NUL */
		struct image *object;
		const int64_t *numbers;
		struct image *const *objects;
	};
};

struct image {
	long references;
	uint32_t count;
	const struct class *class;
	struct value values[]; /* by property; those that are NULL are missing */
};

/* Values for an image in the making; what they point to must live until it is made. */
struct values {
	const struct class *class;
	unsigned count;
	struct value list[64];
};

void values_begin(struct values *values, const struct class *class);
/* An unknown name is a fault of the simulator and ends the process. */
void values_number(struct values *values, const char *name, int64_t number);
void values_text(struct values *values, const char *name, const char *text); /* NULL: NULL */
void values_texts(struct values *values, const char *name, const char *texts, unsigned count);
void values_numbers(
	struct values *values, const char *name, const int64_t *numbers, unsigned count);
void values_object(struct values *values, const char *name, struct image *object);

/* A later value of a property wins. */
struct image *image_new(const struct values *values);
/* `old` with the changes (of the same class). */
struct image *image_changed(const struct image *old, const struct values *changes);
struct image *image_retain(struct image *image);
void image_release(struct image *image); /* NULL is allowed */

/* NULL where the property is NULL. */
const struct value *image_value(const struct image *image, unsigned property);
const struct value *image_named(const struct image *image, const char *name);
int64_t image_number(const struct image *image, const char *name, int64_t otherwise);
const char *image_text(const struct image *image, const char *name); /* "" for NULL */
bool image_same(const struct image *left, const struct image *right);
bool value_same(const struct value *left, const struct value *right);

/* As the scenario language writes it: 2, "text", [1,2], null. */
void value_write(struct buffer *buffer, unsigned type, const struct value *value);

#endif
