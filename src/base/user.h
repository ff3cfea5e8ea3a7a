/* SPDX-License-Identifier: MIT */
/* user.h - who runs this program */
#ifndef HYPERVIVE_BASE_USER_H
#define HYPERVIVE_BASE_USER_H

#include <stddef.h>

/*
 * The login user where the system knows one (behind sudo too), else the effective user; the
 * number where there is no name. Always fills name.
 */
void user_name(char *name, size_t size);

#endif
