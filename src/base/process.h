/* SPDX-License-Identifier: MIT */
/* process.h - what differs between systems at the border of the program itself */
#ifndef HYPERVIVE_BASE_PROCESS_H
#define HYPERVIVE_BASE_PROCESS_H

#include <stdbool.h>

/*
 * The first thing main() does: arguments become UTF-8, stdout and stderr take UTF-8 and leave
 * line ends as they are, a closed pipe becomes an error of write(). On Windows the search for
 * libraries is narrowed to the system's own folder.
 */
void process_begin(int *argc, char ***argv);

/* Whether what is written to this descriptor appears on a terminal that knows colours. */
bool process_terminal_has_color(int fd);

/* Whether a failed write means that whoever read our output has gone: no error, the end. */
bool process_reader_is_gone(int errno_number);

/* Whether this process has the rights of an administrator (root; elevated on Windows). */
bool process_is_privileged(void);

/* Whether a path begins at the root of the file system, whatever the current folder is. */
bool process_path_is_absolute(const char *path);

#endif
