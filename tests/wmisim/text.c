/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"

char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

int fold_compare(const char *left, const char *right)
{
	for (; *left && fold(*left) == fold(*right); left++)
		right++;
	return (unsigned char)fold(*left) - (unsigned char)fold(*right);
}

bool fold_equal(const char *left, const char *right)
{
	return fold_compare(left, right) == 0;
}

bool fold_equal_n(const char *text, size_t length, const char *word)
{
	for (size_t i = 0; i < length; i++) {
		if (!word[i] || fold(text[i]) != fold(word[i]))
			return false;
	}
	return word[length] == '\0';
}

bool fold_starts(const char *text, const char *prefix)
{
	for (; *prefix; prefix++) {
		if (fold(*text++) != fold(*prefix))
			return false;
	}
	return true;
}

uint32_t fold_hash_char(uint32_t seed, unsigned c)
{
	return (seed ^ (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c)) * 0x01000193u;
}

uint32_t fold_hash(uint32_t seed, const char *text)
{
	for (; *text; text++)
		seed = fold_hash_char(seed, (unsigned char)*text);
	return seed;
}

bool parse_number(const char *text, int64_t *number)
{
	bool negative = *text == '-', hex;
	unsigned long long magnitude;
	char *end;

	if (negative)
		text++;
	if (*text < '0' || *text > '9')
		return false;
	hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	errno = 0;
	magnitude = strtoull(text, &end, hex ? 16 : 10);
	if (errno || *end || end == text)
		return false;
	*number = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
	return true;
}

bool parse_real(const char *text, double *number)
{
	char *end;

	if ((*text < '0' || *text > '9') && *text != '-' && *text != '.')
		return false;
	*number = strtod(text, &end);
	return end != text && *end == '\0';
}

static void make_room(struct buffer *buffer, size_t more)
{
	size_t capacity = buffer->capacity ? buffer->capacity : 64;

	if (buffer->capacity - buffer->size > more)
		return;
	while (capacity - buffer->size <= more)
		capacity *= 2;
	buffer->text = heap_resize(buffer->text, capacity);
	buffer->capacity = capacity;
}

void buffer_add(struct buffer *buffer, const char *text, size_t size)
{
	make_room(buffer, size);
	if (size > 0)
		memcpy(buffer->text + buffer->size, text, size);
	buffer->size += size;
	buffer->text[buffer->size] = '\0';
}

void buffer_add_text(struct buffer *buffer, const char *text)
{
	buffer_add(buffer, text, strlen(text));
}

void buffer_add_char(struct buffer *buffer, char c)
{
	buffer_add(buffer, &c, 1);
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list arguments, again;
	int needed;

	va_start(arguments, format);
	va_copy(again, arguments);
	needed = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (needed > 0) {
		make_room(buffer, (size_t)needed);
		vsnprintf(buffer->text + buffer->size, (size_t)needed + 1, format, again);
		buffer->size += (size_t)needed;
	}
	va_end(again);
}

void buffer_add_quoted(struct buffer *buffer, const char *text)
{
	buffer_add_char(buffer, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buffer_add_char(buffer, '\\');
		if (*text == '\n')
			buffer_add_text(buffer, "\\n");
		else
			buffer_add_char(buffer, *text);
	}
	buffer_add_char(buffer, '"');
}

void buffer_add_xml(struct buffer *buffer, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			buffer_add_text(buffer, "&lt;");
		else if (*text == '>')
			buffer_add_text(buffer, "&gt;");
		else if (*text == '&')
			buffer_add_text(buffer, "&amp;");
		else
			buffer_add_char(buffer, *text);
	}
}

void buffer_clear(struct buffer *buffer)
{
	buffer->size = 0;
	if (buffer->text)
		buffer->text[0] = '\0';
}

void buffer_free(struct buffer *buffer)
{
	heap_free(buffer->text);
	*buffer = (struct buffer){0};
}
