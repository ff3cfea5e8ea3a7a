/* SPDX-License-Identifier: MIT */
/*
 * registry_watch.c - notices when the values of a key may have changed
 *
 * Theory of operation. RegNotifyChangeKeyValue() signals an event once, for the handle of a key
 * that exists; it is bound to the life of the calling thread unless it is told not to be. So where
 * the key does not exist, the nearest one above it that does is watched for new names, and so on
 * down as the parts of the path come into being. The handle of a key that is deleted is of no use
 * any more, and not every system tells of that through it: the key above is watched too.
 *
 * Both are opened anew each time: asking twice through one handle would leave one question open.
 * Closing a handle signals its event as well, so it is reset before the next one is watched.
 */
#include "service/windows/registry_watch.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/windows/wide.h"
#include "service/windows/registry.h"

/* Behind our own: it makes `interface` a macro. */
#include <windows.h>

/* The path has no more parts than this, and each round finds one more of them. */
enum { ROUNDS_MAX = 64 };

struct registry_watch {
	wchar_t *path; /* below HKEY_LOCAL_MACHINE */
	HANDLE event;  /* resets itself */
	HKEY key;      /* the nearest that exists; NULL: none is watched */
	HKEY above;    /* where that is the whole path, the one above it */
};

static bool arm(const struct registry_watch *watch, HKEY key, DWORD filter)
{
	return RegNotifyChangeKeyValue(key, FALSE, filter | REG_NOTIFY_THREAD_AGNOSTIC,
		       watch->event, TRUE) == ERROR_SUCCESS;
}

static void let_go(struct registry_watch *watch)
{
	if (watch->key)
		RegCloseKey(watch->key);
	if (watch->above)
		RegCloseKey(watch->above);
	watch->key = watch->above = NULL;
	ResetEvent(watch->event);
}

/* The first `length` characters of the path, which may be none. */
static bool exists(const struct registry_watch *watch, size_t length, ACCESS_MASK rights, HKEY *key)
{
	wchar_t saved = watch->path[length];

	watch->path[length] = L'\0';
	LONG failed = RegOpenKeyExW(HKEY_LOCAL_MACHINE, watch->path, 0, rights, key);
	watch->path[length] = saved;
	return failed == ERROR_SUCCESS;
}

static size_t length_above(const wchar_t *path, size_t length)
{
	while (length > 0 && path[length - 1] != L'\\')
		length--;
	while (length > 0 && path[length - 1] == L'\\')
		length--;
	return length;
}

/* The first `length` characters of the path. NULL where there is no such key. */
static HKEY watch_key(const struct registry_watch *watch, size_t length, DWORD filter)
{
	HKEY key;

	if (!exists(watch, length, KEY_NOTIFY, &key))
		return NULL;
	if (arm(watch, key, filter))
		return key;
	RegCloseKey(key);
	return NULL;
}

/* Watches the whole path, or the nearest key above. Returns the length that is watched. */
static size_t watch_nearest(struct registry_watch *watch)
{
	const DWORD all = REG_NOTIFY_CHANGE_NAME | REG_NOTIFY_CHANGE_LAST_SET;
	size_t whole = wcslen(watch->path), length = whole;

	let_go(watch);
	while (!(watch->key = watch_key(watch, length, all))) {
		if (length == 0)
			return whole; /* nothing to be done: the service manager's PARAMCHANGE is
					 left */
		length = length_above(watch->path, length);
	}
	if (length == whole)
		watch->above =
			watch_key(watch, length_above(watch->path, whole), REG_NOTIFY_CHANGE_NAME);
	return length;
}

/* The part that was missing a moment ago may exist by now. */
static bool more_exists(const struct registry_watch *watch, size_t length)
{
	size_t next = length;
	HKEY key;

	while (watch->path[next] == L'\\')
		next++;
	while (watch->path[next] != L'\0' && watch->path[next] != L'\\')
		next++;
	if (next == length || !exists(watch, next, KEY_NOTIFY, &key))
		return false;
	RegCloseKey(key);
	return true;
}

void registry_watch_rearm(struct registry_watch *watch)
{
	for (int round = 0; round < ROUNDS_MAX; round++) {
		size_t length = watch_nearest(watch);

		if (!more_exists(watch, length))
			return;
	}
}

int registry_watch_open(struct registry_watch **opened, const char *path, struct error *error)
{
	struct registry_watch *watch = calloc(1, sizeof(*watch));

	if (watch)
		watch->path = wide_from_utf8(registry_path_below(path));
	if (!watch || !watch->path) {
		free(watch);
		return error_set(
			error, ERR_FAILED, "there is not enough memory to watch the registry");
	}
	watch->event = CreateEventW(NULL, FALSE, FALSE, NULL);
	if (!watch->event) {
		int failed = error_set_windows(
			error, ERR_FAILED, GetLastError(), "cannot create an event");

		registry_watch_close(watch);
		return failed;
	}
	registry_watch_rearm(watch);
	*opened = watch;
	return 0;
}

HANDLE registry_watch_event(const struct registry_watch *watch)
{
	return watch->event;
}

void registry_watch_close(struct registry_watch *watch)
{
	if (!watch)
		return;
	if (watch->key)
		RegCloseKey(watch->key);
	if (watch->above)
		RegCloseKey(watch->above);
	if (watch->event)
		CloseHandle(watch->event);
	free(watch->path);
	free(watch);
}
