/* SPDX-License-Identifier: MIT */
/*
 * service.c - the service on Linux: one loop
 *
 * Theory of operation: the loop sleeps in poll(2) on everything that can happen: frames, the
 * engine's mailbox (an eventfd), signals (a signalfd; every thread has them blocked), the
 * settings file's directory and the control socket. Between two sleeps it does a bounded amount
 * of each. Times are deadlines that the parts return; poll sleeps until the nearest.
 */
#include "service/service.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "event/recorder.h"
#include "service/engine.h"
#include "service/linux/control_server.h"
#include "service/linux/memory.h"
#include "service/linux/settings_file.h"
#include "service/receiver.h"
#include "service/settings_load.h"

enum { FRAMES_A_TURN = 256, CONTROL_FDS = 16 };

#define RELOAD_DELAY_NS (200 * NS_PER_MS) /* editors write several times */

struct service {
	const struct service_options *options;
	struct settings settings;
	struct settings_file *file;
	struct service_paths paths;
	struct recorder *recorder;
	struct engine *engine;
	struct control *control;
	int notify_fd, signal_fd;
	bool stopping, ready;
	const char *stop_reason;
	uint64_t reload_at; /* UINT64_MAX: no reload is due */
	struct receiver receiver;
};

/* Events */

static void emit_simple(struct service *service, int id, const char *reason)
{
	struct event event;

	event_start(&event, id, clock_realtime_us());
	event_put_text(&event, FIELD_REASON, reason);
	recorder_emit(service->recorder, &event);
}

static void emit_module(struct service *service, const char *module, const char *reason)
{
	struct event event;

	event_start(&event, 1001, clock_realtime_us());
	event_put_text(&event, FIELD_MODULE, module);
	event_put_text(&event, FIELD_REASON, reason);
	recorder_emit(service->recorder, &event);
}

/* Settings */

static const char *config_path(const struct service_options *options)
{
	return options->config ? options->config : SETTINGS_DEFAULT_PATH;
}

static void setting_trouble(void *context, unsigned line, const char *key, const char *why)
{
	struct service *service = context;
	struct event event;

	event_start(&event, 1050, clock_realtime_us());
	event_put_text(&event, FIELD_FILE, config_path(service->options));
	if (line)
		event_put_number(&event, FIELD_LINE, line);
	event_put_text(&event, FIELD_KEY, key);
	event_put_text(&event, FIELD_REASON, why);
	recorder_emit(service->recorder, &event);
}

/* The command line comes before the file. */
static void apply_options(struct service *service)
{
	const struct service_options *options = service->options;

	if (options->dry_run)
		service->settings.wake.dry_run = true;
	if (options->connect)
		text_copy(service->settings.connect, sizeof(service->settings.connect),
			options->connect);
	if (options->log_file)
		text_copy(service->settings.log_file, sizeof(service->settings.log_file),
			options->log_file);
}

static const char *connect_uri(const struct service *service)
{
	return service->settings.connect[0] ? service->settings.connect : NULL;
}

/* An empty path removes the log file. */
static int set_log_file(struct service *service, struct error *error)
{
	struct sink sink = {0};

	if (service->settings.log_file[0] &&
		file_sink_open(&sink, service->settings.log_file, error) < 0)
		return -error->code;
	return recorder_replace(service->recorder, "log file", sink, error);
}

/* systemd connects stdout to the journal; events would stand there twice. */
static bool stdout_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat status;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDOUT_FILENO, &status) == 0 && status.st_dev == device &&
	       status.st_ino == inode;
}

static int set_console(struct service *service, struct error *error)
{
	enum console_style style = CONSOLE_TEXT;
	struct sink sink;

	if (service->settings.journal && stdout_is_journal())
		return 0;
	if (service->options->json)
		style = CONSOLE_JSON;
	else if (service->options->color)
		style = CONSOLE_COLOR;
	if (console_sink_open(&sink, STDOUT_FILENO, style, error) < 0)
		return -error->code;
	return recorder_add(service->recorder, sink, error);
}

static int set_journal(struct service *service, struct error *error)
{
	struct sink sink = {0};

	if (service->settings.journal && system_log_is_here() &&
		system_log_sink_open(&sink, NULL, error) < 0)
		return -error->code;
	return recorder_replace(service->recorder, "journal", sink, error);
}

/* A log file or a journal that was named anew, or no longer. */
static void change_sinks(struct service *service, const struct settings *before)
{
	const struct settings *now = &service->settings;
	struct error error = {0};

	if (strcmp(before->log_file, now->log_file) != 0 && set_log_file(service, &error) < 0)
		emit_module(service, "log file", error.text);
	if (before->journal != now->journal && set_journal(service, &error) < 0)
		emit_module(service, "journal", error.text);
}

static void load_settings(struct service *service)
{
	struct error error = {0};

	if (settings_file_load(
		    service->file, &service->settings, setting_trouble, service, &error) < 0)
		setting_trouble(service, 0, "", error.text);
	apply_options(service);
}

static void reload_settings(struct service *service)
{
	struct settings *before = malloc(sizeof(*before));

	service->reload_at = UINT64_MAX;
	if (!before)
		return;
	*before = service->settings;
	load_settings(service);
	engine_set_policy(service->engine, &service->settings.wake);
	change_sinks(service, before);
	if (strcmp(before->connect, service->settings.connect) != 0)
		engine_reconnect(service->engine, connect_uri(service));
	free(before);
	emit_simple(service, 9000, "the settings were read again");
}

/* Debug mode */

static void set_debug(struct service *service, bool on, const char *user)
{
	struct event event;

	event_start(&event, 9001, clock_realtime_us());
	event_put_text(&event, FIELD_VALUE, on ? "True" : "False");
	event_put_text(&event, FIELD_USER, user);
	recorder_set_debug(service->recorder, true); /* the end of debug mode is told too */
	recorder_emit(service->recorder, &event);
	recorder_set_debug(service->recorder, on);
}

static void begin_debug(struct service *service)
{
	struct error error = {0};
	bool on = false;

	if (debug_state_load(service->paths.state, &on, &error) < 0) {
		struct event event;

		event_start(&event, 1011, clock_realtime_us());
		event_put_text(&event, FIELD_KEY, service->paths.state);
		event_put_text(&event, FIELD_REASON, error.text);
		recorder_emit(service->recorder, &event);
	}
	if (on || service->options->debug)
		set_debug(service, true, NULL);
}

static void switch_debug(struct service *service, bool on, const struct control_peer *peer,
	char answer[CONTROL_LINE_SIZE])
{
	struct error error = {0};

	set_debug(service, on, peer->user);
	if (debug_state_save(service->paths.state, on, &error) < 0)
		snprintf(answer, CONTROL_LINE_SIZE,
			"error debug mode is %s, but not after a restart: %.180s",
			on ? "on" : "off", error.text);
	else
		snprintf(answer, CONTROL_LINE_SIZE, "ok debug mode is %s", on ? "on" : "off");
}

static void answer_request(void *context, const struct control_peer *peer, const char *request,
	char answer[CONTROL_LINE_SIZE])
{
	struct service *service = context;

	if (strcmp(request, "debug on") == 0)
		switch_debug(service, true, peer, answer);
	else if (strcmp(request, "debug off") == 0)
		switch_debug(service, false, peer, answer);
	else if (strcmp(request, "debug") == 0)
		snprintf(answer, CONTROL_LINE_SIZE, "ok debug mode is %s",
			recorder_debug(service->recorder) ? "on" : "off");
	else if (strcmp(request, "ping") == 0)
		snprintf(answer, CONTROL_LINE_SIZE, "ok");
	else
		snprintf(answer, CONTROL_LINE_SIZE, "error there is no such request");
}

/* Frames */

struct turn {
	struct service *service;
	uint64_t now_ns;
};

static void take_frame(void *context, const struct frame *frame)
{
	const struct turn *turn = context;

	engine_frame(turn->service->engine, frame, turn->now_ns);
}

static void read_frames(struct service *service, uint64_t now_ns)
{
	struct turn turn = {service, now_ns};

	receiver_read(&service->receiver, FRAMES_A_TURN, take_frame, &turn, now_ns);
}

/* The loop */

static void notify(void *context)
{
	const struct service *service = context;
	uint64_t one = 1;

	/* Fails only when the counter is full, and then the loop is awake anyway. */
	if (write(service->notify_fd, &one, sizeof(one)) < 0)
		return;
}

static void drain_notifications(const struct service *service)
{
	uint64_t count;

	if (read(service->notify_fd, &count, sizeof(count)) < 0)
		return;
}

static void read_signals(struct service *service, uint64_t now_ns)
{
	struct signalfd_siginfo info;

	while (read(service->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP) {
			service->reload_at = now_ns;
			recorder_reopen(service->recorder);
		} else {
			service->stopping = true;
			service->stop_reason = info.ssi_signo == SIGINT ? "interrupted" : NULL;
		}
	}
}

static void tell_ready(struct service *service)
{
	struct event event;

	if (service->ready || receiver_waitable(&service->receiver) == WAITABLE_NONE ||
		!engine_is_settled(service->engine))
		return;
	service->ready = true;
	event_start(&event, 1100, clock_realtime_us());
	engine_put_facts(service->engine, &event);
	recorder_emit(service->recorder, &event);
	sd_notify(0, "READY=1");
	memory_trim();
}

static uint64_t earliest(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static int timeout_ms(uint64_t deadline, uint64_t now_ns)
{
	if (deadline == UINT64_MAX)
		return -1;
	if (deadline <= now_ns)
		return 0;
	uint64_t wait = (deadline - now_ns + NS_PER_MS - 1) / NS_PER_MS;
	return wait > 60000 ? 60000 : (int)wait;
}

static void turn_once(struct service *service)
{
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t next = earliest(engine_tick(service->engine, now_ns), service->reload_at);

	/* Before its descriptor is asked for: it may open anew. */
	next = earliest(next, receiver_tick(&service->receiver, now_ns));
	struct pollfd fds[4 + CONTROL_FDS] = {
		{service->notify_fd, POLLIN, 0},
		{service->signal_fd, POLLIN, 0},
		{settings_file_fd(service->file), POLLIN, 0},
		{(int)receiver_waitable(&service->receiver), POLLIN, 0},
	};
	size_t control_fds =
		service->control ? control_poll_fds(service->control, fds + 4, CONTROL_FDS) : 0;

	if (service->control)
		next = earliest(next, control_deadline(service->control));
	if (poll(fds, 4 + control_fds, timeout_ms(next, now_ns)) < 0 && errno != EINTR)
		return;
	now_ns = clock_monotonic_ns();
	if (fds[0].revents) {
		drain_notifications(service);
		engine_messages(service->engine, now_ns);
	}
	if (fds[3].revents)
		read_frames(service, now_ns);
	if (fds[1].revents)
		read_signals(service, now_ns);
	if (fds[2].revents && settings_file_changed(service->file))
		service->reload_at = now_ns + RELOAD_DELAY_NS;
	if (service->control)
		control_serve(service->control, now_ns);
	if (now_ns >= service->reload_at)
		reload_settings(service);
	tell_ready(service);
}

/* Beginning and end */

static int open_signals(struct service *service, struct error *error)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
		return error_set(error, ERR_FAILED, "cannot block signals");
	service->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	service->notify_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (service->signal_fd < 0 || service->notify_fd < 0)
		return error_set_errno(error, ERR_FAILED, errno, "cannot open signals");
	return 0;
}

static int begin_engine(struct service *service, struct error *error)
{
	struct engine_options options = {
		.host = &host_ops,
		.connect = connect_uri(service),
		.recorder = service->recorder,
		.notify = notify,
		.notify_context = service,
	};

	if (getrandom(&options.key, sizeof(options.key), 0) != (ssize_t)sizeof(options.key))
		return error_set_errno(error, ERR_FAILED, errno, "no random numbers");
	if (engine_new(&service->engine, &options, error) < 0)
		return -error->code;
	engine_set_policy(service->engine, &service->settings.wake);
	return 0;
}

/* Without control socket the service works; only `hypervive debug` does not. */
static void begin_control(struct service *service)
{
	struct error error = {0};

	if (control_open(
		    &service->control, service->paths.control, answer_request, service, &error) < 0)
		emit_module(service, "control", error.text);
}

static int begin_records(struct service *service, struct error *error)
{
	service->recorder = recorder_new();
	if (!service->recorder)
		return error_set(error, ERR_FAILED, "no memory for the recorder");
	if (settings_file_open(&service->file, config_path(service->options),
		    !service->options->config, error) < 0)
		return -error->code;
	settings_defaults(&service->settings);
	/* Read twice: the first time tells where events go, the second tells its trouble there. */
	if (settings_file_load(service->file, &service->settings, NULL, NULL, error) < 0)
		return -error->code;
	apply_options(service);
	if (set_console(service, error) < 0 || set_journal(service, error) < 0)
		return -error->code;
	if (set_log_file(service, error) < 0) {
		/* A file named on the command line must be right; else the other sinks go on. */
		if (service->options->log_file)
			return -error->code;
		emit_module(service, "log file", error->text);
	}
	load_settings(service);
	return 0;
}

static int begin(struct service *service, struct error *error)
{
	const struct capture_options capture = {
		service->options->interfaces, service->options->interface_count};

	if (open_signals(service, error) < 0 || service_paths_find(&service->paths, error) < 0 ||
		begin_records(service, error) < 0)
		return -error->code;
	begin_debug(service);
	if (receiver_open(&service->receiver, service->recorder, &capture, error) < 0) {
		emit_simple(service, error->host_code == EPERM ? 1003 : 1031, error->text);
		return -error->code;
	}
	if (begin_engine(service, error) < 0) {
		emit_simple(service, 1000, error->text);
		return -error->code;
	}
	begin_control(service);
	return 0;
}

/* False: a thread hangs in the host's library. */
static bool end(struct service *service, int result)
{
	bool clean;

	sd_notify(0, "STOPPING=1");
	control_close(service->control);
	receiver_close(&service->receiver);
	clean = engine_free(service->engine);
	if (result == 0)
		emit_simple(service, 1101, service->stop_reason);
	if (clean)
		recorder_free(service->recorder);
	else if (service->recorder)
		recorder_flush(service->recorder, 2000);
	settings_file_close(service->file);
	if (service->signal_fd >= 0)
		close(service->signal_fd);
	if (service->notify_fd >= 0 && clean)
		close(service->notify_fd);
	return clean;
}

int service_run(const struct service_options *options, struct error *error)
{
	struct service *service = calloc(1, sizeof(*service));
	int result;

	memory_begin();
	if (!service)
		return error_set(error, ERR_FAILED, "no memory for the service");
	service->options = options;
	service->notify_fd = service->signal_fd = -1;
	service->reload_at = UINT64_MAX;
	result = begin(service, error);
	while (result == 0 && !service->stopping)
		turn_once(service);
	if (!end(service, result))
		_exit(result == 0 ? 0 : 1);
	free(service);
	return result;
}
