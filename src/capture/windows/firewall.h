/* SPDX-License-Identifier: MIT */
/* firewall.h - asks the Windows firewall what firewall_rules.h judges */
#ifndef HYPERVIVE_CAPTURE_WINDOWS_FIREWALL_H
#define HYPERVIVE_CAPTURE_WINDOWS_FIREWALL_H

#include <stdatomic.h>

#include "capture/windows/firewall_rules.h"

/*
 * May take a second with thousands of rules, so it belongs on a thread of its own; *stop ends it
 * early. verdict->known stays false where the firewall cannot be asked.
 */
void firewall_read(struct firewall_verdict *verdict, const atomic_bool *stop);

#endif
