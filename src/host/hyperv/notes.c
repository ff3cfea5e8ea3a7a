/* SPDX-License-Identifier: MIT */
#include "host/hyperv/notes.h"

#include <string.h>

#include "base/text.h"

static const char MARK[] = "hypervive";
static const char BLANKS[] = " \t\v\f";
static const char LINE_ENDS[] = "\r\n";
static const char SEPARATORS[] = " \t\v\f,;\r\n";

/* Where our words begin in this line; NULL when it is none of ours. */
static const char *find_words(const char *line)
{
	char mark[sizeof(MARK)];

	line += strspn(line, BLANKS);
	if (strnlen(line, sizeof(MARK) - 1) < sizeof(MARK) - 1)
		return NULL;
	memcpy(mark, line, sizeof(MARK) - 1);
	mark[sizeof(MARK) - 1] = '\0';
	if (!text_equal_ignoring_case(mark, MARK))
		return NULL;
	line += sizeof(MARK) - 1;
	line += strspn(line, BLANKS);
	return *line == ':' ? line + 1 : NULL;
}

/* `key=value`, the value also within quotes, as in XML. A word without a value is trouble too. */
static void read_word(const char *word, size_t length, struct machine_wake *wake)
{
	const char *equals = memchr(word, '=', length);
	size_t key_length = equals ? (size_t)(equals - word) : length;
	const char *text = equals ? equals + 1 : word;
	size_t text_length = equals ? length - key_length - 1 : length;
	char key[32], value[64];

	if (equals && text_length >= 2 && (text[0] == '"' || text[0] == '\'') &&
		text[text_length - 1] == text[0]) {
		text++;
		text_length -= 2;
	}
	text_copy_bytes(key, sizeof(key), word, key_length);
	text_copy_bytes(value, sizeof(value), text, text_length);
	for (char *at = key; *at; at++) {
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	}
	machine_wake_set(wake, key, value);
}

void notes_read(const char *text, struct machine_wake *wake)
{
	while (*text) {
		size_t line = strcspn(text, LINE_ENDS);
		const char *end = text + line;
		const char *at = find_words(text);

		while (at && at < end) {
			at += strspn(at, SEPARATORS);
			size_t length = strcspn(at, SEPARATORS);

			/* Separators at the line's end lead past it. */
			if (at >= end || length == 0)
				break;
			read_word(at, length, wake);
			at += length;
		}
		text = end + strspn(end, LINE_ENDS);
	}
}
