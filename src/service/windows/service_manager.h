/* SPDX-License-Identifier: MIT */
/*
 * service_manager.h - who starts and stops the service: Windows' service manager, or a console
 *
 * The service's body runs the same under both. It asks here whether it is to stop, and tells here
 * how far it is.
 */
#ifndef HYPERVIVE_SERVICE_WINDOWS_SERVICE_MANAGER_H
#define HYPERVIVE_SERVICE_WINDOWS_SERVICE_MANAGER_H

#include <stdbool.h>
#include <windef.h>

#include "base/error.h"

/* Returns 0 after an orderly stop, or a negative error. */
typedef int service_body_fn(void *context, struct error *error);

/*
 * Runs the body under the service manager when that started this process, else in the
 * foreground. One at a time.
 */
int service_manager_run(service_body_fn *body, void *context, struct error *error);

/* Whether the service manager started us: there is no console then. */
bool service_manager_started_us(void);

/* Signalled, and stays so, when the body is to end; reason: for 1101, NULL for a plain stop. */
HANDLE service_manager_stop_event(void);
const char *service_manager_stop_reason(void);

/* Resets itself; signalled when the settings are to be read anew (PARAMCHANGE). */
HANDLE service_manager_reload_event(void);

/*
 * How far it is: starting (call it again after each step that takes time), running, stopping.
 * In the foreground these do nothing.
 */
void service_manager_tell_starting(void);
void service_manager_tell_running(void);
void service_manager_tell_stopping(void);

/*
 * Ends the process at once, where a thread hangs that cannot be ended. result as of the body.
 */
_Noreturn void service_manager_exit(int result, const struct error *error);

#endif
