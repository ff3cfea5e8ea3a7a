/* SPDX-License-Identifier: MIT */
/*
 * writer.h - one result, every format
 *
 * A command describes its result once, as a tree of objects, lists and values; the writer that
 * the options chose turns it into JSON (json_writer.c) or into a table for people
 * (text_writer.c). Keys are those of the interface page.
 *
 * Inside an object every call takes a key; an item of a list takes NULL.
 */
#ifndef HYPERVIVE_OUTPUT_WRITER_H
#define HYPERVIVE_OUTPUT_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

struct writer;

struct writer_ops {
	void (*open)(struct writer *writer, const char *key, bool list);
	void (*close)(struct writer *writer);
	void (*text)(struct writer *writer, const char *key, const char *value);
	void (*number)(struct writer *writer, const char *key, int64_t value);
	void (*boolean)(struct writer *writer, const char *key, bool value);
	void (*null)(struct writer *writer, const char *key);
	int (*finish)(struct writer *writer, struct error *error);
};

struct writer {
	const struct writer_ops *ops;
};

static inline void writer_object(struct writer *w, const char *key)
{
	w->ops->open(w, key, false);
}

static inline void writer_list(struct writer *w, const char *key)
{
	w->ops->open(w, key, true);
}

static inline void writer_close(struct writer *w)
{
	w->ops->close(w);
}

static inline void writer_text(struct writer *w, const char *key, const char *value)
{
	w->ops->text(w, key, value);
}

static inline void writer_number(struct writer *w, const char *key, int64_t value)
{
	w->ops->number(w, key, value);
}

static inline void writer_bool(struct writer *w, const char *key, bool value)
{
	w->ops->boolean(w, key, value);
}

static inline void writer_null(struct writer *w, const char *key)
{
	w->ops->null(w, key);
}

/* Writes what is left and frees the writer; fails when the output could not be written. */
static inline int writer_finish(struct writer *w, struct error *error)
{
	return w->ops->finish(w, error);
}

/* Compact JSON: one document {"format":format, …} and a line's end. NULL when memory is out. */
struct writer *json_writer_new(FILE *out, const char *format);

/*
 * A table. `path` names a value by the keys on the way to it, joined with dots, lists by
 * their key alone: "hosts.vms.adapters.mac". A new row begins with each item of a list that
 * already has a cell in the row. Values without a column are not shown.
 *
 * `group`, if not NULL, is the path of a list whose items are told apart by a line of their own
 * ("hosts"); that line shows group_title's value ("hosts.connect") and comes only when there is
 * more than one item.
 */
struct writer_column {
	const char *title;
	const char *path;
};

struct writer_layout {
	const struct writer_column *columns;
	size_t column_count;
	const char *group;
	const char *group_title;
	const char *empty; /* said on stdout when there is no row at all: "No virtual machines." */
};

/* color: bold titles. NULL when memory is out. */
struct writer *text_writer_new(FILE *out, const struct writer_layout *layout, bool color);

#endif
