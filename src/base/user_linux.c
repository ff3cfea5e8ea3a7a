/* SPDX-License-Identifier: MIT */
#include "base/user.h"

#include <pwd.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/text.h"

/* The audit system's login uid (proc(5)); false where there is none (4294967295). */
static bool login_uid(uid_t *uid)
{
	FILE *file = fopen("/proc/self/loginuid", "re");
	unsigned value = 0;

	if (!file)
		return false;
	int read = fscanf(file, "%u", &value);
	fclose(file);
	*uid = (uid_t)value;
	return read == 1 && *uid != (uid_t)-1;
}

void user_name(char *name, size_t size)
{
	char buffer[4096];
	struct passwd entry, *found = NULL;
	uid_t uid;

	if (!login_uid(&uid))
		uid = geteuid();
	if (getpwuid_r(uid, &entry, buffer, sizeof(buffer), &found) == 0 && found)
		text_copy(name, size, found->pw_name);
	else
		snprintf(name, size, "%u", (unsigned)uid);
}
