/* SPDX-License-Identifier: MIT */
/*
 * text.h - text that came from somewhere else
 *
 * Names of machines, words from packets and messages of other programs are
 * foreign bytes. They are made valid UTF-8 once, where they enter (text_copy),
 * and made harmless again for each place they leave by: a terminal
 * (text_printable) or JSON (base/json.h).
 */
#ifndef HYPERVIVE_BASE_TEXT_H
#define HYPERVIVE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decodes the character at the start of text[0..length). Returns its length
 * in bytes (1 to 4) and its code point, or 0 where the bytes are not UTF-8
 * (RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF).
 */
size_t text_decode(const char *text, size_t length, uint32_t *code_point);

/*
 * Copies source into target[0..size) as valid UTF-8: a byte that is not part
 * of a character becomes U+FFFD, and a text that is too long ends at a whole
 * character with "…". Always ends with NUL (size must be at least 4). Returns
 * the length. source may be NULL (an empty text).
 */
size_t text_copy(char *target, size_t size, const char *source);
size_t text_copy_bytes(char *target, size_t size, const char *source, size_t length);

/*
 * True for characters that act on a terminal or hide text instead of showing
 * something: C0 and C1 controls, DEL, line and paragraph separators, and the
 * marks that turn the direction of writing (U+200E, U+200F, U+202A–U+202E,
 * U+2066–U+2069), and the byte order mark.
 */
bool text_is_control(uint32_t code_point);

/*
 * Copies valid UTF-8 for a terminal: control characters become \xNN or \uNNNN,
 * a backslash stays as it is. Ends with NUL; returns the length written,
 * which may be cut at a whole character.
 */
size_t text_printable(char *target, size_t size, const char *source);

/* The columns a valid UTF-8 text takes on a terminal (one a character, combining marks none). */
size_t text_width(const char *text);

bool text_equal_ignoring_case(const char *a, const char *b);

/*
 * Shell pattern with * and ? only, over bytes; used for names of interfaces.
 */
bool text_matches(const char *pattern, const char *text);

#endif
