/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation: this sink speaks the journal's native protocol itself
 * (https://systemd.io/JOURNAL_NATIVE_PROTOCOL): one datagram an event to a UNIX socket, in it a
 * line "NAME=value" for each field, or, where the value holds a line's end, the name, a line's
 * end, the length as 64 bits little-endian, the value and a line's end.
 *
 * sd_journal_send() is not used because it hides what this sink is there to tell: it reports
 * success when the socket does not exist, and it waits without end when journald does not read.
 * Here a socket that is gone is a failure, counted by the recorder, and a journald that does not
 * read gets a grace time once: a burst may overrun the few datagrams that the kernel queues (10
 * unless systemd raised net.unix.max_dgram_qlen), and is no loss as long as journald is at work.
 *
 * The socket is connected, since the kernel tells only for a connected one when the other side
 * can take more. When journald was restarted, the old socket's end shows as ECONNREFUSED, and
 * the path is connected to anew.
 */
#include "event/sink.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "event/journal_id.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

enum { GRACE_MS = 500, FACILITY_DAEMON = 3 };

struct journal_sink {
	struct sockaddr_un address;
	int fd;       /* -1 while not connected */
	bool failing; /* the last event was not taken: do not wait for the next ones */
	struct buffer datagram;
};

/* As syslog(3) numbers them. */
static int priority_of(enum event_severity severity)
{
	switch (severity) {
	case SEVERITY_ERROR:
		return 3;
	case SEVERITY_WARNING:
		return 4;
	case SEVERITY_INFORMATION:
		return 6;
	case SEVERITY_DEBUG:
		return 7;
	}
	return 6;
}

static void put_upper(struct buffer *buffer, const char *name)
{
	for (; *name; name++) {
		char c = *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A') : *name;
		buffer_append(buffer, &c, 1);
	}
}

/* What stands behind a name: "=value", or the form for values of several lines. */
static void put_value(struct buffer *buffer, const char *value)
{
	uint64_t length = strlen(value);

	if (memchr(value, '\n', length)) {
		unsigned char little[8];

		for (int i = 0; i < 8; i++)
			little[i] = (unsigned char)(length >> 8 * i);
		buffer_text(buffer, "\n");
		buffer_append(buffer, little, sizeof(little));
	} else {
		buffer_text(buffer, "=");
	}
	buffer_append(buffer, value, length);
	buffer_text(buffer, "\n");
}

static void put_fields(struct buffer *buffer, const struct event *event)
{
	for (int i = 0; i < event->count; i++) {
		buffer_text(buffer, JOURNAL_FIELD_PREFIX);
		put_upper(buffer, event_field_name((enum event_field)event->fields[i].field));
		if (event->fields[i].is_text)
			put_value(buffer, event->text + event->fields[i].offset);
		else
			buffer_printf(buffer, "=%" PRId64 "\n", event->fields[i].number);
	}
}

static void build_datagram(struct buffer *buffer, const struct event *event)
{
	const struct event_info *info = event_info(event->id);
	enum event_severity severity = info ? info->severity : SEVERITY_INFORMATION;
	struct buffer message = {0};

	event_message(event, &message);
	buffer_clear(buffer);
	buffer_text(buffer, "MESSAGE");
	put_value(buffer, message.data ? message.data : "");
	buffer_printf(buffer, "MESSAGE_ID=" JOURNAL_MESSAGE_ID_FORMAT "\n", event->id);
	buffer_printf(buffer, "PRIORITY=%d\n", priority_of(severity));
	buffer_printf(buffer, "SYSLOG_FACILITY=%d\n", FACILITY_DAEMON);
	buffer_text(buffer, "SYSLOG_IDENTIFIER=" JOURNAL_IDENTIFIER "\n");
	buffer_printf(buffer, JOURNAL_FIELD_PREFIX "EVENT_ID=%d\n", event->id);
	buffer_printf(buffer, JOURNAL_FIELD_PREFIX "SEVERITY=%s\n", event_severity_name(severity));
	buffer_printf(buffer, JOURNAL_FIELD_PREFIX "CATEGORY=%s\n",
		info ? event_category_label(info->category) : "Unknown");
	buffer_printf(buffer, JOURNAL_FIELD_PREFIX "TIME_US=%" PRId64 "\n", event->time_us);
	put_fields(buffer, event);
	if (message.failed)
		buffer->failed = true;
	buffer_free(&message);
}

static void disconnect(struct journal_sink *sink)
{
	if (sink->fd >= 0)
		close(sink->fd);
	sink->fd = -1;
}

/* 0 or an errno. */
static int connect_anew(struct journal_sink *sink)
{
	disconnect(sink);
	sink->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sink->fd < 0)
		return errno;
	if (connect(sink->fd, (struct sockaddr *)&sink->address, sizeof(sink->address)) == 0)
		return 0;
	int number = errno;
	disconnect(sink);
	return number;
}

static int send_once(struct journal_sink *sink)
{
	const struct buffer *datagram = &sink->datagram;

	while (send(sink->fd, datagram->data, datagram->length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		if (errno != EINTR)
			return errno;
	}
	return 0;
}

static bool is_gone(int number)
{
	return number == ECONNREFUSED || number == ECONNRESET || number == ENOTCONN ||
	       number == EPIPE || number == ENOENT;
}

/* 0 or an errno. */
static int send_datagram(struct journal_sink *sink)
{
	int number = sink->fd < 0 ? connect_anew(sink) : 0;

	if (number == 0)
		number = send_once(sink);
	if (is_gone(number)) {
		number = connect_anew(sink);
		if (number == 0)
			number = send_once(sink);
	}
	if (number == EAGAIN && !sink->failing) {
		struct pollfd writable = {.fd = sink->fd, .events = POLLOUT};
		poll(&writable, 1, GRACE_MS);
		number = send_once(sink);
	}
	return number;
}

static int journal_write(void *context, const struct event *event, struct error *error)
{
	struct journal_sink *sink = context;

	build_datagram(&sink->datagram, event);
	if (sink->datagram.failed)
		return error_set(
			error, ERR_FAILED, "the journal cannot be written, memory is used up");
	int number = send_datagram(sink);
	sink->failing = number != 0;
	if (number == 0)
		return 0;
	if (number == EAGAIN)
		return error_set(
			error, ERR_FAILED, "the journal cannot be written, journald does not read");
	if (is_gone(number))
		return error_set_errno(error, ERR_FAILED, number,
			"the journal cannot be written, journald does not listen at %s",
			sink->address.sun_path);
	return error_set_errno(error, ERR_FAILED, number, "the journal cannot be written");
}

static void journal_reopen(void *context)
{
	disconnect(context);
}

static void journal_close(void *context)
{
	struct journal_sink *sink = context;

	disconnect(sink);
	buffer_free(&sink->datagram);
	free(sink);
}

const char SYSTEM_LOG_NAME[] = "journal";

static const struct sink_ops JOURNAL_SINK = {
	SYSTEM_LOG_NAME, journal_write, journal_reopen, journal_close};

/* A journald that is not there yet is no error: it may come. */
int system_log_sink_open(struct sink *sink, const char *place, struct error *error)
{
	const char *path = place ? place : JOURNAL_SOCKET;
	struct journal_sink *journal;

	if (strlen(path) >= sizeof(journal->address.sun_path))
		return error_set(
			error, ERR_FAILED, "%s is too long for the path of a socket", path);
	journal = calloc(1, sizeof(*journal));
	if (!journal)
		return error_set(
			error, ERR_FAILED, "the journal cannot be used, memory is used up");
	journal->address.sun_family = AF_UNIX;
	memcpy(journal->address.sun_path, path, strlen(path));
	journal->fd = -1;
	*sink = (struct sink){&JOURNAL_SINK, journal};
	return 0;
}

bool system_log_is_here(void)
{
	return access("/run/systemd/journal", F_OK) == 0;
}
