/* SPDX-License-Identifier: MIT */
/*
 * scenario.h - the command language of README.md
 *
 * One command a line; scenario.c cuts it into words and finds the command, the commands_*.c files
 * do them.
 */
#ifndef WMISIM_SCENARIO_H
#define WMISIM_SCENARIO_H

#include "jobs.h"

enum { MOST_WORDS = 256 };

struct word {
	const char *key; /* NULL for a bare word */
	const char *value;
	bool quoted;
};

struct command {
	unsigned count;
	struct word words[MOST_WORDS];
	struct buffer *answer; /* what follows ok, or the reason of a failure */
};

typedef bool command_fn(struct command *command);

struct command_row {
	const char *name;
	const char *arguments; /* for a message: what must follow; its number of words is checked */
	const char *options;   /* names with blanks around them; "*": any */
	command_fn *run;
};

extern const struct command_row inventory_commands[], behaviour_commands[], asking_commands[];

/* With the lock held. True: ok. The answer has no line end. */
bool scenario_run(const char *line, struct buffer *answer);
/* Runs all lines of a text; false at the first that fails, with `name:line: reason`. */
bool scenario_load(const char *name, const char *text, struct buffer *answer);

/* For the commands: the bare word `index` (0 is the command), or NULL. */
const char *command_bare(const struct command *command, unsigned index);
const char *command_option(const struct command *command, const char *key);
/* Fills the answer and returns false. */
__attribute__((format(gnu_printf, 2, 3))) bool command_fail(
	struct command *command, const char *format, ...);
bool command_guid(struct command *command, const char *text, char guid[GUID_SIZE]);
/* Absent: the value stays. */
bool command_number(struct command *command, const char *key, int64_t *number);
bool command_yes_no(struct command *command, const char *key, int *yes);
bool command_status(struct command *command, const char *key, sim_status *status);
/* delay=, fail=, text= ... of a job. */
bool command_job_options(struct command *command, struct job_options *options);
#define JOB_OPTIONS " delay fail text summary errors warnings end never vanish remove times "

/* A property's value as the class wants it; texts go into `texts` (reserve enough first). */
bool command_values(struct command *command, struct values *values, struct buffer *texts);
/* After the image is made, also when command_values() failed. */
void command_values_free(struct values *values);
/* The entity that WHAT KEY, or PATH, names; *used: how many words that took. */
struct entity *command_entity(struct command *command, unsigned *used);

#endif
