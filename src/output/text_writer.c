/* SPDX-License-Identifier: MIT */
/*
 * text_writer.c - the tree as a table for people
 *
 * Theory of operation. Nothing is printed before the end, because the widths of the columns are
 * known only then; until then a cell is an offset into one arena of text, and a row is one such
 * offset a column.
 *
 * Which row a value belongs to follows from the tree: each open object or list is a scope, and a
 * scope's cells stand in the row where the scope has its first one. A scope takes the row of
 * the scope around it, except that an item of a list of which an earlier item has cells begins a
 * new row. So a machine's name and id share a row with its first adapter, the second adapter
 * has a row of its own, and the order in which the keys are written does not matter.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/process.h"
#include "base/text.h"
#include "output/writer.h"

enum { DEPTH_MAX = 64, PATH_SIZE = 512 };

#define NO_ROW SIZE_MAX

struct scope {
	bool list;
	bool used;          /* of a list: an item of it has cells */
	size_t path_length; /* of the path up to and with this scope's key */
	size_t row;         /* where its cells stand; NO_ROW until it has one */
};

struct group {
	size_t first_row;
	size_t title; /* like a cell; 0: none */
};

struct text_writer {
	struct writer writer; /* first: the two pointers are one */
	FILE *out;
	const struct writer_layout *layout;
	bool color, failed;
	char path[PATH_SIZE];
	struct scope scopes[DEPTH_MAX];
	unsigned depth;
	struct buffer arena;
	/* column_count a row; where in the arena the text begins, plus one; 0: an empty cell */
	size_t *cells;
	size_t rows, room;
	struct group *groups;
	size_t group_count, group_room;
};

static struct text_writer *of(struct writer *writer)
{
	return (struct text_writer *)writer;
}

/* Puts a text that was made harmless into the arena. */
static size_t keep(struct text_writer *w, const char *text)
{
	/* No character grows to more than four times its bytes: \xNN for one of a single byte. */
	size_t size = strlen(text) * 4 + 1, at = w->arena.length;
	char small[512], *large = NULL, *printable = small;

	if (size > sizeof(small))
		printable = large = malloc(size);
	if (!printable) {
		w->failed = true;
		return 0;
	}
	buffer_append(&w->arena, printable, text_printable(printable, size, text) + 1);
	free(large);
	return at + 1;
}

static const char *kept(const struct text_writer *w, size_t cell)
{
	return cell ? w->arena.data + cell - 1 : "";
}

static size_t new_row(struct text_writer *w)
{
	size_t columns = w->layout->column_count;

	if (w->rows == w->room) {
		size_t room = w->room ? w->room * 2 : 64;
		size_t *cells = room > SIZE_MAX / sizeof(*cells) / columns
					? NULL
					: realloc(w->cells, room * columns * sizeof(*cells));

		if (!cells) {
			w->failed = true;
			return NO_ROW;
		}
		w->cells = cells;
		w->room = room;
	}
	memset(w->cells + w->rows * columns, 0, columns * sizeof(*w->cells));
	return w->rows++;
}

/* The row of the scope at this depth, which is given one now if it has none yet. */
static size_t row_of(struct text_writer *w, unsigned depth)
{
	/* Up to the next scope that has a row or must begin one, then down again. */
	unsigned top = depth;
	size_t row;

	while (w->scopes[top].row == NO_ROW && top > 0 &&
		!(w->scopes[top - 1].list && w->scopes[top - 1].used))
		top--;
	row = w->scopes[top].row;
	if (row == NO_ROW)
		row = new_row(w);
	for (unsigned i = top; i <= depth && row != NO_ROW; i++) {
		w->scopes[i].row = row;
		if (i > 0 && w->scopes[i - 1].list)
			w->scopes[i - 1].used = true;
	}
	return row;
}

static void enter(struct text_writer *w, const char *key, bool list)
{
	size_t length = w->depth ? w->scopes[w->depth - 1].path_length : 0;

	if (w->depth == DEPTH_MAX || (key && strlen(key) + 2 > sizeof(w->path) - length)) {
		w->failed = true;
		return;
	}
	if (key) {
		if (length > 0)
			w->path[length++] = '.';
		memcpy(w->path + length, key, strlen(key));
		length += strlen(key);
	}
	w->path[length] = '\0';
	w->scopes[w->depth++] = (struct scope){.list = list, .path_length = length, .row = NO_ROW};
}

static void leave(struct text_writer *w)
{
	if (w->depth > 1) {
		w->depth--;
		w->path[w->scopes[w->depth - 1].path_length] = '\0';
	}
}

static void begin_group(struct text_writer *w)
{
	if (w->group_count == w->group_room) {
		size_t room = w->group_room ? w->group_room * 2 : 8;
		struct group *groups = realloc(w->groups, room * sizeof(*groups));

		if (!groups) {
			w->failed = true;
			return;
		}
		w->groups = groups;
		w->group_room = room;
	}
	w->groups[w->group_count++] = (struct group){.first_row = w->rows};
}

static void text_open(struct writer *writer, const char *key, bool list)
{
	struct text_writer *w = of(writer);
	bool item = w->depth > 0 && w->scopes[w->depth - 1].list;

	if (w->failed)
		return;
	if (item && !key && w->layout->group && strcmp(w->path, w->layout->group) == 0)
		begin_group(w);
	enter(w, key, list);
}

static void text_close(struct writer *writer)
{
	if (!of(writer)->failed)
		leave(of(writer));
}

/* Shows the value in its column, if it has one, in the row of the scope at this depth. */
static void put_cell(struct text_writer *w, const char *value, unsigned depth)
{
	const struct writer_layout *layout = w->layout;

	for (size_t i = 0; i < layout->column_count; i++) {
		if (strcmp(w->path, layout->columns[i].path) != 0)
			continue;
		size_t row = row_of(w, depth);
		if (row != NO_ROW)
			w->cells[row * layout->column_count + i] = keep(w, value);
	}
	if (w->group_count > 0 && layout->group_title && strcmp(w->path, layout->group_title) == 0)
		w->groups[w->group_count - 1].title = keep(w, value);
}

static void write_text(struct writer *writer, const char *key, const char *value)
{
	struct text_writer *w = of(writer);

	if (w->failed)
		return;
	/* The value's key is needed for the path; as a scope it counts only as an item of a list.
	 */
	bool item = w->scopes[w->depth - 1].list;
	enter(w, key, false);
	if (w->failed)
		return;
	put_cell(w, value, item ? w->depth - 1 : w->depth - 2);
	leave(w);
}

static void write_number(struct writer *writer, const char *key, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	write_text(writer, key, text);
}

static void write_boolean(struct writer *writer, const char *key, bool value)
{
	write_text(writer, key, value ? "yes" : "no");
}

static void write_null(struct writer *writer, const char *key)
{
	write_text(writer, key, "-");
}

/* Cells of one line, each filled up with blanks to its column except the last that is not empty. */
static void print_line(const struct text_writer *w, const size_t *widths,
	const char *(*cell)(const struct text_writer *, size_t row, size_t column), size_t row)
{
	size_t blanks = 0;

	for (size_t i = 0; i < w->layout->column_count; i++) {
		const char *text = cell(w, row, i);

		if (*text) {
			fprintf(w->out, "%*s%s", (int)blanks, "", text);
			blanks = 0;
		}
		blanks += widths[i] - text_width(text) + 2;
	}
}

static const char *title_cell(const struct text_writer *w, size_t row, size_t column)
{
	(void)row;
	return w->layout->columns[column].title;
}

static const char *row_cell(const struct text_writer *w, size_t row, size_t column)
{
	return kept(w, w->cells[row * w->layout->column_count + column]);
}

static void print_bold(const struct text_writer *w, bool begin)
{
	if (w->color)
		fputs(begin ? "\033[1m" : "\033[0m", w->out);
}

static void print_rows(const struct text_writer *w, const size_t *widths, size_t from, size_t to)
{
	print_bold(w, true);
	print_line(w, widths, title_cell, 0);
	print_bold(w, false);
	putc('\n', w->out);
	for (size_t row = from; row < to; row++) {
		print_line(w, widths, row_cell, row);
		putc('\n', w->out);
	}
}

static void print_groups(const struct text_writer *w, const size_t *widths)
{
	for (size_t i = 0; i < w->group_count; i++) {
		size_t from = i > 0 ? w->groups[i].first_row : 0;
		size_t to = i + 1 < w->group_count ? w->groups[i + 1].first_row : w->rows;

		if (i > 0)
			putc('\n', w->out);
		print_bold(w, true);
		fputs(kept(w, w->groups[i].title), w->out);
		print_bold(w, false);
		putc('\n', w->out);
		if (from < to)
			print_rows(w, widths, from, to);
		else if (w->layout->empty)
			fprintf(w->out, "%s\n", w->layout->empty);
	}
}

static void measure(const struct text_writer *w, size_t *widths)
{
	for (size_t i = 0; i < w->layout->column_count; i++) {
		widths[i] = text_width(w->layout->columns[i].title);
		for (size_t row = 0; row < w->rows; row++) {
			size_t width = text_width(row_cell(w, row, i));

			if (width > widths[i])
				widths[i] = width;
		}
	}
}

static void print_table(struct text_writer *w)
{
	size_t *widths = calloc(w->layout->column_count, sizeof(*widths));

	if (!widths) {
		w->failed = true;
		return;
	}
	measure(w, widths);
	if (w->group_count > 1)
		print_groups(w, widths);
	else if (w->rows > 0)
		print_rows(w, widths, 0, w->rows);
	else if (w->layout->empty)
		fprintf(w->out, "%s\n", w->layout->empty);
	free(widths);
}

static int text_finish(struct writer *writer, struct error *error)
{
	struct text_writer *w = of(writer);
	int failed = 0;

	w->failed = w->failed || w->arena.failed;
	errno = 0;
	if (!w->failed)
		print_table(w);
	if (w->failed)
		failed = error_set(error, ERR_FAILED, "there is not enough memory for the result");
	/* Whoever reads has seen enough: that is no error. */
	else if ((fflush(w->out) != 0 || ferror(w->out)) && !process_reader_is_gone(errno))
		failed = error_set_errno(
			error, ERR_FAILED, errno ? errno : EIO, "cannot write the result");
	buffer_free(&w->arena);
	free(w->cells);
	free(w->groups);
	free(w);
	return failed;
}

static const struct writer_ops OPS = {
	.open = text_open,
	.close = text_close,
	.text = write_text,
	.number = write_number,
	.boolean = write_boolean,
	.null = write_null,
	.finish = text_finish,
};

struct writer *text_writer_new(FILE *out, const struct writer_layout *layout, bool color)
{
	struct text_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->writer.ops = &OPS;
	w->out = out;
	w->layout = layout;
	w->color = color;
	enter(w, NULL, false);
	return &w->writer;
}
