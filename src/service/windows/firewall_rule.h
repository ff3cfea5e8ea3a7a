/* SPDX-License-Identifier: MIT */
/* firewall_rule.h - the rule that lets magic packets through the Windows firewall */
#ifndef HYPERVIVE_SERVICE_WINDOWS_FIREWALL_RULE_H
#define HYPERVIVE_SERVICE_WINDOWS_FIREWALL_RULE_H

#include "base/error.h"

/*
 * Puts the rule of names.h in place for this program, in every profile; one of that name that is
 * there already is replaced.
 */
int firewall_rule_add(const char *program, struct error *error);

/* 1: it was removed. 0: there was none. */
int firewall_rule_remove(struct error *error);

#endif
