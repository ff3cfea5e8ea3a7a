/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/text.h"
#include "service/registry_values.h"
#include "tap.h"

struct told {
	unsigned count, line;
	char key[32][96];
	char why[32][256];
};

static void note(void *context, unsigned line, const char *key, const char *why)
{
	struct told *told = context;

	if (told->count < 32) {
		text_copy(told->key[told->count], sizeof(told->key[0]), key);
		text_copy(told->why[told->count], sizeof(told->why[0]), why);
	}
	told->line |= line;
	told->count++;
}

/* A copy of the exact size: the sanitizer sees a read past the end. */
static const char *convert(uint32_t type, const void *bytes, size_t length, struct buffer *text)
{
	void *copy = malloc(length ? length : 1);

	if (length)
		memcpy(copy, bytes, length);
	buffer_clear(text);
	const char *why = registry_value_text(type, copy, length, text);
	free(copy);
	return why;
}

static void becomes(
	uint32_t type, const void *bytes, size_t length, const char *want, const char *what)
{
	struct buffer text = {0};

	is_text(convert(type, bytes, length, &text), NULL, "%s is taken", what);
	is_text(text.data, want, "%s becomes '%.40s'", what, want);
	buffer_free(&text);
}

static void refused(
	uint32_t type, const void *bytes, size_t length, const char *words, const char *what)
{
	struct buffer text = {0};
	const char *why = convert(type, bytes, length, &text);

	ok(why && strstr(why, words) && !strchr(why, '=') && text.length == 0, "%s is refused",
		what);
	if (!why || !strstr(why, words))
		printf("#  because '%s'\n", why ? why : "(it is taken)");
	buffer_free(&text);
}

/* UTF-16 of a text in ASCII, with its NUL; '|' is a NUL within. */
static size_t wide(uint8_t *bytes, const char *text)
{
	size_t length = strlen(text) + 1;

	for (size_t i = 0; i < length; i++) {
		bytes[i * 2] = text[i] == '|' ? 0 : (uint8_t)text[i];
		bytes[i * 2 + 1] = 0;
	}
	return length * 2;
}

static void test_texts(void)
{
	uint8_t bytes[256];
	size_t length = wide(bytes, "br0, br1");

	becomes(REGISTRY_TEXT, bytes, length, "br0, br1", "a text");
	becomes(REGISTRY_EXPANDED_TEXT, bytes, length, "br0, br1", "an expanded text");
	refused(REGISTRY_TEXT, bytes, length - 1, "odd number", "an odd number of bytes");
	refused(REGISTRY_TEXT, bytes, length - 2, "does not end with a NUL", "a missing NUL");
	refused(REGISTRY_TEXT, bytes, 0, "does not end with a NUL", "no bytes at all");
	becomes(REGISTRY_TEXT, "\0\0", 2, "", "an empty text");
	length = wide(bytes, "yes|||");
	becomes(REGISTRY_TEXT, bytes, length, "yes", "a text in a cleared array");
	length = wide(bytes, "yes|no");
	refused(REGISTRY_TEXT, bytes, length, "holds a NUL", "a NUL within");
	length = wide(bytes, "no\nconnect = evil");
	refused(REGISTRY_TEXT, bytes, length, "control character", "a line's end within");
	length = wide(bytes, "no\rconnect = evil");
	refused(REGISTRY_TEXT, bytes, length, "control character", "a carriage return within");
	length = wide(bytes, "a\tb");
	becomes(REGISTRY_TEXT, bytes, length, "a\tb", "a tabulator");
	becomes(REGISTRY_TEXT, "\xe9\x00\xac\x20\x3d\xd8\x00\xde\0\0", 10,
		"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "text beyond ASCII");
	refused(REGISTRY_TEXT, "\x3d\xd8\0\0", 4, "UTF-16", "half of a pair at the end");
	refused(REGISTRY_TEXT, "\x3d\xd8\x41\0\0\0", 6, "UTF-16", "half of a pair");
	refused(REGISTRY_TEXT, "\x00\xde\x3d\xd8\0\0", 6, "UTF-16", "a pair in the wrong order");
	refused(REGISTRY_TEXT, "\x28\x20\0\0", 4, "control character", "a line separator");
}

static void test_lists(void)
{
	uint8_t bytes[256];
	size_t length = wide(bytes, "10-20|untagged|");

	becomes(REGISTRY_TEXTS, bytes, length, "10-20, untagged", "a list");
	refused(REGISTRY_TEXTS, bytes, length - 2, "empty text", "a list without its end");
	refused(REGISTRY_TEXTS, bytes, length - 4, "NUL", "a list whose last text has no end");
	refused(REGISTRY_TEXTS, bytes, length - 1, "odd number", "a list of odd length");
	refused(REGISTRY_TEXTS, bytes, 0, "empty text", "a list of no bytes");
	becomes(REGISTRY_TEXTS, "\0\0", 2, "", "an empty list");
	becomes(REGISTRY_TEXTS, "\0\0\0\0", 4, "", "an empty list with a NUL more");
	length = wide(bytes, "10||20|");
	refused(REGISTRY_TEXTS, bytes, length, "empty text", "a list with an empty text within");
	length = wide(bytes, "10|2\n0|");
	refused(REGISTRY_TEXTS, bytes, length, "control", "a list with a line's end within");
}

static void test_numbers(void)
{
	becomes(REGISTRY_NUMBER, "\1\0\0\0", 4, "1", "a number");
	becomes(REGISTRY_NUMBER, "\xff\xff\xff\xff", 4, "4294967295", "the largest number");
	becomes(REGISTRY_NUMBER_BIG_ENDIAN, "\0\0\1\2", 4, "258", "a big-endian number");
	becomes(REGISTRY_LONG_NUMBER, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, "18446744073709551615",
		"the largest long number");
	refused(REGISTRY_NUMBER, "\1\0\0", 3, "as long as a number", "a number of 3 bytes");
	refused(REGISTRY_NUMBER, "\1\0\0\0\0", 5, "as long as a number", "a number of 5 bytes");
	refused(REGISTRY_NUMBER, "", 0, "as long as a number", "a number of no bytes");
	refused(REGISTRY_LONG_NUMBER, "\1\0\0\0", 4, "as long", "a long number of 4 bytes");
	refused(REGISTRY_BINARY, "\1", 1, "neither a text nor a number", "binary");
	refused(0, "", 0, "neither a text nor a number", "the type NONE");
	refused(6, "a\0\0\0", 4, "neither a text nor a number", "a link");
	refused(0xffffffff, "a\0\0\0", 4, "neither a text nor a number", "an unknown type");
}

static void test_long_texts(void)
{
	const size_t most = REGISTRY_TEXT_MAX;
	uint8_t *bytes = calloc(1, 70000);
	char *want = calloc(1, most + 1);

	for (size_t i = 0; i < 30000; i++)
		bytes[i * 2] = 'a';
	memset(want, 'a', most);
	refused(REGISTRY_TEXT, bytes, 60002, "too long", "a text of 30,000 characters");
	bytes[(most + 1) * 2] = 0;
	refused(REGISTRY_TEXT, bytes, (most + 2) * 2, "too long", "one character too many");
	bytes[most * 2] = 0;
	becomes(REGISTRY_TEXT, bytes, (most + 1) * 2, want, "the longest text");
	free(bytes);
	free(want);
}

static void add(struct registry_values *values, const char *name, const char *text)
{
	uint8_t bytes[512];

	registry_values_add(values, name, REGISTRY_TEXT, bytes, wide(bytes, text), NULL);
}

static struct told told;

static void read_values(struct registry_values *values, struct settings *settings)
{
	struct error error = {0};

	told = (struct told){0};
	is_number(
		registry_values_read(values, settings, note, &told, &error), 0, "values are read");
	ok(told.line == 0, "nothing is told of lines");
}

static void test_reading(void)
{
	struct registry_values values = {0};
	static struct settings settings;

	settings_defaults(&settings);
	add(&values, "connect", "hyperv7");
	add(&values, "Allow-VLAN", "10-20");
	registry_values_add(&values, "journal", REGISTRY_NUMBER, "\0\0\0\0", 4, NULL);
	registry_values_add(&values, "dry-run", REGISTRY_NUMBER, "\1\0\0\0", 4, NULL);
	registry_values_add(&values, "rate-limit-total", REGISTRY_TEXT, "5\0/\0s\0\0\0", 8, NULL);
	add(&values, "ImagePath", "C:\\x.exe");
	add(&values, "DebugMode", "1");
	add(&values, "Type", "16");
	add(&values, "", "default");
	add(&values, "x = y\nconnect", "evil");
	add(&values, "[wake]", "evil");
	add(&values, "#", "evil");
	read_values(&values, &settings);
	is_number(told.count, 0, "what is not ours is left alone");
	is_text(settings.connect, "hyperv7", "a text is read");
	is_number(settings.wake.vlans[0].last, 20, "the case of a name does not matter");
	ok(!settings.journal && settings.wake.dry_run, "numbers are yes and no");
	is_number(settings.wake.total_rate.count, 5, "a rate is read");
	registry_values_free(&values);

	read_values(&values, &settings);
	ok(settings.journal && !settings.wake.dry_run && settings.connect[0] == '\0',
		"values that are gone have their defaults");
}

static void test_trouble(void)
{
	struct registry_values values = {0};
	static struct settings settings;

	settings_defaults(&settings);
	add(&values, "allow-interface", "Ethernet*");
	add(&values, "journal", "no");
	add(&values, "log-file", "");
	read_values(&values, &settings);
	registry_values_free(&values);

	registry_values_add(&values, "allow-interface", REGISTRY_BINARY, "abc", 3, NULL);
	registry_values_add(&values, "journal", REGISTRY_NUMBER, "\2\0\0\0", 4, NULL);
	add(&values, "allow-vlans", "10");
	registry_values_add(&values, "dry-runn", REGISTRY_BINARY, "a", 1, NULL);
	add(&values, "dry-run", "yes");
	read_values(&values, &settings);
	is_number(told.count, 4, "each trouble is told once");
	is_text(told.key[0], "allow-interface", "the value is named");
	is_text(told.why[0], "the value is neither a text nor a number", "with the reason");
	is_text(told.key[1], "journal", "a number that is neither yes nor no");
	is_text(told.why[1], "'2' is neither yes nor no", "as a file's line is told");
	is_text(told.key[2], "allow-vlans", "a name with a typing error");
	is_text(told.why[2], "there is no setting of this name", "is no setting");
	is_text(told.key[3], "dry-runn", "a name with a typing error and a broken value");
	is_text(told.why[3], "there is no setting of this name", "is no setting either");
	ok(!settings.journal && settings.wake.interface_count == 1 &&
			strcmp(settings.wake.interfaces[0], "Ethernet*") == 0,
		"values that cannot be used keep what was in force");
	ok(settings.wake.dry_run, "the good value counts");
	registry_values_free(&values);
}

static void test_equal(void)
{
	struct registry_values a = {0}, b = {0};

	ok(registry_values_equal(&a, &b), "no values are the same as no values");
	add(&a, "connect", "x");
	ok(!registry_values_equal(&a, &b), "a value more is not the same");
	add(&b, "connect", "y");
	ok(!registry_values_equal(&a, &b), "another text is not the same");
	registry_values_free(&b);
	add(&b, "connect", "x");
	add(&b, "Start", "2");
	ok(registry_values_equal(&a, &b), "values that are not ours do not count");
	registry_values_free(&b);
	registry_values_add(&b, "connect", REGISTRY_BINARY, "x", 1, NULL);
	ok(!registry_values_equal(&a, &b), "a broken value is not the same as a good one");
	registry_values_free(&a);
	registry_values_free(&b);
}

static const char *expand(const char *text, struct buffer *expanded)
{
	if (strcmp(text, "%FAILS%") == 0)
		return "its variables cannot be replaced";
	if (strcmp(text, "%EVIL%") == 0)
		buffer_text(expanded, "x\nconnect = evil");
	else if (strcmp(text, "%LONG%") == 0)
		buffer_printf(expanded, "%05000d", 0);
	else if (strcmp(text, "%NONE%") != 0)
		buffer_printf(expanded, "host-%s", text);
	return NULL;
}

static void test_variables(void)
{
	static const char *const BAD[] = {"%FAILS%", "%EVIL%", "%LONG%"};
	struct registry_values values = {0};
	static struct settings settings;
	uint8_t bytes[64];

	settings_defaults(&settings);
	registry_values_add(
		&values, "connect", REGISTRY_EXPANDED_TEXT, bytes, wide(bytes, "%NAME%"), expand);
	read_values(&values, &settings);
	is_text(settings.connect, "host-%NAME%", "variables are replaced");
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		registry_values_free(&values);
		registry_values_add(&values, "connect", REGISTRY_EXPANDED_TEXT, bytes,
			wide(bytes, BAD[i]), expand);
		read_values(&values, &settings);
		is_number(told.count, 1, "%s is told", BAD[i]);
		is_text(settings.connect, "host-%NAME%", "%s leaves the value", BAD[i]);
	}
	registry_values_free(&values);
	registry_values_add(
		&values, "connect", REGISTRY_EXPANDED_TEXT, bytes, wide(bytes, "%NONE%"), expand);
	read_values(&values, &settings);
	is_text(settings.connect, "", "variables may be empty");
	registry_values_free(&values);
	registry_values_add(
		&values, "connect", REGISTRY_TEXT, bytes, wide(bytes, "%NAME%"), expand);
	read_values(&values, &settings);
	is_text(settings.connect, "%NAME%", "a plain text has no variables");
	registry_values_free(&values);
}

static void test_no_memory(void)
{
	struct registry_values values = {.lines = {.failed = true}};
	static struct settings settings;
	struct error error = {0};

	settings_defaults(&settings);
	settings.journal = false;
	is_number(registry_values_read(&values, &settings, note, &told, &error), -ERR_FAILED,
		"values that were lost are told");
	ok(!settings.journal, "and the settings stay");
}

int main(void)
{
	test_texts();
	test_lists();
	test_numbers();
	test_long_texts();
	test_reading();
	test_trouble();
	test_equal();
	test_variables();
	test_no_memory();
	return tap_done();
}
