/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/buffer.h"
#include "output/writer.h"
#include "tap.h"

static const struct writer_column COLUMNS[] = {
	{"NAME", "hosts.vms.name"},
	{"STATE", "hosts.vms.state"},
	{"ADAPTER", "hosts.vms.adapters.mac"},
	{"SWITCH", "hosts.vms.adapters.switch"},
	{"TOOLS", "hosts.vms.tools.state"},
	{"COUNT", "hosts.vms.count"},
};

static const struct writer_layout LAYOUT = {COLUMNS, sizeof(COLUMNS) / sizeof(COLUMNS[0]), "hosts",
	"hosts.connect", "No virtual machines."};

/* All that was written to the file so far. */
static char *content(FILE *file)
{
	static char text[1 << 17];
	size_t length;

	rewind(file);
	length = fread(text, 1, sizeof(text) - 1, file);
	text[length] = '\0';
	return text;
}

static void adapter(struct writer *w, const char *mac, const char *name)
{
	writer_object(w, NULL);
	writer_text(w, "mac", mac);
	if (name)
		writer_text(w, "switch", name);
	else
		writer_null(w, "switch");
	writer_close(w);
}

static void begin_machine(struct writer *w, const char *name, const char *state)
{
	writer_object(w, NULL);
	writer_text(w, "name", name);
	writer_text(w, "state", state);
	writer_list(w, "adapters");
}

static void end_machine(struct writer *w, const char *tools, int64_t count)
{
	writer_close(w);
	writer_object(w, "tools");
	writer_text(w, "state", tools);
	writer_null(w, "version");
	writer_close(w);
	writer_number(w, "count", count);
	writer_bool(w, "hidden", true);
	writer_close(w);
}

static void begin_host(struct writer *w, const char *connect)
{
	writer_object(w, NULL);
	writer_text(w, "connect", connect);
	writer_list(w, "vms");
}

static void end_host(struct writer *w)
{
	writer_close(w);
	writer_close(w);
}

static void two_machines(struct writer *w)
{
	begin_machine(w, "mail", "running");
	adapter(w, "52:54:00:00:00:01", "br0");
	adapter(w, "52:54:00:00:00:02", NULL);
	end_machine(w, "connected", 2);
	begin_machine(w, "a longer name", "off");
	end_machine(w, "absent", 0);
}

static void is_output(FILE *file, struct writer *w, const char *want, const char *what)
{
	struct error error = {0};

	is_number(writer_finish(w, &error), 0, "%s: finishes", what);
	is_text(content(file), want, "%s", what);
	fclose(file);
}

static void test_json(void)
{
	FILE *file = tmpfile();
	struct writer *w = json_writer_new(file, "hypervive.vms/1");

	writer_list(w, "hosts");
	begin_host(w, "test:///default");
	two_machines(w);
	end_host(w);
	writer_close(w);
	is_output(file, w,
		"{\"format\":\"hypervive.vms/1\",\"hosts\":[{\"connect\":\"test:///"
		"default\",\"vms\":["
		"{\"name\":\"mail\",\"state\":\"running\",\"adapters\":["
		"{\"mac\":\"52:54:00:00:00:01\",\"switch\":\"br0\"},"
		"{\"mac\":\"52:54:00:00:00:02\",\"switch\":null}],"
		"\"tools\":{\"state\":\"connected\",\"version\":null},\"count\":2,\"hidden\":true},"
		"{\"name\":\"a longer name\",\"state\":\"off\",\"adapters\":[],"
		"\"tools\":{\"state\":\"absent\",\"version\":null},\"count\":0,\"hidden\":true}]}]}"
		"\n",
		"JSON");

	file = tmpfile();
	w = json_writer_new(file, "x/1");
	writer_list(w, "hosts");
	writer_text(w, NULL, "a\"b\\c\x1b[31m\n\xff");
	is_output(file, w,
		"{\"format\":\"x/1\",\"hosts\":[\"a\\\"b\\\\c\\u001b[31m\\n\xef\xbf\xbd\"]}\n",
		"JSON of hostile text, and what is open is closed");
}

static void test_json_streams(void)
{
	FILE *file = tmpfile();
	struct writer *w = json_writer_new(file, "x/1");
	struct error error = {0};

	writer_list(w, "items");
	for (int i = 0; i < 40000; i++)
		writer_number(w, NULL, 1000000 + i);
	ok(ftell(file) > 4 * 65536, "much has left before the end: %ld bytes", ftell(file));
	is_number(writer_finish(w, &error), 0, "the rest leaves at the end");
	is_number(ftell(file), (long)strlen("{\"format\":\"x/1\",\"items\":[]}\n") + 40000 * 8 - 1,
		"and nothing is lost");
	fclose(file);

	w = json_writer_new(tmpfile(), "x/1");
	for (int i = 0; i < 100; i++)
		writer_object(w, "deeper");
	ok(writer_finish(w, &error) < 0 && strstr(error.text, "nested"), "too deep is an error");
}

static void test_write_errors(void)
{
	FILE *full = fopen("/dev/full", "w");
	struct error error = {0};
	struct writer *w;

	if (!full) {
		ok(true, "a full disk # SKIP there is no /dev/full");
		return;
	}
	w = json_writer_new(full, "x/1");
	ok(writer_finish(w, &error) < 0 && strstr(error.text, "cannot write the result: "),
		"JSON on a full disk: %s", error.text);
	fclose(full);

	full = fopen("/dev/full", "w");
	w = json_writer_new(full, "x/1");
	for (int i = 0; i < 40000; i++)
		writer_number(w, NULL, i);
	ok(writer_finish(w, &error) < 0, "also when it was full long before the end");
	fclose(full);

	full = fopen("/dev/full", "w");
	w = text_writer_new(full, &LAYOUT, false);
	error = (struct error){0};
	ok(writer_finish(w, &error) < 0 && strstr(error.text, "cannot write the result: "),
		"text on a full disk: %s", error.text);
	fclose(full);
}

static void test_table(void)
{
	FILE *file = tmpfile();
	struct writer *w = text_writer_new(file, &LAYOUT, false);

	writer_list(w, "hosts");
	begin_host(w, "test:///default");
	two_machines(w);
	end_host(w);
	writer_close(w);
	is_output(file, w,
		"NAME           STATE    ADAPTER            SWITCH  TOOLS      COUNT\n"
		"mail           running  52:54:00:00:00:01  br0     connected  2\n"
		"                        52:54:00:00:00:02  -\n"
		"a longer name  off                                 absent     0\n",
		"a table: later members of a machine stand in its first row");
}

static void test_groups(void)
{
	FILE *file = tmpfile();
	struct writer *w = text_writer_new(file, &LAYOUT, false);

	writer_list(w, "hosts");
	begin_host(w, "first");
	two_machines(w);
	end_host(w);
	begin_host(w, "empty");
	end_host(w);
	begin_host(w, "third");
	begin_machine(w, "x", "off");
	end_machine(w, "absent", -1);
	end_host(w);
	is_output(file, w,
		"first\n"
		"NAME           STATE    ADAPTER            SWITCH  TOOLS      COUNT\n"
		"mail           running  52:54:00:00:00:01  br0     connected  2\n"
		"                        52:54:00:00:00:02  -\n"
		"a longer name  off                                 absent     0\n"
		"\nempty\nNo virtual machines.\n"
		"\nthird\n"
		"NAME           STATE    ADAPTER            SWITCH  TOOLS      COUNT\n"
		"x              off                                 absent     -1\n",
		"several hosts have lines of their own");

	file = tmpfile();
	w = text_writer_new(file, &LAYOUT, true);
	writer_list(w, "hosts");
	begin_host(w, "only");
	end_host(w);
	is_output(file, w, "No virtual machines.\n", "one host without machines");

	file = tmpfile();
	w = text_writer_new(file, &LAYOUT, false);
	is_output(file, w, "No virtual machines.\n", "no host at all");
}

static void test_hostile_cells(void)
{
	static const struct writer_column ONE[] = {{"A", "list.a"}, {"B", "list.b"}};
	static const struct writer_layout TWO = {ONE, 2, NULL, NULL, NULL};
	FILE *file = tmpfile();
	struct writer *w = text_writer_new(file, &TWO, true);

	writer_list(w, "list");
	writer_object(w, NULL);
	writer_text(w, "a", "x\x1b[2J\n\t\xff\xe2\x80\xae");
	writer_text(w, "b", "1");
	writer_close(w);
	writer_object(w, NULL);
	writer_text(w, "a", "caf\xc3\xa9");
	writer_bool(w, "b", false);
	writer_close(w);
	is_output(file, w,
		"\033[1mA                           B\033[0m\n"
		"x\\x1b[2J\\x0a\\x09\\xff\\u202e  1\n"
		"caf\xc3\xa9                        no\n",
		"control characters are shown, widths count characters, titles are bold");

	file = tmpfile();
	w = text_writer_new(file, &TWO, false);
	is_output(file, w, "", "nothing to say when the layout has no words for it");

	/* Each byte becomes four characters: longer than any buffer of fixed size. */
	static char longest[20001];
	memset(longest, '\x01', 10000);
	file = tmpfile();
	w = text_writer_new(file, &TWO, false);
	writer_list(w, "list");
	writer_object(w, NULL);
	writer_text(w, "a", longest);
	writer_close(w);
	writer_finish(w, NULL);
	is_number(strlen(content(file)), 40004 + 40001, "a very long cell is whole");
	fclose(file);
}

static void test_lists(void)
{
	static const struct writer_column MANY[] = {
		{"N", "n"}, {"L", "l"}, {"X", "m.x"}, {"D", "m.deep.d"}};
	static const struct writer_layout LISTS = {MANY, 4, NULL, NULL, NULL};
	FILE *file = tmpfile();
	struct writer *w = text_writer_new(file, &LISTS, false);

	writer_text(w, "n", "top");
	writer_list(w, "l");
	writer_number(w, NULL, 1);
	writer_number(w, NULL, 2);
	writer_close(w);
	writer_list(w, "m");
	writer_object(w, NULL);
	writer_text(w, "unseen", "?");
	writer_close(w);
	for (int i = 0; i < 2; i++) {
		writer_object(w, NULL);
		writer_list(w, "deep");
		for (int d = 0; d < 2; d++) {
			writer_object(w, NULL);
			writer_number(w, "d", d);
			writer_close(w);
		}
		writer_close(w);
		writer_number(w, "x", i);
		writer_close(w);
	}
	is_output(file, w,
		"N    L  X  D\n"
		"top  1  0  0\n"
		"     2\n"
		"           1\n"
		"        1  0\n"
		"           1\n",
		"lists of values, lists in lists, items without cells");

	w = text_writer_new(tmpfile(), &LISTS, false);
	for (int i = 0; i < 100; i++)
		writer_list(w, "deeper");
	writer_text(w, NULL, "x");
	ok(writer_finish(w, NULL) < 0, "too deep is an error");
	w = text_writer_new(tmpfile(), &LISTS, false);
	writer_close(w);
	writer_close(w);
	writer_text(w, "n", "x");
	is_number(writer_finish(w, NULL), 0, "closing once too often does no harm");
}

int main(void)
{
	test_json();
	test_json_streams();
	test_write_errors();
	test_table();
	test_groups();
	test_hostile_cells();
	test_lists();
	return tap_done();
}
