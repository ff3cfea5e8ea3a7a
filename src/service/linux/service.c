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
#include "service/linux/control_server.h"
#include "service/linux/memory.h"
#include "service/linux/settings_file.h"
#include "service/service_core.h"
#include "service/settings_load.h"

enum { CONTROL_FDS = 16 };

#define RELOAD_DELAY_NS (200 * NS_PER_MS) /* editors write several times */

struct service {
	struct service_core core;
	struct settings_file *file;
	struct control *control;
	int notify_fd, signal_fd;
	bool stopping;
	const char *stop_reason;
	uint64_t reload_at; /* UINT64_MAX: no reload is due */
};

/* Settings */

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

static void load_settings(struct service *service)
{
	struct service_core *core = &service->core;
	struct error error = {0};

	if (settings_file_load(service->file, &core->settings, service_core_trouble, core, &error) <
		0)
		service_core_trouble(core, 0, "", error.text);
	service_core_apply_options(core);
}

static void reload_settings(struct service *service)
{
	struct settings *before = malloc(sizeof(*before));

	service->reload_at = UINT64_MAX;
	if (!before)
		return;
	*before = service->core.settings;
	load_settings(service);
	service_core_settings_changed(&service->core, before);
	free(before);
}

/* Debug mode */

static void begin_debug(struct service_core *core)
{
	struct error error = {0};
	bool on = false;

	if (debug_state_load(core->paths.state, &on, &error) < 0)
		service_core_emit_key(core, 1011, core->paths.state, error.text);
	if (on || core->options->debug)
		service_core_set_debug(core, true, NULL);
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
			recorder_reopen(service->core.recorder);
		} else {
			service->stopping = true;
			service->stop_reason = info.ssi_signo == SIGINT ? "interrupted" : NULL;
		}
	}
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
	struct service_core *core = &service->core;
	uint64_t now_ns = clock_monotonic_ns();
	/* Before the receiver's descriptor is asked for: it may open anew. */
	uint64_t next = service_core_earliest(service_core_tick(core, now_ns), service->reload_at);
	struct pollfd fds[4 + CONTROL_FDS] = {
		{service->notify_fd, POLLIN, 0},
		{service->signal_fd, POLLIN, 0},
		{settings_file_fd(service->file), POLLIN, 0},
		{(int)receiver_waitable(&core->receiver), POLLIN, 0},
	};
	size_t control_fds =
		service->control ? control_poll_fds(service->control, fds + 4, CONTROL_FDS) : 0;

	if (service->control)
		next = service_core_earliest(next, control_deadline(service->control));
	if (poll(fds, 4 + control_fds, timeout_ms(next, now_ns)) < 0 && errno != EINTR)
		return;
	now_ns = clock_monotonic_ns();
	if (fds[0].revents) {
		drain_notifications(service);
		engine_messages(core->engine, now_ns);
	}
	if (fds[3].revents)
		service_core_read_frames(core, now_ns);
	if (fds[1].revents)
		read_signals(service, now_ns);
	if (fds[2].revents && settings_file_changed(service->file))
		service->reload_at = now_ns + RELOAD_DELAY_NS;
	if (service->control)
		control_serve(service->control, now_ns);
	if (now_ns >= service->reload_at)
		reload_settings(service);
	if (service_core_tell_ready(core)) {
		sd_notify(0, "READY=1");
		memory_trim();
	}
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

static bool lacks_a_right(const struct error *error)
{
	return error->host_code == EPERM;
}

static int begin_engine(struct service *service, struct error *error)
{
	struct siphash_key key;

	if (getrandom(&key, sizeof(key), 0) != (ssize_t)sizeof(key))
		error_set_errno(error, ERR_FAILED, errno, "no random numbers");
	else
		service_core_open_engine(&service->core, &key, notify, service, error);
	if (service->core.engine)
		return 0;
	service_core_emit(&service->core, 1000, error->text);
	return -error->code;
}

/* Without control socket the service works; only `hypervive debug` does not. */
static void begin_control(struct service *service)
{
	struct service_core *core = &service->core;
	struct error error = {0};

	if (control_open(
		    &service->control, core->paths.control, service_core_answer, core, &error) < 0)
		service_core_emit_module(core, "control", error.text);
}

static int begin_settings(struct service *service, struct error *error)
{
	struct service_core *core = &service->core;
	const char *config = core->options->config;

	core->settings_place = config ? config : SETTINGS_DEFAULT_PATH;
	if (settings_file_open(&service->file, core->settings_place, !config, error) < 0)
		return -error->code;
	/* Read twice: the first time tells where events go, the second tells its trouble there. */
	if (settings_file_load(service->file, &core->settings, NULL, NULL, error) < 0)
		return -error->code;
	service_core_apply_options(core);
	bool console = !(core->settings.journal && stdout_is_journal());
	if (service_core_set_sinks(core, console, error) < 0)
		return -error->code;
	load_settings(service);
	return 0;
}

static int begin(
	struct service *service, const struct service_options *options, struct error *error)
{
	/* Signals first: the threads of the sinks have them blocked then. */
	if (open_signals(service, error) < 0 ||
		service_core_begin(&service->core, options, error) < 0 ||
		begin_settings(service, error) < 0)
		return -error->code;
	begin_debug(&service->core);
	if (service_core_open_receiver(&service->core, lacks_a_right, error) < 0 ||
		begin_engine(service, error) < 0)
		return -error->code;
	begin_control(service);
	return 0;
}

/* False: a thread hangs in the host's library. */
static bool end(struct service *service, int result)
{
	sd_notify(0, "STOPPING=1");
	control_close(service->control);
	bool clean = service_core_end(&service->core, result == 0, service->stop_reason);

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
	service->notify_fd = service->signal_fd = -1;
	service->reload_at = UINT64_MAX;
	result = begin(service, options, error);
	while (result == 0 && !service->stopping)
		turn_once(service);
	if (!end(service, result))
		_exit(result == 0 ? 0 : 1);
	free(service);
	return result;
}
