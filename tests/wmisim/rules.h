/* SPDX-License-Identifier: MIT */
#ifndef WMISIM_RULES_H
#define WMISIM_RULES_H

#include "jobs.h"

/* The rule for this machine's start; counts down `times`. */
struct rule rule_take(const char *machine);
void rules_reset(void);
void starts_count(const char *machine);

#endif
