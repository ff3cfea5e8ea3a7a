/* SPDX-License-Identifier: MIT */
/* The settings file on a real disk: what is noticed, what is read, what is refused. */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "service/linux/settings_file.h"
#include "tap.h"

static char place[] = "/tmp/hypervive-test-XXXXXX";
static struct settings settings;
static unsigned told, told_line;
static char told_why[512];
static struct error why_not;

static void note(void *context, unsigned line, const char *key, const char *why)
{
	(void)context;
	(void)key;
	told++;
	told_line = line;
	snprintf(told_why, sizeof(told_why), "%s", why);
}

static const char *at(const char *name)
{
	static char paths[64][512];
	static unsigned next;
	char *path = paths[next++ % 64];

	snprintf(path, 512, "%s/%s", place, name);
	return path;
}

static void write_to(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (file) {
		fputs(text, file);
		fclose(file);
	}
}

static int load(struct settings_file *file)
{
	told = 0;
	return settings_file_load(file, &settings, note, NULL, &why_not);
}

/* poll() says so, and settings_file_changed() confirms and drains. */
static void notices(struct settings_file *file, bool want, const char *what)
{
	struct pollfd ready = {.fd = settings_file_fd(file), .events = POLLIN};
	bool readable = poll(&ready, 1, want ? 1000 : 20) == 1;
	bool changed = settings_file_changed(file);

	ok(changed == want && (readable || !want), "%s: %s", what,
		want ? "noticed" : "not noticed");
	ok(!settings_file_changed(file), "... once");
}

static void test_changes(void)
{
	const char *path = at("a.conf");
	struct settings_file *file;
	struct error error = {0};

	write_to(path, "dry-run = yes\n");
	is_number(settings_file_open(&file, path, false, &error), 0, "opens");
	settings_defaults(&settings);
	ok(load(file) == 0 && told == 0 && settings.wake.dry_run, "reads");
	notices(file, false, "reading");

	write_to(path, "journal = no\nnonsense\n");
	notices(file, true, "written");
	ok(load(file) == 0 && told == 1 && told_line == 2 && !settings.journal, "reads again");
	write_to(at("other"), "x");
	notices(file, false, "another file in the directory");
	rename(at("other"), path);
	notices(file, true, "another file in its place");
	chmod(path, 0600);
	notices(file, true, "its mode changed");
	write_to(path, "dry-run = yes\n");
	notices(file, true, "written after all that");
	load(file);

	unlink(path);
	notices(file, true, "removed");
	ok(load(file) == 0 && told == 1 && told_line == 0 && strstr(told_why, "gone"), "is told");
	ok(settings.wake.dry_run, "and the settings stay");
	load(file);
	is_number(told, 0, "it is told once");
	write_to(path, "dry-run = no\n");
	notices(file, true, "there again");
	ok(load(file) == 0 && told == 0 && !settings.wake.dry_run, "and read again");
	unlink(path);
	load(file);
	is_number(told, 1, "gone once more is told once more");
	settings_file_close(file);
}

static void test_directories(void)
{
	struct settings_file *file;
	const char *path = at("deep/er//b.conf");
	struct error error = {0};

	/* It has to be there at first; then all of it goes, and comes back piece by piece. */
	mkdir(at("deep"), 0755);
	mkdir(at("deep/er"), 0755);
	write_to(path, "");
	is_number(settings_file_open(&file, path, false, &error), 0, "opens in a deep directory");
	unlink(path);
	rmdir(at("deep/er"));
	rmdir(at("deep"));
	notices(file, true, "directory and all removed");
	mkdir(at("deep"), 0755);
	notices(file, true, "the first directory is back");
	mkdir(at("deep/er"), 0755);
	notices(file, true, "the second is");
	write_to(path, "dry-run = yes\n");
	notices(file, true, "the file is");
	ok(load(file) == 0 && settings.wake.dry_run, "and it is read");

	rename(at("deep/er"), at("away"));
	notices(file, true, "its directory renamed away");
	write_to(at("away/b.conf"), "\n");
	notices(file, false, "written under its new name");
	mkdir(at("whole"), 0755);
	mkdir(at("whole/er"), 0755);
	write_to(at("whole/er/b.conf"), "journal = no\n");
	rmdir(at("deep"));
	rename(at("whole"), at("deep"));
	notices(file, true, "a whole tree renamed into place");
	ok(load(file) == 0 && !settings.journal, "and read");
	write_to(path, "journal = yes\n");
	notices(file, true, "written in the tree that came");
	settings_file_close(file);
}

/* As on a machine where nobody has made /etc/hypervive yet. */
static void test_nothing_there(void)
{
	struct settings_file *file;
	struct error error = {0};

	is_number(settings_file_open(&file, at("not/yet/e.conf"), true, &error), 0,
		"opens where there is no directory");
	notices(file, false, "nothing happens");
	mkdir(at("elsewhere"), 0755);
	notices(file, false, "another directory");
	mkdir(at("not"), 0755);
	mkdir(at("not/yet"), 0755);
	write_to(at("not/yet/e.conf"), "dry-run = yes\n");
	notices(file, true, "directories and file at once");
	ok(load(file) == 0 && settings.wake.dry_run, "and read");
	settings_file_close(file);
}

static void test_links(void)
{
	struct settings_file *file;
	struct error error = {0};

	mkdir(at("target"), 0755);
	write_to(at("target/c.conf"), "dry-run = yes\n");
	if (symlink("target/c.conf", at("c.conf")) != 0)
		return;
	is_number(
		settings_file_open(&file, at("c.conf"), false, &error), 0, "opens a symbolic link");
	ok(load(file) == 0 && settings.wake.dry_run, "reads through it");
	write_to(at("target/c.conf"), "dry-run = no\n");
	notices(file, true, "written behind a link");
	write_to(at("target/new"), "dry-run = yes\n");
	notices(file, false, "another file behind the link");
	rename(at("target/new"), at("target/c.conf"));
	notices(file, true, "replaced behind a link");
	write_to(at("target/c.conf"), "journal = no\n");
	notices(file, true, "and written then");
	settings_file_close(file);
}

static void refuses(struct settings_file *file, const char *words, const char *what)
{
	settings.wake.dry_run = true;
	ok(load(file) < 0 && told == 0 && strstr(why_not.text, words), "%s: %s", what,
		why_not.text);
	ok(settings.wake.dry_run, "... and the settings stay");
	ok(settings_file_load(file, &settings, NULL, NULL, NULL) < 0,
		"... also when nobody listens");
}

static void test_refused(void)
{
	struct settings_file *file;
	struct error error = {0};
	const char *path = at("d.conf");
	FILE *big;

	is_number(settings_file_open(&file, at("missing.conf"), false, &error), 0,
		"opens what is not there");
	is_number(load(file), -ERR_NOT_FOUND, "a file that was asked for must be there");
	ok(strstr(why_not.text, "there is no settings file /tmp"), "%s", why_not.text);
	settings_file_close(file);

	is_number(
		settings_file_open(&file, at("missing.conf"), true, &error), 0, "the default path");
	settings.wake.dry_run = true;
	ok(load(file) == 0 && told == 0 && settings.wake.dry_run, "need not have a file");
	write_to(at("missing.conf"), "dry-run = no\n");
	notices(file, true, "a file that comes later");
	ok(load(file) == 0 && !settings.wake.dry_run, "and read");
	settings_file_close(file);

	write_to(path, "");
	is_number(settings_file_open(&file, path, false, &error), 0, "opens");
	unlink(path);
	mkdir(path, 0755);
	refuses(file, "regular", "a directory");
	rmdir(path);
	mkfifo(path, 0644);
	refuses(file, "regular", "a pipe, without waiting");
	unlink(path);
	if (symlink("d.conf", path) == 0)
		refuses(file, "opened", "a link to itself");
	unlink(path);

	big = fopen(path, "w");
	for (int i = 0; i < SETTINGS_FILE_MAX; i++)
		putc('#', big);
	fclose(big);
	is_number(load(file), 0, "a file of 1 MiB");
	big = fopen(path, "a");
	putc('#', big);
	fclose(big);
	refuses(file, "1 MiB", "one byte more");
	if (geteuid() != 0) {
		chmod(path, 0);
		refuses(file, "Permission", "without permission");
	}
	settings_file_close(file);
	settings_file_close(NULL);
}

int main(void)
{
	char command[128];

	if (!mkdtemp(place))
		return 1;
	test_changes();
	test_directories();
	test_nothing_there();
	test_links();
	test_refused();
	snprintf(command, sizeof(command), "rm -rf '%s'", place);
	ok(system(command) == 0, "cleans up");
	return tap_done();
}
