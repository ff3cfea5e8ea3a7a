/* SPDX-License-Identifier: MIT */
#ifndef WMISIM_WQL_LEX_H
#define WMISIM_WQL_LEX_H

#include "wql.h"

enum wql_token_kind {
	TOKEN_END,
	TOKEN_NAME,
	TOKEN_TEXT,
	TOKEN_NUMBER,
	TOKEN_SIGN,
	TOKEN_BRACES,
	TOKEN_BAD
};

struct wql_token {
	enum wql_token_kind kind;
	const char *text; /* of a name, the unescaped text, a sign, or what stands in braces */
	const char *why;  /* of TOKEN_BAD */
};

struct wql_lexer {
	struct wql *query; /* owns the texts */
	const char *next;
};

struct wql_token wql_next_token(struct wql_lexer *lexer);

#endif
