/* SPDX-License-Identifier: MIT */
/*
 * rules.c - what the scenario says of starts, and how many there were
 */
#include "rules.h"

#include <stdio.h>
#include <string.h>

#include "heap.h"

struct tally {
	char machine[GUID_SIZE];
	unsigned long starts;
};

static struct {
	struct rule *list;
	size_t count;
	struct tally *tallies;
	size_t tally_count, tally_room;
	unsigned long total;
} rules;

struct job_options job_options_default(void)
{
	return (struct job_options){.delay = 60, .end = JOB_COMPLETED, .vanish = -1, .remove = -1};
}

static struct rule *find(const char *machine)
{
	for (size_t i = 0; i < rules.count; i++) {
		if (fold_equal(rules.list[i].machine, machine))
			return &rules.list[i];
	}
	return NULL;
}

void rule_set(const char *machine, const struct rule *rule)
{
	struct rule *old = find(machine);

	if (rule && !old) {
		rules.list = heap_resize(rules.list, (rules.count + 1) * sizeof(*rules.list));
		old = &rules.list[rules.count++];
	}
	if (rule) {
		*old = *rule;
		snprintf(old->machine, sizeof(old->machine), "%s", machine);
	} else if (old) {
		*old = rules.list[--rules.count];
	}
}

struct rule rule_take(const char *machine)
{
	struct rule *found = find(machine), result;

	if (!found)
		found = find("*");
	if (!found)
		return (struct rule){.result = RULE_JOB, .times = -1, .job = job_options_default()};
	result = *found;
	if (found->times > 0 && --found->times == 0)
		rule_set(found->machine, NULL);
	return result;
}

void rules_reset(void)
{
	heap_free(rules.list);
	rules.list = NULL;
	rules.count = 0;
	starts_clear();
}

static struct tally *tally_of(const char *machine)
{
	for (size_t i = 0; i < rules.tally_count; i++) {
		if (strcmp(rules.tallies[i].machine, machine) == 0)
			return &rules.tallies[i];
	}
	return NULL;
}

void starts_count(const char *machine)
{
	struct tally *tally = tally_of(machine);

	if (!tally) {
		if (rules.tally_count == rules.tally_room) {
			rules.tally_room = rules.tally_room ? rules.tally_room * 2 : 16;
			rules.tallies = heap_resize(
				rules.tallies, rules.tally_room * sizeof(*rules.tallies));
		}
		tally = &rules.tallies[rules.tally_count++];
		tally->starts = 0;
		snprintf(tally->machine, sizeof(tally->machine), "%s", machine);
	}
	tally->starts++;
	rules.total++;
}

unsigned long starts_of(const char *machine)
{
	const struct tally *tally = tally_of(machine);

	return tally ? tally->starts : 0;
}

unsigned long starts_total(void)
{
	return rules.total;
}

void starts_write(struct buffer *buffer)
{
	for (size_t i = 0; i < rules.tally_count; i++)
		buffer_printf(buffer, " %s=%lu", rules.tallies[i].machine, rules.tallies[i].starts);
}

void starts_clear(void)
{
	heap_free(rules.tallies);
	rules.tallies = NULL;
	rules.tally_count = rules.tally_room = 0;
	rules.total = 0;
}
