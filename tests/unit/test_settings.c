/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/buffer.h"
#include "base/process.h"
#include "base/text.h"
#include "service/settings.h"
#include "tap.h"

/* Every system has its own; the paths of this test begin with a slash. */
bool process_path_is_absolute(const char *path)
{
	return *path == '/';
}

struct told {
	unsigned count;
	unsigned line[64];
	char key[64][96];
	char why[64][512];
};

static void note(void *context, unsigned line, const char *key, const char *why)
{
	struct told *told = context;

	if (told->count < 64) {
		told->line[told->count] = line;
		text_copy(told->key[told->count], sizeof(told->key[0]), key);
		text_copy(told->why[told->count], sizeof(told->why[0]), why);
	}
	told->count++;
}

static struct settings settings;
static struct told told;

/* Reads on top of what is in settings. */
static void reread_bytes(const char *text, size_t length)
{
	/* A copy of the exact size: the sanitizer sees a read past the end. */
	char *copy = malloc(length ? length : 1);

	memcpy(copy, text, length);
	told = (struct told){0};
	settings_read(&settings, copy, length, note, &told);
	free(copy);
}

static void reread(const char *text)
{
	reread_bytes(text, strlen(text));
}

static void read_text(const char *text)
{
	settings_defaults(&settings);
	reread(text);
}

/* One bad line: told with its number, key and words, and the old value stays. */
static void is_refused(const char *line, const char *key, const char *words)
{
	struct settings before;

	settings_defaults(&settings);
	reread("connect = test:///default\nlog-file=/old\njournal=no\nallow-interface=br0\n"
	       "allow-vlan=7\nallow-sender-mac=52:54:00:00:00:01\nallow-sender-network=192.0.2.0/"
	       "24\n"
	       "rate-limit-sender=5/s\nrate-limit-total=50/min\nwake-unassigned=no\ndry-run=yes\n");
	is_number(told.count, 0, "the settings to start from are all good");
	before = settings;
	reread(line);
	ok(told.count == 1 && told.line[0] == 1 && strcmp(told.key[0], key) == 0 &&
			strstr(told.why[0], words),
		"refused: %.60s", line);
	if (told.count != 1 || !strstr(told.why[0], words))
		printf("#  %u told, '%s': '%s'\n", told.count, told.key[0], told.why[0]);
	if (*key) {
		size_t count;
		const struct setting_info *table = settings_table(&count);

		/* All other keys are absent and went to their defaults: put them aside. */
		for (size_t i = 0; i < count; i++) {
			if (strcmp(table[i].key, key) != 0)
				table[i].set(&before, table[i].initial, NULL);
		}
		ok(memcmp(&before.wake.sender_rate, &settings.wake.sender_rate,
			   sizeof(struct rate)) == 0 &&
				memcmp(&before.wake.total_rate, &settings.wake.total_rate,
					sizeof(struct rate)) == 0 &&
				strcmp(before.connect, settings.connect) == 0 &&
				strcmp(before.log_file, settings.log_file) == 0 &&
				before.journal == settings.journal &&
				before.wake.interface_count == settings.wake.interface_count &&
				before.wake.vlan_count == settings.wake.vlan_count &&
				before.wake.sender_count == settings.wake.sender_count &&
				before.wake.network_count == settings.wake.network_count &&
				before.wake.wake_unassigned == settings.wake.wake_unassigned &&
				before.wake.dry_run == settings.wake.dry_run,
			"... and %s keeps its value", key);
	}
}

static void test_table(void)
{
	size_t count;
	const struct setting_info *table = settings_table(&count);
	struct settings defaults;

	is_number(count, 11, "eleven settings");
	settings_defaults(&defaults);
	ok(defaults.journal && defaults.wake.wake_unassigned && !defaults.wake.dry_run &&
			defaults.wake.sender_rate.count == 0 && defaults.connect[0] == '\0',
		"the defaults");
	for (size_t i = 0; i < count; i++) {
		struct error error = {0};

		settings_defaults(&settings);
		is_number(table[i].set(&settings, table[i].initial, &error), 0,
			"%s: the default as it is written is good", table[i].key);
		ok(memcmp(&settings, &defaults, sizeof(settings)) == 0,
			"%s: and it is what settings_defaults() gives", table[i].key);
		ok(strlen(table[i].explanation) > 20 && *table[i].values, "%s: is explained",
			table[i].key);
	}
}

static void test_good(void)
{
	read_text("# a comment\n; another\n\n[service]\nconnect = qemu+ssh://host/system?a=b\n"
		  "log-file=/var/log/hypervive events.jsonl\n  journal  =  NO  \n"
		  "[wake]\nallow-interface = br*, eth?\tvlan7\n"
		  "allow-vlan = untagged 10,20-30 , 4094\n"
		  "allow-sender-mac = 52-54-00-AA-BB-01 525400aabb02\n"
		  "allow-sender-network = 192.0.2.0/24, 2001:db8::/32 198.51.100.7\n"
		  "rate-limit-sender = 3/10s\nrate-limit-total = 100/MIN\n"
		  "wake-unassigned = off\ndry-run = True\n");
	is_number(told.count, 0, "nothing to tell");
	is_text(settings.connect, "qemu+ssh://host/system?a=b",
		"connect: only the first = divides");
	is_text(settings.log_file, "/var/log/hypervive events.jsonl", "a path may hold a blank");
	ok(!settings.journal, "journal = NO");
	is_number(settings.wake.interface_count, 3, "three patterns");
	is_text(settings.wake.interfaces[2], "vlan7", "the third");
	is_number(settings.wake.vlan_count, 4, "four ranges");
	is_number(settings.wake.vlans[0].last, 0, "untagged is 0");
	is_number(settings.wake.vlans[2].first, 20, "20-30 begins");
	is_number(settings.wake.vlans[2].last, 30, "20-30 ends");
	is_number(settings.wake.vlans[3].last, 4094, "4094 is an id");
	is_number(settings.wake.sender_count, 2, "two senders");
	is_number(settings.wake.senders[1].bytes[5], 2, "MAC without separators");
	is_number(settings.wake.network_count, 3, "three networks");
	is_number(settings.wake.networks[1].prefix, 32, "the prefix of an IPv6 network");
	is_number(settings.wake.networks[2].prefix, 32, "a single IPv4 address");
	is_number(settings.wake.sender_rate.count, 3, "3/10s: count");
	is_number(settings.wake.sender_rate.seconds, 10, "3/10s: seconds");
	is_number(settings.wake.total_rate.seconds, 60, "100/MIN");
	ok(!settings.wake.wake_unassigned && settings.wake.dry_run, "words for yes and no");

	reread("journal = yes\n");
	is_number(told.count, 0, "absent keys are no trouble");
	ok(settings.connect[0] == '\0' && settings.wake.interface_count == 0 &&
			settings.wake.wake_unassigned && !settings.wake.dry_run &&
			settings.wake.sender_rate.count == 0 && settings.log_file[0] == '\0',
		"and go back to their defaults");
	reread("");
	is_number(told.count, 0, "an empty file is good");
	read_text("rate-limit-total = 4294967295/24h");
	is_number(settings.wake.total_rate.seconds, 86400, "a day is the longest time");
	read_text("allow-interface =\nallow-vlan = \nconnect=\nlog-file=\nrate-limit-total=none\n");
	is_number(told.count, 0, "an empty value is the default where the default is empty");
	read_text("DRY-RUN = 1\n[WAKE]\n[ service ]\njournal = 0\n");
	ok(told.count == 0 && settings.wake.dry_run && !settings.journal, "case does not count");
	read_text("[service]\ndry-run = yes\n[wake]\nconnect = test:///x\n");
	ok(told.count == 0 && settings.wake.dry_run && settings.connect[0],
		"a known key counts under either heading");
}

static void test_bad_values(void)
{
	is_refused("journal = maybe", "journal", "'maybe' is neither yes nor no");
	is_refused("journal =", "journal", "neither yes nor no");
	is_refused("dry-run = yes # really", "dry-run", "neither yes nor no");
	is_refused("wake-unassigned = 2", "wake-unassigned", "neither yes nor no");
	is_refused("log-file = events.jsonl", "log-file", "absolute");
	is_refused("log-file = \"/var/log/x\"", "log-file", "absolute");
	is_refused("connect = \"qemu:///system\"", "connect", "is no URI");
	is_refused("connect = qemu:///system test:///x", "connect", "white space");
	is_refused("allow-vlan = 0", "allow-vlan", "is no VLAN");
	is_refused("allow-vlan = 10 4095", "allow-vlan", "'4095' is no VLAN");
	is_refused("allow-vlan = 10-", "allow-vlan", "is no VLAN");
	is_refused("allow-vlan = -10", "allow-vlan", "is no VLAN");
	is_refused("allow-vlan = 10 - 20", "allow-vlan", "'-' is no VLAN");
	is_refused("allow-vlan = 20-10", "allow-vlan", "before its beginning");
	is_refused("allow-vlan = 99999999999999999999999", "allow-vlan", "is no VLAN");
	is_refused("allow-vlan = 0x10", "allow-vlan", "is no VLAN");
	is_refused("allow-vlan = ,,", "allow-vlan", "no items");
	is_refused("allow-interface = br0 # the bridge", "allow-interface", "line of its own");
	is_refused("allow-interface = \"br0\"", "allow-interface", "holds a character");
	is_refused("allow-interface = "
		   "a23456789012345678901234567890123456789012345678901234567890123x",
		"allow-interface", "too long");
	is_refused("allow-sender-mac = 52:54:00:aa:bb", "allow-sender-mac", "is no MAC address");
	is_refused("allow-sender-mac = ff:ff:ff:ff:ff:ff", "allow-sender-mac", "a sender can have");
	is_refused("allow-sender-mac = 00:00:00:00:00:00", "allow-sender-mac", "a sender can have");
	is_refused("allow-sender-network = 192.0.2.0/33", "allow-sender-network", "192.0.2.0/24");
	is_refused("allow-sender-network = example.org", "allow-sender-network", "neither");
	is_refused("rate-limit-sender = 0/s", "rate-limit-sender", "refuse every packet");
	is_refused("rate-limit-sender = 5", "rate-limit-sender", "is no rate");
	is_refused("rate-limit-sender = -5/s", "rate-limit-sender", "is no rate");
	is_refused("rate-limit-sender = 4294967296/s", "rate-limit-sender", "is no rate");
	is_refused("rate-limit-total = 5/", "rate-limit-total", "no unit of time");
	is_refused("rate-limit-total = 5/week", "rate-limit-total", "no unit of time");
	is_refused("rate-limit-total = 5/0s", "rate-limit-total", "between a second and a day");
	is_refused("rate-limit-total = 5/25h", "rate-limit-total", "longer than a day");
	is_refused("rate-limit-total = 5/99999999999s", "rate-limit-total", "between");
	is_refused("colour = blue", "colour", "no setting of this name");
	is_refused("= yes", "", "not of the form");
	is_refused("hello world", "", "not of the form");
	is_refused("journal yes", "journal", "not of the form");
	is_refused("[wake", "", "does not end with ]");
}

static void test_too_many(void)
{
	struct buffer text = {0};

	read_text("allow-vlan = 5\n");
	buffer_text(&text, "allow-vlan =");
	for (int i = 1; i <= POLICY_LIST_MAX; i++)
		buffer_printf(&text, " %d", i);
	reread(text.data);
	ok(told.count == 0 && settings.wake.vlan_count == POLICY_LIST_MAX, "64 items are taken");
	buffer_text(&text, " 4000");
	settings.wake.vlan_count = 1;
	settings.wake.vlans[0] = (struct vlan_range){5, 5};
	reread(text.data);
	is_number(told.count, 1, "65 items are told");
	ok(strstr(told.why[0], "more than 64 items"), "and why");
	ok(settings.wake.vlan_count == 1 && settings.wake.vlans[0].first == 5,
		"the old list stays");

	/* Longer than a line may be, and still known as its key's line. */
	buffer_clear(&text);
	buffer_text(&text, "dry-run = yes\nallow-vlan = ");
	for (int i = 0; i < 3000; i++)
		buffer_text(&text, "7,");
	buffer_text(&text, "\njournal = no\n");
	reread(text.data);
	ok(told.count == 1 && told.line[0] == 2 && strcmp(told.key[0], "allow-vlan") == 0 &&
			strstr(told.why[0], "longer than 4096"),
		"a line of 6 KiB is told");
	ok(settings.wake.vlan_count == 1 && settings.wake.dry_run && !settings.journal,
		"its key keeps its value, the other lines count");

	buffer_clear(&text);
	buffer_printf(&text, "log-file = /%01022d\n", 0);
	reread(text.data);
	is_number(told.count, 0, "a path of 1023 bytes fits");
	buffer_clear(&text);
	buffer_printf(&text, "log-file = /%01023d\nconnect = %0512d\n", 0, 0);
	reread(text.data);
	is_number(told.count, 2, "a path of 1024 bytes and a URI of 512 do not");
	is_number(strlen(settings.log_file), 1023, "the old path stays");
	buffer_free(&text);
}

static void test_encodings(void)
{
	static const char NUL[] = "dry-run = y\0es\nlog-file = /a\0b\njournal = no\n";
	static const char NUL_KEY[] = "jour\0nal = no\nallow-vlan = 3";
	static const char UTF16[] = "\xff\xfe\x64\0r\0y\0";

	read_text("\xef\xbb\xbfjournal = no\r\n[wake]\r\ndry-run = yes\r\n\r\nallow-vlan = 3\r");
	ok(told.count == 0 && !settings.journal && settings.wake.dry_run &&
			settings.wake.vlan_count == 1,
		"a byte order mark, CRLF, and no end of the last line");

	settings_defaults(&settings);
	reread_bytes(NUL, sizeof(NUL) - 1);
	ok(told.count == 2 && strstr(told.why[0], "NUL") && told.line[1] == 2,
		"NUL bytes are told");
	ok(!settings.wake.dry_run && !settings.log_file[0] && !settings.journal,
		"and the rest counts");
	reread_bytes(NUL_KEY, sizeof(NUL_KEY) - 1);
	ok(told.count == 1 && settings.wake.vlan_count == 1, "a NUL byte in a key");

	read_text("dry-run = yes\n");
	reread_bytes(UTF16, sizeof(UTF16) - 1);
	ok(told.count == 1 && strstr(told.why[0], "UTF-16") && settings.wake.dry_run,
		"UTF-16 is told once and changes nothing");

	read_text("log-file = /caf\xe9\n# caf\xe9 in a comment\nlog-file2 \xff = 1\nlog-file = "
		  "/a\x1b[31m\n");
	is_number(told.count, 3, "Latin-1 and control characters");
	ok(strstr(told.why[0], "UTF-8") && strstr(told.why[2], "control"), "each with its cause");
	is_text(settings.log_file, "", "are no values");
	read_text("log-file = /caf\xc3\xa9\n");
	is_text(settings.log_file, "/caf\xc3\xa9", "UTF-8 is");
}

static void test_sections_and_repeats(void)
{
	read_text("journal = no\njournal = yes\n");
	ok(told.count == 1 && told.line[0] == 2 && strstr(told.why[0], "line 1 already"),
		"a key twice is told");
	ok(settings.journal, "and the later line counts");
	read_text("journal = no\njournal = perhaps\n");
	ok(told.count == 1 && !settings.journal, "a bad later line does not undo the good one");
	read_text("journal = perhaps\njournal = no\n");
	ok(told.count == 2 && !settings.journal, "nor a bad earlier one");

	read_text("[checkpoints]\nkeep = 3\nage = 5\nallow-vlan = 9\n[wake]\nkeep = 3\n");
	is_number(told.count, 2, "an unknown heading is told once, not for each of its lines");
	ok(told.line[0] == 1 && strstr(told.why[0], "[checkpoints]"), "by its name");
	is_number(told.line[1], 6, "after the next heading unknown keys are told again");
	is_number(settings.wake.vlan_count, 1, "a restriction under a misspelt heading counts");
}

static void test_junk(void)
{
	struct buffer text = {0};
	uint64_t random = 42;

	for (int i = 0; i < 30; i++)
		buffer_printf(&text, "junk %d\n", i);
	buffer_text(&text, "dry-run = yes\n");
	read_text(text.data);
	is_number(told.count, 21, "twenty complaints and a summary");
	ok(told.line[20] == 21 && strncmp(told.why[20], "10 more lines", 13) == 0,
		"that counts the rest");
	ok(settings.wake.dry_run, "the good line after all that counts");

	buffer_clear(&text);
	for (size_t i = 0; i < 1 << 20; i += 8) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		buffer_append(&text, &random, 8);
	}
	buffer_text(&text, "\n\ndry-run = yes");
	settings_defaults(&settings);
	reread_bytes(text.data, text.length);
	ok(told.count <= 21 && settings.wake.dry_run, "a mebibyte of noise, then a good line");

	buffer_clear(&text);
	for (int i = 0; i < 1 << 20; i++)
		buffer_append(&text, "=", 1);
	read_text(text.data);
	is_number(told.count, 1, "a mebibyte without a line's end is one bad line");
	settings_read(&settings, "x", 1, NULL, NULL);
	ok(true, "nobody has to listen");
	buffer_free(&text);
}

int main(void)
{
	test_table();
	test_good();
	test_bad_values();
	test_too_many();
	test_encodings();
	test_sections_and_repeats();
	test_junk();
	return tap_done();
}
