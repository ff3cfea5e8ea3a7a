/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <unistd.h>

#include "commands/options.h"
#include "tap.h"

const char PLATFORM_CONNECT_HELP[] =
	"the host to speak to (default: this one); on Linux any libvirt URI";

enum { WORDS_MAX = 128 };

static bool json;
static const char *since;
static struct option_list connect;
static struct option_result result;
static char said[8192]; /* what the parser printed */

static const struct option_spec OPTIONS[] = {
	OPTION_CONNECT(&connect),
	OPTION_JSON(&json),
	{"--since", OPTION_TEXT, &since, "TIME", "only what was recorded at this time or later"},
	{"--with-a-very-long-name", OPTION_TEXT, &since, "ARGUMENT",
		"an option that has a long name"},
};

static struct option_usage usage = {
	.command = "wake",
	.arguments = "VM|MAC",
	.about =
		"Starts virtual machines by hand. These are a few sentences, long enough that they "
		"do not stand on one line of a screen.",
	.options = OPTIONS,
	.option_count = 4,
	.least = 1,
	.most = 2,
};

static char *words[WORDS_MAX];

/* Parses a line, divided at '|', with what is printed to `stream` caught in said. */
static int parse_stream(const char *line, FILE *stream)
{
	static char copy[8192];
	FILE *file = tmpfile();
	int number = fileno(stream), kept, count = 0, got;

	json = false;
	since = NULL;
	connect.count = 0;
	snprintf(copy, sizeof(copy), "%s", line);
	words[count++] = copy;
	for (char *at = copy; (at = strchr(at, '|')) && count < WORDS_MAX - 1;) {
		*at++ = '\0';
		words[count++] = at;
	}
	words[count] = NULL;

	fflush(stream);
	kept = dup(number);
	dup2(fileno(file), number);
	got = options_parse(&usage, count, words, &result);
	fflush(stream);
	dup2(kept, number);
	close(kept);
	rewind(file);
	said[fread(said, 1, sizeof(said) - 1, file)] = '\0';
	fclose(file);
	return got;
}

static int parse(const char *line)
{
	return parse_stream(line, stderr);
}

static void is_wrong(const char *line, const char *sentence)
{
	char want[512];

	is_number(parse(line), -ERR_USAGE, "wrong usage: %s", line);
	snprintf(want, sizeof(want), "hypervive wake: %s; see 'hypervive wake --help'\n", sentence);
	is_text(said, want, "... and the sentence");
}

static void test_good(void)
{
	is_number(parse("wake|mail"), 0, "one argument");
	is_number(result.argument_count, 1, "is counted");
	is_text(result.arguments[0], "mail", "and given");
	is_text(said, "", "nothing is said");

	is_number(parse("wake|--connect|test:///a|mail|--json|--connect=test:///"
			"b?c=d|web|--since|-1h"),
		0, "options before and behind arguments, in both forms");
	is_number(result.argument_count, 2, "two arguments");
	is_text(result.arguments[0], "mail", "the first");
	is_text(result.arguments[1], "web", "the second");
	is_number(connect.count, 2, "a list of two");
	is_text(connect.items[0], "test:///a", "its first");
	is_text(connect.items[1], "test:///b?c=d", "its second: only the first = divides");
	ok(json, "a flag");
	is_text(since, "-1h", "a value may begin with one hyphen");

	is_number(parse("wake|--json|--|--json|-"), 0, "-- ends the options");
	is_text(result.arguments[0], "--json", "then an option is an argument");
	is_text(result.arguments[1], "-", "and a hyphen alone always is");
	is_number(parse("wake|mail|--json|--json"), 0, "a flag may be given twice");
}

static void test_wrong(void)
{
	is_wrong("wake|--jsno|mail", "there is no option '--jsno'");
	is_wrong("wake|--js|mail", "there is no option '--js'");
	is_wrong("wake|-j|mail", "there is no option '-j'");
	is_wrong("wake|--\x1b[2Jx|mail", "there is no option '--\\x1b[2Jx'");
	is_wrong("wake|--\xff|mail", "there is no option '--\\xff'");
	is_wrong("wake|--json=yes|mail", "--json takes no value");
	is_wrong("wake|mail|--connect", "--connect needs a value, as in '--connect URI'");
	is_wrong("wake|mail|--connect=", "--connect needs a value, as in '--connect URI'");
	is_wrong("wake|--connect|--json|mail", "--connect needs a value, as in '--connect URI'");
	is_wrong("wake|--since|1h|--since=2h|mail", "--since is given twice");
	is_wrong("wake", "VM|MAC is missing");
	is_wrong("wake|--json", "VM|MAC is missing");
	is_wrong("wake|a|b|c\x01", "there is one word too many, 'c\\x01'");
	usage.least = usage.most = 0;
	is_wrong("wake|a", "there is one word too many, 'a'");
	usage.least = 1;
	usage.most = 2;
}

static void test_full_list(void)
{
	char line[4096] = "wake|mail";

	for (int i = 0; i < 64; i++)
		strcat(line, "|--connect=x");
	/* Two words each would not fit our own table. */
	is_number(parse(line), 0, "64 times --connect");
	is_number(connect.count, 64, "are 64 items");
	strcat(line, "|--connect=x");
	is_wrong(line, "--connect is given too often");
}

static void test_help(void)
{
	is_number(parse_stream("wake|--help", stdout), 1, "--help");
	is_text(said,
		"Usage: hypervive wake [OPTIONS] VM|MAC\n"
		"\n"
		"Starts virtual machines by hand. These are a few sentences, long enough that\n"
		"they do not stand on one line of a screen.\n"
		"\n"
		"Options:\n"
		"  --connect URI  the host to speak to (default: this one); on Linux any libvirt\n"
		"                 URI; may be given more than once\n"
		"  --json         JSON instead of text\n"
		"  --since TIME   only what was recorded at this time or later\n"
		"  --with-a-very-long-name ARGUMENT\n"
		"                 an option that has a long name\n"
		"  --help         this text\n",
		"is within 80 columns");
	is_number(parse_stream("wake|--json|-h|--wrong", stdout), 1, "-h, before what is wrong");
	usage.option_count = 0;
	usage.arguments = "";
	is_number(parse_stream("wake|--help", stdout), 1, "--help of a command without options");
	ok(strstr(said, "Usage: hypervive wake [OPTIONS]\n") &&
			strstr(said, "\n  --help  this text\n"),
		"shows --help alone");
	usage.option_count = 4;
	usage.arguments = "VM|MAC";
}

static void test_color(void)
{
	FILE *file = tmpfile();

	ok(!options_color(false, fileno(file)), "a file is not coloured");
	ok(!options_color(true, fileno(file)), "--no-color");
	fclose(file);
}

static void test_fail(void)
{
	struct error error = {0};

	error_set(&error, ERR_UNREACHABLE, "the host answers nothing");
	is_number(command_fail("vms", &error), 3, "the exit code of an unreachable host");
	error_set(&error, ERR_NOT_FOUND, "there is no machine \x1b[31m");
	is_number(command_fail("vms", &error), 1, "and of a machine that is not there");
}

int main(void)
{
	test_good();
	test_wrong();
	test_full_list();
	test_help();
	test_color();
	test_fail();
	return tap_done();
}
