/* SPDX-License-Identifier: MIT */
#include "event/sink.h"

#include "base/clock.h"
#include "base/text.h"

static const char *color_of(enum event_severity severity)
{
	switch (severity) {
	case SEVERITY_ERROR:
		return "\x1b[1;31m"; /* bold red */
	case SEVERITY_WARNING:
		return "\x1b[33m"; /* yellow */
	case SEVERITY_INFORMATION:
		return "\x1b[32m"; /* green */
	case SEVERITY_DEBUG:
		return "\x1b[2m"; /* faint */
	}
	return "";
}

/* The message can hold several fields, and a control character takes up to six bytes. */
enum { SHOWN_SIZE = 6 * EVENT_TEXT_MAX };

static void put_message(const struct event *event, struct buffer *buffer)
{
	struct buffer message = {0};
	char shown[SHOWN_SIZE];

	event_message(event, &message);
	text_printable(shown, sizeof(shown), message.data ? message.data : "");
	buffer_text(buffer, shown);
	if (message.failed)
		buffer->failed = true;
	buffer_free(&message);
}

void console_format(const struct event *event, enum console_style style, struct buffer *buffer)
{
	enum { SEVERITY_WIDTH = 11, CATEGORY_WIDTH = 23 }; /* the longest of each */
	const struct event_info *info = event_info(event->id);
	enum event_severity severity = info ? info->severity : SEVERITY_INFORMATION;
	bool color = style == CONSOLE_COLOR;
	char time[CLOCK_TEXT_SIZE];

	if (style == CONSOLE_JSON) {
		event_to_json(event, buffer);
		buffer_text(buffer, "\n");
		return;
	}
	buffer_printf(buffer, "%s  %s%-*s%s  %4d  %-*s  ", clock_format_local(event->time_us, time),
		color ? color_of(severity) : "", SEVERITY_WIDTH, event_severity_name(severity),
		color ? "\x1b[0m" : "", event->id, CATEGORY_WIDTH,
		info ? event_category_label(info->category) : "Unknown");
	put_message(event, buffer);
	buffer_text(buffer, "\n");
}
