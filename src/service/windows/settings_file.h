/* SPDX-License-Identifier: MIT */
/*
 * settings_file.h - the settings file of `run --config`, on a disk that others write to
 *
 * Reads it, and notices when it may have changed. An editor's saving is several changes: the
 * service waits a moment before it loads.
 */
#ifndef HYPERVIVE_SERVICE_WINDOWS_SETTINGS_FILE_H
#define HYPERVIVE_SERVICE_WINDOWS_SETTINGS_FILE_H

#include <windef.h>

#include "service/settings.h"

enum { SETTINGS_FILE_MAX = 1024 * 1024 }; /* bytes */

struct settings_file;

/* Does not read yet. */
int settings_file_open(struct settings_file **opened, const char *path, struct error *error);

/* Signalled when settings_file_changed() should be asked; NULL when there are no notifications. */
HANDLE settings_file_event(const struct settings_file *file);

/* Takes what Windows had to tell; true when the file may have changed. */
bool settings_file_changed(struct settings_file *file);

/*
 * Reads the file on top of *settings, as settings_read() does. Fails, and leaves *settings as it
 * was, when there is no file, or it is over 1 MiB or cannot be read. A file that was read before
 * and is gone leaves *settings too: that is told once as trouble of line 0, and no failure.
 * trouble may be NULL.
 */
int settings_file_load(struct settings_file *file, struct settings *settings,
	settings_trouble_fn *trouble, void *context, struct error *error);

void settings_file_close(struct settings_file *file); /* NULL is allowed */

#endif
