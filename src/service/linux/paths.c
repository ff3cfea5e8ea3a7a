/* SPDX-License-Identifier: MIT */
/* paths.c - where the service is spoken to, and the debug mode that survives a restart */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "service/linux/control_server.h"
#include "service/linux/paths.h"

static bool is_directory(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

int paths_make_parents(const char *path, struct error *error)
{
	char part[PATH_MAX];

	if (strlen(path) >= sizeof(part))
		return error_set(error, ERR_FAILED, "the path %s is too long", path);
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		size_t length = (size_t)(slash - path);

		memcpy(part, path, length);
		part[length] = '\0';
		if (mkdir(part, 0755) == 0 || errno == EEXIST)
			continue;
		/* Where nothing can be created, what is there may still be a directory. */
		int cause = errno;
		if (!is_directory(part))
			return error_set_errno(
				error, ERR_FAILED, cause, "cannot create the directory %s", part);
	}
	return 0;
}

/*
 * The directory that this variable names, or NULL. systemd's variables may name several,
 * divided by colons: the first is the one.
 */
static int find_in_environment(
	const char *name, bool colons, char directory[PATH_MAX], bool *found, struct error *error)
{
	const char *value = getenv(name);
	size_t length;

	*found = value && *value;
	if (!*found)
		return 0;
	length = colons ? strcspn(value, ":") : strlen(value);
	if (*value != '/')
		return error_set(error, ERR_FAILED, "%s does not name an absolute path", name);
	if (length >= PATH_MAX)
		return error_set(error, ERR_FAILED, "%s names a path that is too long", name);
	memcpy(directory, value, length);
	directory[length] = '\0';
	return 0;
}

/* The state directory of one user (XDG Base Directory Specification): ~/.local/state/hypervive. */
static int find_users_state(char directory[PATH_MAX], struct error *error)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int length;

	if (state && *state == '/') {
		length = snprintf(directory, PATH_MAX, "%s/hypervive", state);
	} else {
		if (!home || *home != '/') {
			const struct passwd *user = getpwuid(geteuid());

			home = user ? user->pw_dir : NULL;
		}
		if (!home || *home != '/')
			return error_set(error, ERR_FAILED,
				"this user has no home directory; "
				"HYPERVIVE_RUNTIME_DIR and HYPERVIVE_STATE_DIR can name "
				"directories");
		length = snprintf(directory, PATH_MAX, "%s/.local/state/hypervive", home);
	}
	if (length >= PATH_MAX)
		return error_set(error, ERR_FAILED, "the path of the home directory is too long");
	return 0;
}

/* The runtime directory of one user, or, where no login made one, the state directory. */
static int find_users_runtime(char directory[PATH_MAX], struct error *error)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char of_login[64];

	snprintf(of_login, sizeof(of_login), "/run/user/%lu", (unsigned long)geteuid());
	if (!runtime || *runtime != '/')
		runtime = is_directory(of_login) ? of_login : NULL;
	if (!runtime)
		return find_users_state(directory, error);
	if (snprintf(directory, PATH_MAX, "%s/hypervive", runtime) >= PATH_MAX)
		return error_set(
			error, ERR_FAILED, "XDG_RUNTIME_DIR names a path that is too long");
	return 0;
}

struct place {
	const char *own, *systemd; /* variables */
	const char *of_root;
	int (*of_user)(char directory[PATH_MAX], struct error *error);
};

static int find_place(const struct place *place, char directory[PATH_MAX], struct error *error)
{
	bool found;
	int failed = find_in_environment(place->own, false, directory, &found, error);

	if (!failed && !found)
		failed = find_in_environment(place->systemd, true, directory, &found, error);
	if (failed || found)
		return failed;
	if (geteuid() != 0)
		return place->of_user(directory, error);
	snprintf(directory, PATH_MAX, "%s", place->of_root);
	return 0;
}

int service_paths_find(struct service_paths *paths, struct error *error)
{
	static const struct place RUNTIME = {
		"HYPERVIVE_RUNTIME_DIR", "RUNTIME_DIRECTORY", "/run/hypervive", find_users_runtime};
	static const struct place STATE = {
		"HYPERVIVE_STATE_DIR", "STATE_DIRECTORY", "/var/lib/hypervive", find_users_state};
	char directory[PATH_MAX];

	if (find_place(&RUNTIME, directory, error))
		return -ERR_FAILED;
	if (strlen(directory) + sizeof("/control") > sizeof(paths->control))
		return error_set(error, ERR_FAILED,
			"the path %s is too long for the control socket, which may have %zu bytes",
			directory, sizeof(paths->control) - 1);
	snprintf(paths->control, sizeof(paths->control), "%.*s/control",
		(int)(sizeof(paths->control) - sizeof("/control")), directory);

	if (find_place(&STATE, directory, error))
		return -ERR_FAILED;
	if (strlen(directory) >= sizeof(paths->state))
		return error_set(error, ERR_FAILED,
			"the path %s is too long for the state directory", directory);
	snprintf(paths->state, sizeof(paths->state), "%.*s", (int)sizeof(paths->state) - 1,
		directory);
	return 0;
}

static int debug_path(
	const char *directory, const char *name, char path[PATH_MAX], struct error *error)
{
	if (snprintf(path, PATH_MAX, "%s/%s", directory, name) >= PATH_MAX)
		return error_set(error, ERR_FAILED, "the path %s is too long", directory);
	return 0;
}

int debug_state_load(const char *state, bool *on, struct error *error)
{
	char path[PATH_MAX], text[16];
	ssize_t length;
	int fd;

	*on = false;
	if (debug_path(state, "debug", path, error))
		return -ERR_FAILED;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0)
		return error_set_errno(error, ERR_FAILED, errno, "cannot open %s", path);
	length = read(fd, text, sizeof(text) - 1);
	if (length < 0) {
		error_set_errno(error, ERR_FAILED, errno, "cannot read %s", path);
		close(fd);
		return -ERR_FAILED;
	}
	close(fd);
	while (length > 0 && strchr(" \t\r\n", text[length - 1]))
		length--;
	text[length] = '\0';
	*on = text_equal_ignoring_case(text, "on");
	if (!*on && !text_equal_ignoring_case(text, "off"))
		return error_set(error, ERR_FAILED, "%s holds neither on nor off", path);
	return 0;
}

static int write_file(const char *path, const char *text, struct error *error)
{
	size_t length = strlen(text);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	int failed = 0;

	if (fd < 0)
		return error_set_errno(error, ERR_FAILED, errno, "cannot create %s", path);
	/* A few bytes to a file come whole or, on a full disk, not at all. */
	errno = 0;
	if (write(fd, text, length) != (ssize_t)length || fsync(fd) != 0)
		failed = error_set_errno(
			error, ERR_FAILED, errno ? errno : ENOSPC, "cannot write %s", path);
	close(fd);
	if (failed)
		unlink(path);
	return failed;
}

int debug_state_save(const char *state, bool on, struct error *error)
{
	char path[PATH_MAX], fresh[PATH_MAX];
	int fd;

	if (debug_path(state, "debug", path, error) ||
		debug_path(state, ".debug.new", fresh, error))
		return -ERR_FAILED;
	if (paths_make_parents(path, error))
		return -ERR_FAILED;
	if (write_file(fresh, on ? "on\n" : "off\n", error))
		return -ERR_FAILED;
	if (rename(fresh, path) != 0) {
		error_set_errno(error, ERR_FAILED, errno, "cannot replace %s", path);
		unlink(fresh);
		return -ERR_FAILED;
	}
	/* The new name is on the disk once the directory is; where that cannot be asked, never
	 * mind. */
	fd = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	return 0;
}
