/* SPDX-License-Identifier: MIT */
/*
 * definition_files.c - changes that libvirt does not tell of
 *
 * Theory of operation: libvirt 9 sends no event when an adapter is plugged into the stored
 * definition of a machine (virsh attach-interface --config). But its QEMU driver writes the
 * definition to NAME.xml in a directory whose place is known for the drivers of this host, and
 * inotify tells of that. The file is read for the machine's identity and for nothing else: what
 * the machine is like is libvirt's to say. Where there is no such directory, or it cannot be
 * read, nothing is lost but time: the watch reads all machines again in turn.
 *
 * The inotify descriptor is served by libvirt's event loop, so no thread is added.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/libvirt/domain_xml.h"
#include "host/libvirt/libvirt_host.h"

enum { FILE_MAX = 1024 * 1024 };

struct definition_files {
	struct gate *gate;
	int inotify;
	char directory[PATH_MAX];
};

/* Where the QEMU driver keeps definitions: false for other drivers and other hosts. */
static bool find_directory(const char *uri, char directory[PATH_MAX])
{
	const char *home = getenv("HOME"), *config = getenv("XDG_CONFIG_HOME");
	const char *root = strstr(uri, "?root=");
	int length = 0;

	if (strncmp(uri, "qemu:///system", 14) == 0)
		length = snprintf(directory, PATH_MAX, "/etc/libvirt/qemu");
	else if (strncmp(uri, "qemu:///embed", 13) == 0 && root)
		length = snprintf(directory, PATH_MAX, "%.*s/etc/qemu", (int)strcspn(root + 6, "&"),
			root + 6);
	else if (strncmp(uri, "qemu:///session", 15) == 0 && config && *config)
		length = snprintf(directory, PATH_MAX, "%s/libvirt/qemu", config);
	else if (strncmp(uri, "qemu:///session", 15) == 0 && home)
		length = snprintf(directory, PATH_MAX, "%s/.config/libvirt/qemu", home);
	return length > 0 && length < PATH_MAX;
}

static ssize_t read_whole(int fd, char *text, size_t room)
{
	size_t used = 0;

	while (used < room) {
		ssize_t count = read(fd, text + used, room - used);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return count < 0 ? -1 : (ssize_t)used;
		used += (size_t)count;
	}
	return -1; /* larger than any definition */
}

/* The identity in a definition file; false when it is gone again or is none. */
static bool read_identity(const char *path, struct uuid *id)
{
	struct machine machine = {0};
	char *text = malloc(FILE_MAX);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	ssize_t length = text && fd >= 0 ? read_whole(fd, text, FILE_MAX) : -1;
	bool good = length > 0 && domain_xml_parse(text, (size_t)length, &machine, NULL) == 0;

	if (good)
		*id = machine.id;
	machine_clear(&machine);
	if (fd >= 0)
		close(fd);
	free(text);
	return good;
}

static void tell_file(const struct definition_files *files, const char *name)
{
	char path[PATH_MAX];
	struct uuid id;
	size_t length = strlen(name);

	if (length < 5 || strcmp(name + length - 4, ".xml") != 0)
		return;
	if (snprintf(path, sizeof(path), "%s/%s", files->directory, name) >= (int)sizeof(path))
		return;
	if (read_identity(path, &id))
		subscription_tell(files->gate, &id);
}

static void on_readable(int watch, int fd, int events, void *context)
{
	const struct definition_files *files = context;
	_Alignas(struct inotify_event) char buffer[4096];
	ssize_t length = read(fd, buffer, sizeof(buffer));

	(void)watch;
	(void)events;
	for (ssize_t at = 0; at < length;) {
		const struct inotify_event *event = (const struct inotify_event *)(buffer + at);

		if (event->len > 0)
			tell_file(files, event->name);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
}

static void free_files(void *context)
{
	struct definition_files *files = context;

	if (files->inotify >= 0)
		close(files->inotify);
	subscription_gate_unref(files->gate);
	free(files);
}

int definition_files_watch(struct gate *gate, const char *uri)
{
	struct definition_files *files = calloc(1, sizeof(*files));
	int handle = -1;

	if (!files || !find_directory(uri, files->directory)) {
		free(files);
		return -1;
	}
	files->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	files->gate = subscription_gate_ref(gate);
	if (files->inotify >= 0 && inotify_add_watch(files->inotify, files->directory,
					   IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR) >= 0)
		handle = virEventAddHandle(
			files->inotify, VIR_EVENT_HANDLE_READABLE, on_readable, files, free_files);
	if (handle < 0)
		free_files(files);
	return handle;
}
