/* SPDX-License-Identifier: MIT */
/*
 * settings.c - the table of settings and the reader
 *
 * Theory of operation. settings_read() works on the caller's values in place: each setting's
 * set() changes its own fields or, when the value is bad, nothing. So a bad line keeps the old
 * value by itself, and what is left to do at the end is to give every key that no line named its
 * default, which is the table's own `initial` put through the same set().
 *
 * A line that cannot be used still counts as its key's line wherever the key can be made out:
 * an allow-list with a typing error must never be read as "no list, all allowed".
 */
#include "service/settings.h"

#include <stdio.h>
#include <string.h>

#include "base/process.h"
#include "base/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
	LINE_LIMIT = 4096,  /* bytes in a line */
	TROUBLE_LIMIT = 20, /* complaints a file; then one that counts the rest */
	WORD_SIZE = 80,     /* an item of a list, a key, a value as it is quoted in a complaint */
	RATE_SECONDS_MAX = 86400,
	VLAN_MAX = 4094, /* IEEE 802.1Q: 4095 is reserved */
};

static const char BLANKS[] = " \t\v\f\r";
static const char SEPARATORS[] = ", \t\v\f\r";

static int bad_value(struct error *error, const char *value, const char *why)
{
	char shown[WORD_SIZE];

	text_copy(shown, sizeof(shown), value);
	return error_set(error, ERR_USAGE, "'%s' %s", shown, why);
}

static int read_yes_no(const char *value, bool *target, struct error *error)
{
	static const char *const WORDS[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};

	for (size_t i = 0; i < COUNT(WORDS); i++) {
		if (text_equal_ignoring_case(value, WORDS[i])) {
			*target = i % 2 == 1;
			return 0;
		}
	}
	return bad_value(error, value, "is neither yes nor no");
}

/* Decimal digits alone, up to `most`. Moves *at behind them. */
static bool read_number(const char **at, uint32_t most, uint32_t *number)
{
	const char *digit = *at;
	uint64_t value = 0;

	for (; *digit >= '0' && *digit <= '9'; digit++) {
		value = value * 10 + (uint64_t)(*digit - '0');
		if (value > most)
			return false;
	}
	if (digit == *at)
		return false;
	*at = digit;
	*number = (uint32_t)value;
	return true;
}

/* COUNT/UNIT or COUNT/NUMBER-UNIT: 5/s, 3/10s, 100/min, 20/h. */
static int read_rate(const char *value, struct rate *rate, struct error *error)
{
	static const struct {
		const char *name;
		uint32_t seconds;
	} UNITS[] = {{"s", 1}, {"min", 60}, {"h", 3600}};
	const char *at = value;
	uint32_t count, times = 1;

	if (text_equal_ignoring_case(value, "none")) {
		*rate = (struct rate){0};
		return 0;
	}
	if (!read_number(&at, UINT32_MAX, &count) || *at++ != '/')
		return bad_value(error, value,
			"is no rate; write none, or for example 5/s, 3/10s or 100/min");
	if (count == 0)
		return bad_value(
			error, value, "would refuse every packet; for no limit write none");
	if (*at >= '0' && *at <= '9' && (!read_number(&at, RATE_SECONDS_MAX, &times) || times == 0))
		return bad_value(error, value, "has a time that is not between a second and a day");
	for (size_t i = 0; i < COUNT(UNITS); i++) {
		if (!text_equal_ignoring_case(at, UNITS[i].name))
			continue;
		if (times > RATE_SECONDS_MAX / UNITS[i].seconds)
			return bad_value(error, value, "has a time that is longer than a day");
		*rate = (struct rate){count, times * UNITS[i].seconds};
		return 0;
	}
	return bad_value(
		error, value, "has no unit of time that is known; the units are s, min and h");
}

/* Adds one item to its list, which has room. */
typedef int list_add_fn(struct wake_policy *policy, const char *item, struct error *error);

static int read_list(
	const char *value, struct wake_policy *policy, list_add_fn *add, struct error *error)
{
	unsigned count = 0;
	bool empty = *value == '\0';

	while (*(value += strspn(value, SEPARATORS)) != '\0') {
		size_t length = strcspn(value, SEPARATORS);
		char item[WORD_SIZE];

		if (length >= sizeof(item))
			return bad_value(error, value, "is too long for an item of the list");
		memcpy(item, value, length);
		item[length] = '\0';
		value += length;
		if (item[0] == '#' || item[0] == ';')
			return bad_value(error, item,
				"cannot stand here; a comment needs a line of its own");
		if (++count > POLICY_LIST_MAX)
			return error_set(error, ERR_USAGE, "the list has more than %d items",
				POLICY_LIST_MAX);
		int failed = add(policy, item, error);
		if (failed)
			return failed;
	}
	if (count == 0 && !empty)
		return error_set(error, ERR_USAGE, "the list has separators and no items");
	return 0;
}

static int add_interface(struct wake_policy *policy, const char *item, struct error *error)
{
	if (strlen(item) >= FRAME_INTERFACE_SIZE)
		return bad_value(error, item, "is too long for the name of an interface");
	if (strpbrk(item, "\"'/"))
		return bad_value(error, item, "holds a character that no interface's name has");
	snprintf(policy->interfaces[policy->interface_count++], FRAME_INTERFACE_SIZE, "%s", item);
	return 0;
}

static int add_vlan(struct wake_policy *policy, const char *item, struct error *error)
{
	static const char WHY[] =
		"is no VLAN; write an id from 1 to 4094, a range such as 10-20, or untagged";
	const char *at = item;
	uint32_t first, last;

	if (text_equal_ignoring_case(item, "untagged")) {
		first = last = 0;
	} else {
		if (!read_number(&at, VLAN_MAX, &first) || first == 0)
			return bad_value(error, item, WHY);
		last = first;
		if (*at == '-') {
			at++;
			if (!read_number(&at, VLAN_MAX, &last))
				return bad_value(error, item, WHY);
		}
		if (*at != '\0')
			return bad_value(error, item, WHY);
		if (last < first)
			return bad_value(
				error, item, "is a range whose end comes before its beginning");
	}
	policy->vlans[policy->vlan_count++] = (struct vlan_range){(uint16_t)first, (uint16_t)last};
	return 0;
}

static int add_sender(struct wake_policy *policy, const char *item, struct error *error)
{
	struct mac mac;

	if (!mac_parse(item, &mac))
		return bad_value(error, item, "is no MAC address");
	/* The all-zero address also stands for "no Ethernet header": it must not be allowed by
	 * name. */
	if (mac_is_zero(&mac) || mac_is_group(&mac))
		return bad_value(error, item, "is no address that a sender can have");
	policy->senders[policy->sender_count++] = mac;
	return 0;
}

static int add_network(struct wake_policy *policy, const char *item, struct error *error)
{
	struct network network;

	if (!network_parse(item, &network))
		return bad_value(
			error, item, "is neither an IP address nor a network such as 192.0.2.0/24");
	policy->networks[policy->network_count++] = network;
	return 0;
}

static int set_connect(struct settings *settings, const char *value, struct error *error)
{
	if (strlen(value) >= sizeof(settings->connect))
		return error_set(
			error, ERR_USAGE, "the URI is longer than %d bytes", SETTINGS_URI_SIZE - 1);
	if (strpbrk(value, " \t\v\f\"'<>"))
		return bad_value(
			error, value, "is no URI: it holds white space or quotation marks");
	snprintf(settings->connect, sizeof(settings->connect), "%s", value);
	return 0;
}

static int set_log_file(struct settings *settings, const char *value, struct error *error)
{
	if (strlen(value) >= sizeof(settings->log_file))
		return error_set(error, ERR_USAGE, "the path is longer than %d bytes",
			SETTINGS_PATH_SIZE - 1);
	if (*value != '\0' && !process_path_is_absolute(value))
		return bad_value(error, value, "is no absolute path");
	snprintf(settings->log_file, sizeof(settings->log_file), "%s", value);
	return 0;
}

static int set_journal(struct settings *settings, const char *value, struct error *error)
{
	return read_yes_no(value, &settings->journal, error);
}

static int set_wake_unassigned(struct settings *settings, const char *value, struct error *error)
{
	return read_yes_no(value, &settings->wake.wake_unassigned, error);
}

static int set_dry_run(struct settings *settings, const char *value, struct error *error)
{
	return read_yes_no(value, &settings->wake.dry_run, error);
}

static int set_rate_sender(struct settings *settings, const char *value, struct error *error)
{
	return read_rate(value, &settings->wake.sender_rate, error);
}

static int set_rate_total(struct settings *settings, const char *value, struct error *error)
{
	return read_rate(value, &settings->wake.total_rate, error);
}

/* `next` is the policy with the list emptied: it becomes the policy when every item is good. */
static int set_list(struct settings *settings, struct wake_policy *next, const char *value,
	list_add_fn *add, struct error *error)
{
	int failed = read_list(value, next, add, error);

	if (!failed)
		settings->wake = *next;
	return failed;
}

static int set_interfaces(struct settings *settings, const char *value, struct error *error)
{
	struct wake_policy next = settings->wake;

	next.interface_count = 0;
	return set_list(settings, &next, value, add_interface, error);
}

static int set_vlans(struct settings *settings, const char *value, struct error *error)
{
	struct wake_policy next = settings->wake;

	next.vlan_count = 0;
	return set_list(settings, &next, value, add_vlan, error);
}

static int set_senders(struct settings *settings, const char *value, struct error *error)
{
	struct wake_policy next = settings->wake;

	next.sender_count = 0;
	return set_list(settings, &next, value, add_sender, error);
}

static int set_networks(struct settings *settings, const char *value, struct error *error)
{
	struct wake_policy next = settings->wake;

	next.network_count = 0;
	return set_list(settings, &next, value, add_network, error);
}

static const struct setting_info SETTINGS[] = {
	{"connect", "service", "URI", "",
		"The host whose virtual machines are woken: on Linux a libvirt URI such as "
		"qemu:///system, on Windows the name of a Hyper-V host. "
		"Without a value it is the local host.",
		set_connect},
	{"log-file", "service", "PATH", "",
		"Every event is also appended to this file, one JSON object a line. The path is "
		"absolute. Without a value no such file is written.",
		set_log_file},
	{"journal", "service", "yes | no", "yes",
		"Whether events go to the system's own log: the systemd journal, or the "
		"Application "
		"log of Windows.",
		set_journal},
	{"allow-interface", "wake", "PATTERN, ...", "",
		"Only packets heard on these interfaces of the host wake anything. In a pattern * "
		"stands "
		"for any characters and ? for one. Without a value every interface is allowed.",
		set_interfaces},
	{"allow-vlan", "wake", "ID, FIRST-LAST, untagged, ...", "",
		"Only packets of these VLANs wake anything: ids from 1 to 4094, ranges such as "
		"10-20, "
		"and the word untagged. Where VLANs are nested, the outermost counts. Without a "
		"value "
		"every VLAN is allowed.",
		set_vlans},
	{"allow-sender-mac", "wake", "MAC, ...", "",
		"Only packets whose Ethernet frame was sent from these MAC addresses wake "
		"anything. A "
		"sender can claim any address: this keeps mistakes out, not attackers. Without a "
		"value "
		"every address is allowed.",
		set_senders},
	{"allow-sender-network", "wake", "ADDRESS, ADDRESS/BITS, ...", "",
		"Only packets sent from these IPv4 or IPv6 addresses or networks wake anything. "
		"Packets "
		"without an IP header (EtherType 0x0842) have no such address and are refused "
		"then. "
		"Without a value every address is allowed.",
		set_networks},
	{"rate-limit-sender", "wake", "none | COUNT/s | COUNT/min | COUNT/h", "none",
		"How many packets of one sender may wake machines in a time. A number before the "
		"unit "
		"is a longer time: 3/10s is three in ten seconds.",
		set_rate_sender},
	{"rate-limit-total", "wake", "none | COUNT/s | COUNT/min | COUNT/h", "none",
		"The same for all senders together.", set_rate_total},
	{"wake-unassigned", "wake", "yes | no", "yes",
		"Whether a magic packet for 00:00:00:00:00:00 wakes every machine that has an "
		"adapter "
		"without an assigned MAC address.",
		set_wake_unassigned},
	{"dry-run", "wake", "yes | no", "no",
		"Decide and record, but start nothing. What would have been done is recorded as "
		"event "
		"2001 with the reason dry-run.",
		set_dry_run},
};

const struct setting_info *settings_table(size_t *count)
{
	*count = COUNT(SETTINGS);
	return SETTINGS;
}

void settings_defaults(struct settings *settings)
{
	memset(settings, 0, sizeof(*settings));
	settings->journal = true;
	wake_policy_defaults(&settings->wake);
}

struct reading {
	struct settings *settings;
	settings_trouble_fn *trouble;
	void *context;
	unsigned told, untold, first_untold;
	unsigned seen[COUNT(SETTINGS)]; /* the line that named the key last; 0: none did */
	bool unknown_section;
};

static void tell(struct reading *reading, unsigned line, const char *key, const char *why)
{
	if (reading->told == TROUBLE_LIMIT) {
		if (reading->untold++ == 0)
			reading->first_untold = line;
		return;
	}
	reading->told++;
	if (reading->trouble)
		reading->trouble(reading->context, line, key, why);
}

static void tell_rest(struct reading *reading)
{
	struct error error;

	if (reading->untold == 0 || !reading->trouble)
		return;
	error_set(&error, ERR_USAGE, "%u more lines are not right, this one and later ones",
		reading->untold);
	reading->trouble(reading->context, reading->first_untold, "", error.text);
}

static bool is_blank(char c)
{
	return c != '\0' && strchr(BLANKS, c) != NULL;
}

static void trim(const char **text, size_t *length)
{
	while (*length > 0 && is_blank((*text)[0])) {
		(*text)++;
		(*length)--;
	}
	while (*length > 0 && is_blank((*text)[*length - 1]))
		(*length)--;
}

/* The setting of this name, or COUNT(SETTINGS). */
static size_t find_setting(const char *key)
{
	size_t i = 0;

	while (i < COUNT(SETTINGS) && !text_equal_ignoring_case(key, SETTINGS[i].key))
		i++;
	return i;
}

/* Why these bytes can be no value, or NULL. */
static const char *foreign_bytes(const char *text, size_t length)
{
	for (size_t at = 0; at < length;) {
		uint32_t c;
		size_t take = text_decode(text + at, length - at, &c);

		if (take == 0)
			return "the value is not valid UTF-8";
		if (c == 0)
			return "the value holds a NUL byte";
		if (c != '\t' && text_is_control(c))
			return "the value holds a control character";
		at += take;
	}
	return NULL;
}

static void read_heading(struct reading *reading, unsigned number, const char *line, size_t length)
{
	char name[WORD_SIZE];
	struct error error;

	if (line[length - 1] != ']') {
		tell(reading, number, "", "the heading does not end with ]");
		return;
	}
	line++;
	length -= 2;
	trim(&line, &length);
	text_copy_bytes(name, sizeof(name), line, length);
	reading->unknown_section = false;
	for (size_t i = 0; i < COUNT(SETTINGS); i++) {
		if (text_equal_ignoring_case(name, SETTINGS[i].section))
			return;
	}
	reading->unknown_section = true;
	error_set(&error, ERR_USAGE, "there is no section [%s]; of its lines only known keys count",
		name);
	tell(reading, number, "", error.text);
}

/* A value, its key known. */
static void read_value(struct reading *reading, unsigned number, const struct setting_info *info,
	const char *text, size_t length, unsigned earlier)
{
	char value[LINE_LIMIT + 1];
	struct error error;
	const char *why = foreign_bytes(text, length);

	if (why) {
		tell(reading, number, info->key, why);
		return;
	}
	memcpy(value, text, length);
	value[length] = '\0';
	if (info->set(reading->settings, value, &error)) {
		tell(reading, number, info->key, error.text);
	} else if (earlier) {
		error_set(&error, ERR_USAGE, "the key stands in line %u already; this line counts",
			earlier);
		tell(reading, number, info->key, error.text);
	}
}

static void read_line(struct reading *reading, unsigned number, const char *line, size_t length)
{
	char key[WORD_SIZE];
	unsigned earlier = 0;

	trim(&line, &length);
	if (length == 0 || line[0] == '#' || line[0] == ';')
		return;
	if (line[0] == '[') {
		read_heading(reading, number, line, length);
		return;
	}

	const char *equals = memchr(line, '=', length);
	const char *name = line;
	size_t name_length = equals ? (size_t)(equals - line) : 0;
	while (!equals && name_length < length && !is_blank(line[name_length]))
		name_length++;
	trim(&name, &name_length);
	text_copy_bytes(key, sizeof(key), name, name_length);
	size_t index = find_setting(key);
	bool known = index < COUNT(SETTINGS);
	if (known) {
		earlier = reading->seen[index];
		reading->seen[index] = number;
	} else if (reading->unknown_section) {
		return;
	}

	if (length > LINE_LIMIT) {
		tell(reading, number, known ? key : "", "the line is longer than 4096 bytes");
	} else if (!equals || name_length == 0) {
		tell(reading, number, known ? key : "", "the line is not of the form key = value");
	} else if (!known) {
		tell(reading, number, key, "there is no setting of this name");
	} else {
		const char *value = equals + 1;
		size_t value_length = length - (size_t)(value - line);

		trim(&value, &value_length);
		read_value(reading, number, &SETTINGS[index], value, value_length, earlier);
	}
}

void settings_read(struct settings *settings, const char *text, size_t length,
	settings_trouble_fn *trouble, void *context)
{
	struct reading reading = {.settings = settings, .trouble = trouble, .context = context};

	/* What some editors on Windows save: reading on would tell of every line. */
	if (length >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0)) {
		tell(&reading, 1, "", "the file is UTF-16; it must be saved as UTF-8");
		return;
	}
	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		length -= 3;
	}
	for (unsigned number = 1; length > 0; number++) {
		const char *end = memchr(text, '\n', length);
		size_t line = end ? (size_t)(end - text) : length;

		read_line(&reading, number, text, line);
		line += end ? 1 : 0;
		text += line;
		length -= line;
	}
	for (size_t i = 0; i < COUNT(SETTINGS); i++) {
		if (!reading.seen[i])
			SETTINGS[i].set(settings, SETTINGS[i].initial, NULL);
	}
	tell_rest(&reading);
}
