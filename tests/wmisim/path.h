/* SPDX-License-Identifier: MIT */
/*
 * path.h - WMI object paths: [[\\server\]namespace:]Class[.Key="value",...]
 *
 * In a quoted value a backslash and a quote are doubled by a backslash; anything else behind a
 * backslash is not a path.
 */
#ifndef WMISIM_PATH_H
#define WMISIM_PATH_H

#include "image.h"

enum { PATH_KEYS = 8 };

struct path {
	char server[64]; /* "" when not given */
	char space[128]; /* "" when not given; / become \ */
	char class_name[128];
	bool is_class; /* no keys */
	unsigned key_count;
	char key_names[PATH_KEYS][64]; /* "" for Class="value" */
	const char *key_values[PATH_KEYS];
	char *texts; /* what key_values point into */
};

/* False where it is no path. To be given to path_free() only when true. */
bool path_parse(struct path *path, const char *text);
void path_free(struct path *path);

/* "root\virtualization\v2" in any case, with / or \; ANYWHERE when it is none of ours. */
enum name_space name_space_find(const char *text);

/* Class.Key="value",... with the keys in alphabetical order, as WMI writes it. */
void path_write_relative(struct buffer *buffer, const struct image *image);
void path_write(struct buffer *buffer, const char *server, const struct image *image);
/* Whether every key of the image's class has a value. */
bool path_exists(const struct image *image);

#endif
