/* SPDX-License-Identifier: MIT */
/*
 * The watch over a host that can do anything: hang, refuse, lie low, die.
 *
 * Each scenario has a world of its own, found by its URI, and a log of what the watch told. What
 * takes long by design (patience, back-off, intervals) is begun first and looked at last.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "service/watch.h"
#include "tap.h"

enum { MACHINES = 8, WORLDS = 24 };

struct fake_machine {
	bool there;
	unsigned adapters;
	unsigned reads;
	bool unreadable;
};

struct world {
	char uri[16];
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct fake_machine machines[MACHINES];
	unsigned connects_to_fail, lists_to_fail, connects, opened, closed, lists;
	bool hang_connect, hang_list, hang_read; /* hold calls until they are false again */
	bool in_list, in_read;                   /* a call is held */
	bool refuse;
	struct host_listener listener;
	struct buffer log;
	struct watch *watch;
};

struct host {
	struct world *world;
};

static struct world worlds[WORLDS];
static atomic_size_t world_count; /* the fake host looks from its own threads */

static void pass_ms(unsigned ms)
{
	struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};

	nanosleep(&time, NULL);
}

static double seconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* ---- the fake host ---- */

static struct uuid id_of(unsigned number)
{
	return (struct uuid){.bytes = {(uint8_t)(number >> 8), (uint8_t)number}};
}

static void fill(const struct world *world, unsigned number, struct machine *machine)
{
	*machine = (struct machine){.id = id_of(number)};
	snprintf(machine->name, sizeof(machine->name), "m%u", number);
	for (unsigned i = 0; i < world->machines[number].adapters; i++)
		machine_add_adapter(machine)->mac.bytes[5] = (uint8_t)(i + 1);
}

/* The world's mutex is held in what follows. */
static void hold(struct world *world, const bool *hang, bool *held)
{
	while (*hang) {
		*held = true;
		pthread_cond_broadcast(&world->changed);
		pthread_cond_wait(&world->changed, &world->mutex);
	}
	*held = false;
}

static struct world *find_world(const char *uri)
{
	for (size_t i = 0; i < world_count; i++) {
		if (strcmp(worlds[i].uri, uri ? uri : "default") == 0)
			return &worlds[i];
	}
	return NULL;
}

static int fake_connect(
	const char *uri, enum host_access access, struct host **host, struct error *error)
{
	struct world *world = find_world(uri);
	bool ignored, fail;

	*host = NULL;
	if (access != HOST_READ_WRITE || !world)
		return error_set(error, ERR_UNREACHABLE, "no such world");
	pthread_mutex_lock(&world->mutex);
	world->connects++;
	hold(world, &world->hang_connect, &ignored);
	fail = world->connects_to_fail > 0;
	if (fail)
		world->connects_to_fail--;
	else
		world->opened++;
	pthread_mutex_unlock(&world->mutex);
	if (fail)
		return error_set(error, ERR_UNREACHABLE, "nobody is at home");
	*host = malloc(sizeof(**host));
	(*host)->world = world;
	return 0;
}

static void fake_close(struct host *host)
{
	struct world *world = host->world;

	pthread_mutex_lock(&world->mutex);
	world->closed++;
	pthread_cond_broadcast(&world->changed);
	pthread_mutex_unlock(&world->mutex);
	free(host);
}

static const char *fake_uri(const struct host *host)
{
	return host->world->uri;
}

static int fake_subscribe(
	struct host *host, const struct host_listener *listener, struct error *error)
{
	struct world *world = host->world;

	pthread_mutex_lock(&world->mutex);
	world->listener = *listener;
	bool refuse = world->refuse;
	pthread_mutex_unlock(&world->mutex);
	return refuse ? error_set(error, ERR_FAILED, "no news here") : 0;
}

static int fake_list(struct host *host, unsigned flags, host_machine_fn *each, void *context,
	struct error *error)
{
	struct world *world = host->world;
	bool more = flags == 0;

	pthread_mutex_lock(&world->mutex);
	world->lists++;
	for (unsigned i = 0; i < MACHINES && more; i++) {
		struct machine machine;

		if (!world->machines[i].there)
			continue;
		fill(world, i, &machine);
		pthread_mutex_unlock(&world->mutex);
		more = each(context, &machine);
		machine_clear(&machine);
		pthread_mutex_lock(&world->mutex);
		hold(world, &world->hang_list, &world->in_list);
	}
	bool fail = world->lists_to_fail > 0;
	if (fail)
		world->lists_to_fail--;
	pthread_mutex_unlock(&world->mutex);
	return fail ? error_set(error, ERR_FAILED, "the list is torn") : 0;
}

static int fake_read(struct host *host, const struct uuid *id, unsigned flags,
	struct machine *machine, struct error *error)
{
	struct world *world = host->world;
	unsigned number = id->bytes[0] * 256u + id->bytes[1];
	int result = flags == 0 ? 0 : -ERR_FAILED;

	pthread_mutex_lock(&world->mutex);
	hold(world, &world->hang_read, &world->in_read);
	if (number >= MACHINES || !world->machines[number].there)
		result = error_set(error, ERR_NOT_FOUND, "no such machine");
	else if (world->machines[number].unreadable)
		result = error_set(error, ERR_FAILED, "busy");
	if (number < MACHINES)
		world->machines[number].reads++;
	if (result == 0)
		fill(world, number, machine);
	pthread_mutex_unlock(&world->mutex);
	return result;
}

static const struct host_ops FAKE = {
	.connect = fake_connect,
	.close = fake_close,
	.uri = fake_uri,
	.subscribe = fake_subscribe,
	.list = fake_list,
	.read = fake_read,
};

/* ---- what the watch tells ---- */

static void note(struct world *world, const char *what, const char *which)
{
	pthread_mutex_lock(&world->mutex);
	buffer_printf(&world->log, "%s%s%s; ", what, *which ? " " : "", which);
	pthread_cond_broadcast(&world->changed);
	pthread_mutex_unlock(&world->mutex);
}

static void on_begin(void *context)
{
	note(context, "begin", "");
}

static void on_machine(void *context, const struct machine *machine)
{
	char text[32];

	snprintf(text, sizeof(text), "%.16s/%zu", machine->name, machine->adapter_count);
	note(context, "machine", text);
}

static void on_gone(void *context, const struct uuid *id)
{
	char text[32];

	snprintf(text, sizeof(text), "m%u", id->bytes[0] * 256u + id->bytes[1]);
	note(context, "gone", text);
}

static void on_complete(void *context, const char *uri)
{
	note(context, "complete", uri);
}

static void on_lost(void *context, const char *reason)
{
	note(context, "lost", reason);
}

static void on_polling(void *context, const char *reason)
{
	note(context, "polling", reason);
}

static void on_job(void *context, const struct host_job *job)
{
	char text[80];

	snprintf(text, sizeof(text), "%s/%u", job->id, job->type);
	note(context, "job", text);
}

/* ---- the scenarios' tools ---- */

static struct world *new_world(const char *uri, unsigned machines)
{
	struct world *world = &worlds[world_count];

	snprintf(world->uri, sizeof(world->uri), "%s", uri);
	pthread_mutex_init(&world->mutex, NULL);
	pthread_cond_init(&world->changed, NULL);
	for (unsigned i = 0; i < machines; i++)
		world->machines[i] = (struct fake_machine){.there = true, .adapters = 1};
	world_count++;
	return world;
}

static void begin_watch(struct world *world)
{
	struct watch_listener listener = {
		world, on_begin, on_machine, on_gone, on_complete, on_lost, on_polling, on_job};
	struct error error = {0};
	bool local = strcmp(world->uri, "default") == 0;

	world->watch = watch_new(&FAKE, local ? NULL : world->uri, &listener, &error);
}

static struct world *watched_world(const char *uri, unsigned machines)
{
	struct world *world = new_world(uri, machines);

	begin_watch(world);
	return world;
}

static char *copy_log(struct world *world)
{
	pthread_mutex_lock(&world->mutex);
	char *copy = strdup(world->log.data ? world->log.data : "");
	pthread_mutex_unlock(&world->mutex);
	return copy;
}

static unsigned count_in_log(struct world *world, const char *words)
{
	char *log = copy_log(world);
	unsigned count = 0;

	for (const char *at = log; (at = strstr(at, words)); at++)
		count++;
	free(log);
	return count;
}

/* Waits until the words were told so many times; false after the time. */
static bool told(struct world *world, const char *words, unsigned times, unsigned ms)
{
	double end = seconds() + ms / 1000.0;

	while (count_in_log(world, words) < times) {
		if (seconds() > end) {
			char *log = copy_log(world);
			printf("#  %s: waited for '%s' in: %s\n", world->uri, words, log);
			free(log);
			return false;
		}
		pass_ms(5);
	}
	return true;
}

static void set(struct world *world, bool *flag, bool value)
{
	pthread_mutex_lock(&world->mutex);
	*flag = value;
	pthread_cond_broadcast(&world->changed);
	pthread_mutex_unlock(&world->mutex);
}

static bool is_held(struct world *world, const bool *held)
{
	for (int i = 0; i < 1000; i++) {
		pthread_mutex_lock(&world->mutex);
		bool now = *held;
		pthread_mutex_unlock(&world->mutex);
		if (now)
			return true;
		pass_ms(5);
	}
	return false;
}

static unsigned get(struct world *world, const unsigned *number)
{
	pthread_mutex_lock(&world->mutex);
	unsigned value = *number;
	pthread_mutex_unlock(&world->mutex);
	return value;
}

static void put(struct world *world, unsigned number, bool there, unsigned adapters)
{
	pthread_mutex_lock(&world->mutex);
	world->machines[number].there = there;
	world->machines[number].adapters = adapters;
	pthread_mutex_unlock(&world->mutex);
}

static void say_changed(struct world *world, unsigned number)
{
	struct uuid id = id_of(number);

	world->listener.machine_changed(world->listener.context, &id);
}

static void say_lost(struct world *world, const char *reason)
{
	world->listener.lost(world->listener.context, reason);
}

/* Ends the watch; all that was opened must be closed, and nobody tells anything any more. */
static void end_watch(struct world *world)
{
	ok(watch_free(world->watch, 5000), "%s: the watch ends", world->uri);
	is_number(world->closed, world->opened, "%s: what was opened is closed", world->uri);
}

/* ---- the scenarios ---- */

static void test_inventory_and_changes(void)
{
	struct world *world = watched_world("default", 2);

	ok(told(world, "complete", 1, 3000), "the inventory is told");
	char *log = copy_log(world);
	is_text(log, "begin; machine m0/1; machine m1/1; complete default; ", "in its order");
	free(log);

	double start = seconds();
	put(world, 2, true, 1);
	say_changed(world, 2);
	ok(told(world, "machine m2/1", 1, 3000) && seconds() - start < 1, "a new machine, at once");
	put(world, 0, true, 2);
	say_changed(world, 0);
	ok(told(world, "machine m0/2", 1, 3000), "a changed machine");
	put(world, 1, false, 0);
	say_changed(world, 1);
	ok(told(world, "gone m1", 1, 3000), "one that is gone");
	const struct host_job job = {"4711", 70};
	world->listener.job(world->listener.context, &job);
	is_number(count_in_log(world, "job 4711/70"), 1, "a job of the host is handed on");
	say_changed(world, 0);
	say_changed(world, 1);
	say_changed(world, 7);
	put(world, 3, true, 1);
	say_changed(world, 3);
	ok(told(world, "machine m3/1", 1, 3000), "changes are read in their order");
	is_number(count_in_log(world, "machine m0/2"), 1, "what is as before is not told again");
	is_number(count_in_log(world, "gone"), 1, "nor what was gone, or never there");
	is_number(count_in_log(world, "lost"), 0, "nothing was lost");

	struct host *host = watch_acquire(world->watch);
	ok(host && host->world == world, "a worker gets the connection");
	watch_release(world->watch, host);
	watch_release(world->watch, NULL);
	end_watch(world);
	pass_ms(20);
	ok(watch_free(NULL, 0), "no watch is no trouble");
}

static void test_changes_while_listing(void)
{
	struct world *world = new_world("listing", 2);

	world->hang_list = true;
	begin_watch(world);
	ok(is_held(world, &world->in_list), "while the listing runs");
	put(world, 0, true, 3);
	put(world, 4, true, 1);
	say_changed(world, 0); /* was listed already, as it was before */
	say_changed(world, 4);
	pass_ms(100);
	char *log = copy_log(world);
	is_text(log, "begin; machine m0/1; ", "changes wait");
	free(log);
	struct host *host = watch_acquire(world->watch);
	ok(host != NULL, "workers need not");
	watch_release(world->watch, host);
	set(world, &world->hang_list, false);
	ok(told(world, "machine m0/3", 1, 3000), "and are told");
	log = copy_log(world);
	const char *complete = strstr(log, "complete"), *change = strstr(log, "m0/3");
	ok(complete && change && complete < change, "after it is complete");
	free(log);
	end_watch(world);
}

static void test_many_changes(void)
{
	struct world *world = watched_world("many", 3);

	ok(told(world, "complete", 1, 3000), "a machine that changes often");
	set(world, &world->hang_read, true);
	say_changed(world, 0);
	ok(is_held(world, &world->in_read), "while another is read");
	for (int i = 0; i < 100; i++)
		say_changed(world, 1);
	unsigned before = get(world, &world->machines[1].reads);
	put(world, 1, true, 2);
	set(world, &world->hang_read, false);
	ok(told(world, "machine m1/2", 1, 3000), "is read");
	pass_ms(100);
	is_number(get(world, &world->machines[1].reads), before + 1, "once");

	set(world, &world->hang_read, true);
	say_changed(world, 0);
	ok(is_held(world, &world->in_read), "more machines change than are remembered");
	for (unsigned i = 0; i < 5000; i++)
		say_changed(world, 100 + i);
	put(world, 5, true, 1);
	say_changed(world, 5);
	set(world, &world->hang_read, false);
	ok(told(world, "begin", 2, 3000) && told(world, "complete", 2, 3000),
		"all are listed anew");
	is_number(count_in_log(world, "machine m5/1"), 1, "and none is missed");
	end_watch(world);
}

static void test_lease(void)
{
	struct world *world = watched_world("lease", 1);

	told(world, "complete", 1, 3000);
	struct host *host = watch_acquire(world->watch);
	say_lost(world, "it broke");
	ok(!watch_acquire(world->watch), "a lost connection is not given out");
	ok(told(world, "lost it broke", 1, 3000), "the loss is told");
	say_lost(world, "it broke again");
	ok(told(world, "complete", 2, 5000), "a new connection is made");
	is_number(get(world, &world->closed), 0, "the old one stays while a worker has it");
	ok(host && host->world == world, "and can be used");
	watch_release(world->watch, host);
	pthread_mutex_lock(&world->mutex);
	while (world->closed == 0)
		pthread_cond_wait(&world->changed, &world->mutex);
	pthread_mutex_unlock(&world->mutex);
	is_number(count_in_log(world, "lost"), 1, "one outage, one word");
	end_watch(world);
}

static void test_reconnect(void)
{
	struct world *here = new_world("here", 1), *there = watched_world("there", 1);
	double start = seconds();

	/* The log stays with the world that the watch began in. */
	told(there, "complete there", 1, 3000);
	watch_reconnect(there->watch, here->uri);
	ok(told(there, "complete here", 1, 3000) && seconds() - start < 1, "another host, at once");
	set(here, &here->hang_connect, true);
	watch_reconnect(there->watch, here->uri);
	pass_ms(50);
	watch_reconnect(there->watch, there->uri);
	ok(told(there, "complete there", 2, 3000), "a connection that hangs is not waited for");
	is_number(count_in_log(there, "lost"), 0, "none of this is an outage");
	watch_reconnect(there->watch, "nowhere");
	ok(told(there, "lost no such world", 1, 3000), "a host that is not there is");
	watch_reconnect(there->watch, "elsewhere");
	ok(told(there, "lost no such world", 2, 3000), "another one anew");
	watch_reconnect(there->watch, "elsewhere");
	watch_reconnect(there->watch, there->uri);
	ok(told(there, "complete there", 3, 3000), "and back");
	is_number(count_in_log(there, "lost"), 2, "without another word");
	set(here, &here->hang_connect, false);
	end_watch(there);
	is_number(here->closed, here->opened, "what came too late is closed too");
}

static void test_hanging_end(void)
{
	struct world *world = new_world("hanging", 1);

	world->hang_list = true;
	begin_watch(world);
	ok(is_held(world, &world->in_list), "a listing that hangs");
	double start = seconds();
	ok(!watch_free(world->watch, 200), "is left behind");
	ok(seconds() - start > 0.15 && seconds() - start < 3, "after the time that was given");
	set(world, &world->hang_list, false);
	end_watch(world);
	is_number(count_in_log(world, "complete"), 0, "nothing is told after the end");
}

/* What takes long: begun together. */
static struct {
	struct world *away, *torn, *dumb, *silent, *unreadable, *hanging;
	double start;
} slow;

static void begin_slow(void)
{
	slow.away = new_world("away", 1);
	slow.away->connects_to_fail = 2;
	slow.torn = new_world("torn", 1);
	slow.torn->lists_to_fail = 1;
	slow.dumb = new_world("dumb", 1);
	slow.dumb->refuse = true;
	slow.silent = new_world("silent", 3);
	slow.unreadable = new_world("unreadable", 1);
	slow.unreadable->machines[1] = (struct fake_machine){.unreadable = true};
	slow.hanging = new_world("no-answer", 1);
	slow.hanging->hang_connect = true;
	slow.start = seconds();
	begin_watch(slow.away);
	begin_watch(slow.torn);
	begin_watch(slow.dumb);
	begin_watch(slow.silent);
	begin_watch(slow.unreadable);
	begin_watch(slow.hanging);
	told(slow.silent, "complete", 1, 3000);
	put(slow.silent, 1, true, 4);
	put(slow.silent, 2, false, 0);
	told(slow.unreadable, "complete", 1, 3000);
	put(slow.unreadable, 1, true, 1);
	say_changed(slow.unreadable, 1);
	told(slow.dumb, "complete", 1, 3000);
	put(slow.dumb, 0, false, 0);
	put(slow.dumb, 1, true, 1);
}

static void test_away(void)
{
	struct world *world = slow.away;

	ok(told(world, "complete", 1, 8000), "a host that is away first");
	is_number(get(world, &world->connects), 3, "is tried until it is there");
	char *log = copy_log(world);
	is_text(log, "lost nobody is at home; begin; machine m0/1; complete away; ",
		"and told once");
	free(log);
	say_lost(world, "it went away");
	ok(told(world, "complete", 2, 5000), "and again");
	is_number(count_in_log(world, "lost it went away"), 1, "as the next outage");
	end_watch(world);
}

static void test_torn(void)
{
	ok(told(slow.torn, "complete", 1, 8000), "a listing that fails is begun anew");
	is_number(count_in_log(slow.torn, "lost the list is torn"), 1, "and is an outage");
	is_number(count_in_log(slow.torn, "begin"), 2, "with a new connection");
	is_number(get(slow.torn, &slow.torn->opened), 2, "of its own");
	end_watch(slow.torn);
}

static void test_dumb(void)
{
	struct world *world = slow.dumb;

	ok(told(world, "complete", 2, 12000), "a host without notifications is listed again");
	char *log = copy_log(world);
	is_text(log,
		"polling no news here; begin; machine m0/1; complete dumb; "
		"begin; machine m1/1; complete dumb; ",
		"and what is new shows");
	free(log);
	say_lost(world, "it broke");
	ok(told(world, "polling", 2, 5000), "polling is told once a connection");
	end_watch(world);
}

static void test_silent(void)
{
	struct world *world = slow.silent;

	ok(told(world, "machine m1/4", 1, 15000), "a change that nobody tells is found");
	ok(told(world, "gone m2", 1, 15000), "and a machine that went silently");
	is_number(count_in_log(world, "machine m0/1"), 1, "what is as before is not told again");
	is_number(count_in_log(world, "begin"), 1, "nor listed again");
	end_watch(world);
}

static void test_unreadable(void)
{
	ok(told(slow.unreadable, "machine m1/1", 1, 12000),
		"a machine that could not be read is listed later");
	is_number(count_in_log(slow.unreadable, "lost"), 0, "which is no outage");
	end_watch(slow.unreadable);
}

static void test_no_answer(void)
{
	struct world *world = slow.hanging;

	ok(told(world, "lost 'no-answer' does not answer", 1, 20000), "no answer is an outage");
	ok(seconds() - slow.start >= 9.5, "after ten seconds");
	ok(!watch_acquire(world->watch), "there is no connection");
	set(world, &world->hang_connect, false);
	ok(told(world, "complete", 1, 3000), "when it answers after all, it counts");
	is_number(count_in_log(world, "lost"), 1, "told once");
	is_number(get(world, &world->connects), 1, "tried once");
	end_watch(world);
}

int main(void)
{
	begin_slow();
	test_inventory_and_changes();
	test_changes_while_listing();
	test_many_changes();
	test_lease();
	test_reconnect();
	test_hanging_end();
	test_away();
	test_torn();
	test_dumb();
	test_silent();
	test_unreadable();
	test_no_answer();
	for (size_t i = 0; i < world_count; i++)
		buffer_free(&worlds[i].log);
	return tap_done();
}
