/* SPDX-License-Identifier: MIT */
#include "event/windows/event_log_api.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *name;
	size_t offset;
} FUNCTIONS[] = {
	{"EvtQuery", offsetof(struct event_log_api, query)},
	{"EvtSubscribe", offsetof(struct event_log_api, subscribe)},
	{"EvtNext", offsetof(struct event_log_api, next)},
	{"EvtRender", offsetof(struct event_log_api, render)},
	{"EvtCreateBookmark", offsetof(struct event_log_api, create_bookmark)},
	{"EvtUpdateBookmark", offsetof(struct event_log_api, update_bookmark)},
	{"EvtClose", offsetof(struct event_log_api, close)},
};

const struct event_log_api *event_log_api(struct error *error)
{
	static struct event_log_api api;
	HMODULE library = LoadLibraryExW(L"wevtapi.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);

	for (size_t i = 0; i < sizeof(FUNCTIONS) / sizeof(FUNCTIONS[0]); i++) {
		FARPROC function = library ? GetProcAddress(library, FUNCTIONS[i].name) : NULL;

		if (!function) {
			error_set(error, ERR_FAILED,
				"the Application log cannot be read on this system: wevtapi.dll %s "
				"%s",
				library ? "lacks" : "cannot be loaded, it has", FUNCTIONS[i].name);
			return NULL;
		}
		memcpy((char *)&api + FUNCTIONS[i].offset, &function, sizeof(function));
	}
	return &api;
}
