/* SPDX-License-Identifier: MIT */
/*
 * service_settings.c - the running service's settings: where they come from, and when they count
 *
 * They are the values of the service's key in the registry, or the file of --config. The
 * registry tells of every change in the key, DebugMode's too: settings count anew when their
 * values are not what they were.
 */
#include <stdlib.h>

#include "service/windows/service_manager.h"
#include "service/windows/service_state.h"

static int read_settings(struct service *service, settings_trouble_fn *trouble, struct error *error)
{
	struct service_core *core = &service->core;
	int failed;

	if (service->file)
		failed = settings_file_load(service->file, &core->settings, trouble, core, error);
	else
		failed = registry_values_read(
			&service->values, &core->settings, trouble, core, error);
	service_core_apply_options(core);
	return failed;
}

/* Takes the registry's values of now; false when they are what they were. */
static bool take_values(struct service *service, struct error *error)
{
	struct registry_values now;

	if (registry_read_settings(service->core.paths.state, &now, error) < 0)
		return false;
	if (registry_values_equal(&now, &service->values)) {
		registry_values_free(&now);
		return false;
	}
	registry_values_free(&service->values);
	service->values = now;
	return true;
}

/* Reads, and makes what changed count. */
static void count_anew(struct service *service)
{
	struct settings *before = malloc(sizeof(*before));
	struct error error = {0};

	if (!before)
		return;
	*before = service->core.settings;
	if (read_settings(service, service_core_trouble, &error) < 0)
		service_core_trouble(&service->core, 0, "", error.text);
	service_core_settings_changed(&service->core, before);
	free(before);
}

void service_check_settings(struct service *service)
{
	struct error error = {0};

	if (service->file)
		return;
	if (take_values(service, &error))
		count_anew(service);
	else if (error.code)
		service_core_trouble(&service->core, 0, "", error.text);
}

void service_reload_settings(struct service *service)
{
	struct error error = {0};

	if (!service->file && !take_values(service, &error) && error.code) {
		service_core_trouble(&service->core, 0, "", error.text);
		return;
	}
	count_anew(service);
}

int service_begin_settings(struct service *service, struct error *error)
{
	const char *config = service->core.options->config;
	struct error unread = {0};

	service->core.settings_place = config ? config : service->core.paths.state;
	if (config && settings_file_open(&service->file, config, error) < 0)
		return -error->code;
	/* Values that cannot be read must not keep the service from its work. */
	if (!config)
		take_values(service, &unread);
	/* Read twice: the first time tells where events go, the second tells its trouble there. */
	/* A service of Windows has no console. */
	if (read_settings(service, NULL, error) < 0 ||
		service_core_set_sinks(&service->core, !service_manager_started_us(), error) < 0)
		return -error->code;
	if (unread.code)
		service_core_trouble(&service->core, 0, "", unread.text);
	if (read_settings(service, service_core_trouble, &unread) < 0)
		service_core_trouble(&service->core, 0, "", unread.text);
	return 0;
}

void service_end_settings(struct service *service)
{
	settings_file_close(service->file);
	registry_values_free(&service->values);
}
