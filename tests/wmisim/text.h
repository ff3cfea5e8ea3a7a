/* SPDX-License-Identifier: MIT */
/*
 * text.h - the little about UTF-8 text that the simulator needs
 *
 * WMI's names and WQL's comparisons ignore case. Only ASCII letters are folded here.
 */
#ifndef WMISIM_TEXT_H
#define WMISIM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

char fold(char c);
int fold_compare(const char *left, const char *right);
bool fold_equal(const char *left, const char *right);
bool fold_equal_n(const char *text, size_t length, const char *word);
bool fold_starts(const char *text, const char *prefix);
/* Continues with `seed` (begin with FOLD_SEED). */
uint32_t fold_hash(uint32_t seed, const char *text);
uint32_t fold_hash_char(uint32_t seed, unsigned c);
enum { FOLD_SEED = 0x1505 };

/* Whole text as a number, decimal or 0x; false where it is none. */
bool parse_number(const char *text, int64_t *number);
bool parse_real(const char *text, double *number);

/* A text that grows. */
struct buffer {
	char *text; /* ends with NUL once something was added; NULL before */
	size_t size, capacity;
};

void buffer_add(struct buffer *buffer, const char *text, size_t size);
void buffer_add_text(struct buffer *buffer, const char *text);
void buffer_add_char(struct buffer *buffer, char c);
__attribute__((format(gnu_printf, 2, 3))) void buffer_printf(
	struct buffer *buffer, const char *format, ...);
/* "text" with quotes, backslashes and line ends escaped. */
void buffer_add_quoted(struct buffer *buffer, const char *text);
/* With the characters that XML knows escaped. */
void buffer_add_xml(struct buffer *buffer, const char *text);
/* Empties it and keeps its memory. */
void buffer_clear(struct buffer *buffer);
void buffer_free(struct buffer *buffer);

#endif
