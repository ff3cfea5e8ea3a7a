/* SPDX-License-Identifier: MIT */
#include "wql_lex.h"

#include <string.h>

static struct wql_token bad(const char *why)
{
	return (struct wql_token){TOKEN_BAD, "", why};
}

static struct wql_token cut(
	struct wql_lexer *lexer, enum wql_token_kind kind, const char *start, size_t length)
{
	char *text = wql_alloc(lexer->query, length + 1);

	memcpy(text, start, length);
	text[length] = '\0';
	return (struct wql_token){kind, text, NULL};
}

static bool in_name(char c)
{
	return c == '_' || (fold(c) >= 'a' && fold(c) <= 'z') || (c >= '0' && c <= '9') ||
	       (unsigned char)c >= 0x80;
}

/* '...' or "...": a backslash stands before a backslash or a quote, and nothing else. */
static struct wql_token read_text(struct wql_lexer *lexer)
{
	char quote = *lexer->next++;
	char *text = wql_alloc(lexer->query, strlen(lexer->next) + 1), *end = text;
	const char *from = lexer->next;

	for (; *from != quote; from++) {
		if (*from == '\\') {
			from++;
			if (*from != '\\' && *from != '\'' && *from != '"')
				return bad("a backslash in a text must be doubled");
		}
		if (!*from)
			return bad("a text has no end");
		*end++ = *from;
	}
	*end = '\0';
	lexer->next = from + 1;
	if (in_name(*lexer->next) || *lexer->next == '\'' || *lexer->next == '"')
		return bad("a quote inside a text must stand behind a backslash");
	return (struct wql_token){TOKEN_TEXT, text, NULL};
}

/* {path}: quoted parts may contain }. */
static struct wql_token read_braces(struct wql_lexer *lexer)
{
	const char *start = ++lexer->next, *end = start;
	char quote = 0;

	for (; *end && (quote || *end != '}'); end++) {
		if (quote && *end == '\\' && end[1])
			end++;
		else if (quote && *end == quote)
			quote = 0;
		else if (!quote && (*end == '"' || *end == '\''))
			quote = *end;
	}
	if (!*end)
		return bad("no } ends the path");
	lexer->next = end + 1;
	return cut(lexer, TOKEN_BRACES, start, (size_t)(end - start));
}

static struct wql_token read_number(struct wql_lexer *lexer)
{
	const char *start = lexer->next, *end = start + 1;

	while (in_name(*end) || *end == '.')
		end++;
	lexer->next = end;
	return cut(lexer, TOKEN_NUMBER, start, (size_t)(end - start));
}

static struct wql_token read_sign(struct wql_lexer *lexer)
{
	static const char *const signs[] = {
		"<=", ">=", "<>", "!=", "=", "<", ">", "(", ")", ",", "*", "."};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		size_t length = strlen(signs[i]);

		if (strncmp(lexer->next, signs[i], length) == 0) {
			lexer->next += length;
			return (struct wql_token){TOKEN_SIGN, signs[i], NULL};
		}
	}
	return bad("a character that WQL does not know");
}

struct wql_token wql_next_token(struct wql_lexer *lexer)
{
	const char *start;
	char c;

	while (*lexer->next == ' ' || (*lexer->next >= '\t' && *lexer->next <= '\r'))
		lexer->next++;
	c = *lexer->next;
	if (!c)
		return (struct wql_token){TOKEN_END, "", NULL};
	if (c == '\'' || c == '"')
		return read_text(lexer);
	if (c == '{')
		return read_braces(lexer);
	if ((c >= '0' && c <= '9') ||
		((c == '-' || c == '.') && lexer->next[1] >= '0' && lexer->next[1] <= '9'))
		return read_number(lexer);
	if (!in_name(c))
		return read_sign(lexer);
	start = lexer->next;
	while (in_name(*lexer->next))
		lexer->next++;
	return cut(lexer, TOKEN_NAME, start, (size_t)(lexer->next - start));
}
