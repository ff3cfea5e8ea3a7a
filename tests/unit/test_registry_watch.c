/* SPDX-License-Identifier: MIT */
/* The registry: values as they are read, changes as they are noticed, debug mode. Windows only. */
#include <stdlib.h>

#include "base/text.h"
#include "service/control.h"
#include "service/debug_value.h"
#include "service/settings_load.h"
#include "service/windows/names.h"
#include "service/windows/registry.h"
#include "service/windows/registry_watch.h"
#include "tap.h"

#include <windows.h>

static const char PATH[] = "HKLM\\Software\\HyperViveTest\\a\\b";
static const wchar_t ROOT[] = L"Software\\HyperViveTest";
static const wchar_t WHOLE[] = L"Software\\HyperViveTest\\a\\b";

static void create(const wchar_t *path)
{
	HKEY key;

	if (RegCreateKeyExW(HKEY_LOCAL_MACHINE, path, 0, NULL, 0, KEY_ALL_ACCESS, NULL, &key,
		    NULL) == ERROR_SUCCESS)
		RegCloseKey(key);
}

static void put(const wchar_t *name, DWORD type, const void *bytes, DWORD length)
{
	RegSetKeyValueW(HKEY_LOCAL_MACHINE, WHOLE, name, type, bytes, length);
}

static bool signalled(const struct registry_watch *watch, DWORD timeout)
{
	return WaitForSingleObject(registry_watch_event(watch), timeout) == WAIT_OBJECT_0;
}

/* One change: noticed once, and once it was looked at not again. */
static void is_noticed(struct registry_watch *watch, const char *what)
{
	bool noticed = signalled(watch, 2000);

	registry_watch_rearm(watch);
	ok(noticed, "%s is noticed", what);
	ok(!signalled(watch, 50), "once");
}

/* Grows when handles stay open: a new one gets the lowest number that is free. */
static size_t next_handle(void)
{
	HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);

	CloseHandle(event);
	return (size_t)event / 4;
}

static void test_watch(void)
{
	struct registry_watch *watch = NULL;
	struct error error = {0};
	DWORD one = 1;
	size_t before, after;

	RegDeleteTreeW(HKEY_LOCAL_MACHINE, ROOT);
	ok(registry_watch_open(&watch, PATH, &error) == 0, "a key that does not exist is watched");
	ok(!signalled(watch, 50), "nothing has changed");
	create(ROOT);
	is_noticed(watch, "a part of the path");
	create(WHOLE);
	is_noticed(watch, "the rest of it");
	put(L"DebugMode", REG_DWORD, &one, sizeof(one));
	is_noticed(watch, "a value");
	put(L"DebugMode", REG_SZ, L"x", 4);
	is_noticed(watch, "a value of another type");
	RegDeleteKeyValueW(HKEY_LOCAL_MACHINE, WHOLE, L"DebugMode");
	is_noticed(watch, "a value that is deleted");
	RegDeleteTreeW(HKEY_LOCAL_MACHINE, ROOT);
	is_noticed(watch, "a key that is deleted");
	create(WHOLE);
	is_noticed(watch, "a key that is there again");
	put(L"DebugMode", REG_DWORD, &one, sizeof(one));
	is_noticed(watch, "a value in it");

	before = next_handle();
	for (DWORD i = 0; i < 300; i++) {
		if (i % 3 == 0)
			RegDeleteTreeW(HKEY_LOCAL_MACHINE, ROOT);
		create(WHOLE);
		put(L"DebugMode", REG_DWORD, &i, sizeof(i));
		registry_watch_rearm(watch);
	}
	signalled(watch, 0);
	after = next_handle();
	ok(after <= before + 8, "handles do not grow: %zu before, %zu after", before, after);
	registry_watch_close(watch);
}

static void test_value(void)
{
	struct registry_value value = {.length = 7};
	struct error error = {0};
	BYTE large[300] = {1};

	RegDeleteTreeW(HKEY_LOCAL_MACHINE, ROOT);
	is_number(registry_read_value(PATH, "DebugMode", &value, &error), 0, "no key is no error");
	ok(!value.exists && value.length == 0, "and no value");
	create(WHOLE);
	is_number(registry_read_value(PATH, "DebugMode", &value, &error), 0, "nor is no value");
	ok(!value.exists, "which does not exist");
	put(L"DebugMode", REG_BINARY, large, 3);
	registry_read_value(PATH, "DebugMode", &value, &error);
	ok(value.exists && value.type == REG_BINARY && value.length == 3 && value.bytes[0] == 1 &&
			value.bytes[3] == 0,
		"a short value is read");
	put(L"DebugMode", REG_BINARY, large, sizeof(large));
	registry_read_value(PATH, "DebugMode", &value, &error);
	ok(value.exists && value.length == sizeof(large) && value.bytes[0] == 0,
		"a long one is known by its length");
}

/* The value as the service reads it; unusable where there is none. */
static enum debug_value saved_mode(void)
{
	struct registry_value value;
	struct error error = {0};
	const char *why;

	if (registry_read_value(PATH, DEBUG_VALUE_NAME, &value, &error) < 0 || !value.exists)
		return DEBUG_VALUE_UNUSABLE;
	return debug_value_read(value.type, value.bytes, value.length, &why);
}

static void test_debug_state(void)
{
	struct error error = {0};

	RegDeleteTreeW(HKEY_LOCAL_MACHINE, ROOT);
	is_number(saved_mode(), DEBUG_VALUE_UNUSABLE, "without a value");
	is_number(debug_state_save(PATH, true, &error), 0, "it is saved, key and all");
	is_number(saved_mode(), DEBUG_VALUE_ON, "on");
	is_number(debug_state_save(PATH, false, &error), 0, "saved again");
	is_number(saved_mode(), DEBUG_VALUE_OFF, "off");
	put(L"DebugMode", REG_SZ, L"maybe", 12);
	is_number(saved_mode(), DEBUG_VALUE_UNUSABLE, "what makes no sense is neither");
	if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, WIDE(HYPERVIVE_KEY), 0, KEY_READ, &(HKEY){0}) ==
		ERROR_FILE_NOT_FOUND) {
		is_number(debug_state_save(SETTINGS_DEFAULT_PATH, true, &error), -ERR_NOT_FOUND,
			"half a service is not made");
		ok(strstr(error.text, "not installed") != NULL, "says: %s", error.text);
	}
}

static void note(void *context, unsigned line, const char *key, const char *why)
{
	(void)line;
	printf("#  %s: %s\n", key, why);
	++*(unsigned *)context;
}

static void test_settings(void)
{
	static struct settings settings;
	struct registry_values values;
	struct error error = {0};
	DWORD number = 1;
	static wchar_t large[20000];
	unsigned told = 0;

	RegDeleteTreeW(HKEY_LOCAL_MACHINE, ROOT);
	is_number(registry_read_settings(PATH, &values, &error), 0, "no key has no settings");
	is_number(values.lines.length, 0, "none at all");
	create(WHOLE);
	put(L"dry-run", REG_DWORD, &number, sizeof(number));
	put(L"connect", REG_EXPAND_SZ, L"%HYPERVIVE_TEST_NAME%", 44);
	put(L"allow-vlan", REG_MULTI_SZ, L"10\0untagged\0", 26);
	put(L"Unrelated", REG_SZ, L"x", 4);
	put(NULL, REG_SZ, L"x", 4);
	SetEnvironmentVariableW(L"HYPERVIVE_TEST_NAME", L"h\x00f6st");
	is_number(registry_read_settings(PATH, &values, &error), 0, "a key is read");
	settings_defaults(&settings);
	registry_values_read(&values, &settings, note, &told, &error);
	registry_values_free(&values);
	is_number(told, 0, "without trouble");
	is_text(settings.connect, "h\xc3\xb6st", "a variable is replaced");
	ok(settings.wake.dry_run, "a number is yes");
	is_number(settings.wake.vlan_count, 2, "a list has its items");

	for (size_t i = 0; i < 19999; i++)
		large[i] = L'a';
	put(L"connect", REG_SZ, large, sizeof(large));
	put(L"dry-run", REG_SZ, L"yes", 5); /* cut in the middle of a character */
	is_number(registry_read_settings(PATH, &values, &error), 0, "bad values are read");
	registry_values_read(&values, &settings, note, &told, &error);
	registry_values_free(&values);
	is_number(told, 2, "and told");
	ok(strcmp(settings.connect, "h\xc3\xb6st") == 0 && settings.wake.dry_run,
		"and change nothing");
	RegDeleteTreeW(HKEY_LOCAL_MACHINE, ROOT);
}

static void test_paths(void)
{
	struct service_paths paths;
	struct error error = {0};

	SetEnvironmentVariableW(L"HYPERVIVE_PIPE", NULL);
	SetEnvironmentVariableW(L"HYPERVIVE_REGISTRY_KEY", NULL);
	is_number(service_paths_find(&paths, &error), 0, "the usual places");
	is_text(paths.control, CONTROL_PIPE, "the pipe");
	is_text(paths.state, "HKLM\\SYSTEM\\CurrentControlSet\\Services\\HyperVive", "the key");
	SetEnvironmentVariableW(L"HYPERVIVE_REGISTRY_KEY", L"hkey_local_machine\\Software\\x");
	SetEnvironmentVariableW(L"HYPERVIVE_PIPE", L"\\\\.\\pipe\\other");
	is_number(service_paths_find(&paths, &error), 0, "others");
	is_text(paths.control, "\\\\.\\pipe\\other", "the pipe");
	is_text(paths.state, "HKLM\\Software\\x", "the key, in our form");
	SetEnvironmentVariableW(L"HYPERVIVE_REGISTRY_KEY", L"HKCU\\Software\\x");
	ok(service_paths_find(&paths, &error) < 0, "no other root: %s", error.text);
	SetEnvironmentVariableW(L"HYPERVIVE_REGISTRY_KEY", NULL);
	SetEnvironmentVariableW(L"HYPERVIVE_PIPE", L"\\\\server\\pipe\\hypervive");
	ok(service_paths_find(&paths, &error) < 0, "no other computer: %s", error.text);
	SetEnvironmentVariableW(L"HYPERVIVE_PIPE",
		L"\\\\.\\pipe\\"
		L"0123456789012345678901234567890123456789012345678901234567890123456789"
		L"01234567890123456789012345678901234567890123456789");
	ok(service_paths_find(&paths, &error) < 0, "nothing endless: %s", error.text);
	SetEnvironmentVariableW(L"HYPERVIVE_PIPE", NULL);
}

int main(void)
{
	test_watch();
	test_value();
	test_debug_state();
	test_settings();
	test_paths();
	return tap_done();
}
