/* SPDX-License-Identifier: MIT */
/*
 * notifications.c - WMI's polling, without polling
 *
 * Theory of operation: for `WITHIN n` WMI lists the instances every n seconds and tells what
 * differs from the last time. What happened between two polls is therefore seen as one change:
 * an instance that was created and changed is "created", one that came and went is not seen.
 * Here every change is noted when it happens, with the time of the next poll of that subscription;
 * a further change of the same instance before that poll is merged into it. So nothing is listed,
 * and still exactly the same is told at the same moments.
 */
#include "notifications.h"

#include <stdio.h>
#include <string.h>

#include "heap.h"
#include "store.h"
#include "system.h"
#include "world.h"

struct change {
	struct change *next;
	uint64_t due;
	struct image *old, *fresh; /* NULL: did not exist, does not exist any more */
};

struct subscription {
	struct subscription *next;
	struct wql query;
	char *text;
	const struct class *events[3]; /* creation, modification, deletion; NULL: not asked for */
	const struct class *targets[16];
	unsigned target_count;
	uint64_t start;
	struct change *first, **last;
	sim_status ended;
};

static struct subscription *subscriptions;

static sim_status refuse(
	struct wql_fault *fault, sim_status status, const char *why, const char *name)
{
	snprintf(fault->text, sizeof(fault->text), "%s: %.80s", why, name);
	return status;
}

/* Every class that ISA names must exist; at least one must be named. */
static sim_status check_targets(const struct wql_node *node, enum name_space space,
	struct subscription *subscription, struct wql_fault *fault)
{
	const struct class *class;
	sim_status status;

	if (!node)
		return SIM_OK;
	if (node->kind != NODE_COMPARE) {
		status = check_targets(node->left, space, subscription, fault);
		return status != SIM_OK ? status
					: check_targets(node->right, space, subscription, fault);
	}
	if (node->op != OP_ISA)
		return SIM_OK;
	class = class_find(space, node->second.text);
	if (!class)
		return refuse(
			fault, SIM_INVALID_CLASS, "ISA names an unknown class", node->second.text);
	if (subscription->target_count < 16)
		subscription->targets[subscription->target_count++] = class;
	return SIM_OK;
}

static void choose_events(struct subscription *subscription, const struct class *class)
{
	static const char *const names[] = {"__InstanceCreationEvent",
		"__InstanceModificationEvent", "__InstanceDeletionEvent"};

	for (size_t i = 0; i < 3; i++) {
		const struct class *event = class_find(ANYWHERE, names[i]);

		if (class_isa(event, class))
			subscription->events[i] = event;
	}
}

static sim_status check(
	struct subscription *subscription, enum name_space space, struct wql_fault *fault)
{
	const struct wql *query = &subscription->query;
	const struct class *class;
	sim_status status;

	if (query->kind != WQL_SELECT)
		return refuse(fault, SIM_UNPARSABLE_QUERY, "not an event query", "SELECT expected");
	class = class_find(space, query->class_name);
	if (!class)
		return refuse(fault, SIM_NOT_FOUND, "no such event class", query->class_name);
	if (!(class->flags & EVENT))
		return refuse(fault, SIM_NOT_EVENT_CLASS, "not an event class", query->class_name);
	status = check_targets(query->where, space, subscription, fault);
	if (status != SIM_OK)
		return status;
	choose_events(subscription, class);
	if (!subscription->events[0] && !subscription->events[1] && !subscription->events[2])
		return refuse(fault, SIM_NOT_FOUND, "nobody raises events of", query->class_name);
	if (!query->has_within)
		return refuse(fault, SIM_REGISTRATION_TOO_PRECISE,
			"WITHIN is missing and no provider raises these events", query->class_name);
	if (subscription->target_count == 0)
		return refuse(
			fault, SIM_REGISTRATION_TOO_BROAD, "no ISA limits", query->class_name);
	if (query->uses_like && world.like_refused)
		return refuse(fault, SIM_INVALID_QUERY, "LIKE is refused", query->class_name);
	return wql_check(query, class, fault);
}

sim_status subscription_open(struct subscription **result, enum name_space space, const char *text,
	struct wql_fault *fault)
{
	struct subscription *subscription = heap_alloc(sizeof(*subscription));
	sim_status status = wql_parse(&subscription->query, text, fault);

	if (status == SIM_OK)
		status = check(subscription, space, fault);
	else if (status == SIM_INVALID_QUERY)
		status = SIM_UNPARSABLE_QUERY;
	if (status != SIM_OK) {
		wql_free(&subscription->query);
		heap_free(subscription);
		return status;
	}
	subscription->text = heap_text(text);
	subscription->start = world.now;
	subscription->last = &subscription->first;
	subscription->next = subscriptions;
	subscriptions = subscription;
	*result = subscription;
	return SIM_OK;
}

static void free_change(struct change *change)
{
	image_release(change->old);
	image_release(change->fresh);
	heap_free(change);
}

static void unlink_change(struct subscription *subscription, struct change **link)
{
	struct change *change = *link;

	*link = change->next;
	if (subscription->last == &change->next)
		subscription->last = link;
	free_change(change);
}

static void forget_changes(struct subscription *subscription)
{
	while (subscription->first)
		unlink_change(subscription, &subscription->first);
}

void subscription_close(struct subscription *subscription)
{
	struct subscription **link = &subscriptions;

	while (*link != subscription)
		link = &(*link)->next;
	*link = subscription->next;
	forget_changes(subscription);
	wql_free(&subscription->query);
	heap_free(subscription->text);
	heap_free(subscription);
}

const char *subscription_text(const struct subscription *subscription)
{
	return subscription->text;
}

struct subscription *subscription_after(struct subscription *subscription)
{
	return subscription ? subscription->next : subscriptions;
}

static uint64_t interval_of(const struct subscription *subscription)
{
	double interval = subscription->query.within * 1000 * world.within_factor;

	if (interval > 1e12) /* a number that still can be added to */
		interval = 1e12;
	return interval < 1 ? 1 : (uint64_t)interval;
}

/* The subscription's next poll after `now`. */
static uint64_t next_poll(const struct subscription *subscription, uint64_t now)
{
	uint64_t interval = interval_of(subscription);

	if (world.events_immediate)
		return now;
	return subscription->start + ((now - subscription->start) / interval + 1) * interval;
}

static bool concerns(const struct subscription *subscription, const struct class *class)
{
	for (unsigned i = 0; i < subscription->target_count; i++) {
		if (class_isa(class, subscription->targets[i]))
			return true;
	}
	return false;
}

static bool same_instance(const struct image *left, const struct image *right)
{
	struct buffer one = {0}, two = {0};
	bool same;

	if (left->class != right->class)
		return false;
	path_write_relative(&one, left);
	path_write_relative(&two, right);
	same = fold_equal(one.text, two.text);
	buffer_free(&one);
	buffer_free(&two);
	return same;
}

/* The waiting change that this one goes on from; NULL where there is none. */
static struct change **find_earlier(struct subscription *subscription, uint64_t due,
	const struct image *old, const struct image *fresh)
{
	for (struct change **link = &subscription->first; *link; link = &(*link)->next) {
		struct change *change = *link;

		if (change->due != due)
			continue;
		if (old ? change->fresh == old
			: !change->fresh && same_instance(change->old, fresh))
			return link;
	}
	return NULL;
}

static void note(struct subscription *subscription, struct image *old, struct image *fresh)
{
	uint64_t due = next_poll(subscription, world.now);
	struct change **earlier = NULL, *change;

	if (!world.events_immediate)
		earlier = find_earlier(subscription, due, old, fresh);
	if (earlier) {
		change = *earlier;
		image_release(change->fresh);
		change->fresh = fresh ? image_retain(fresh) : NULL;
		if (!change->old && !change->fresh)
			unlink_change(subscription, earlier);
		return;
	}
	change = heap_alloc(sizeof(*change));
	change->due = due;
	change->old = old ? image_retain(old) : NULL;
	change->fresh = fresh ? image_retain(fresh) : NULL;
	*subscription->last = change;
	subscription->last = &change->next;
}

static void tell(const struct class *class, struct image *old, struct image *fresh)
{
	for (struct subscription *each = subscriptions; each; each = each->next) {
		if (each->ended == SIM_OK && concerns(each, class))
			note(each, old, fresh);
	}
	system_wake();
}

void notifications_observe(struct image *old, struct image *fresh)
{
	const struct class *class = fresh ? fresh->class : old->class;

	if (subscriptions && world_shows(class))
		tell(class, old, fresh);
}

static struct image *make_event(
	const struct subscription *subscription, const struct change *change)
{
	size_t kind = !change->old ? 0 : change->fresh ? 1 : 2;
	const struct class *class = subscription->events[kind];
	struct values values;

	if (!class || (kind == 1 && image_same(change->old, change->fresh)))
		return NULL;
	values_begin(&values, class);
	values_object(&values, "TargetInstance", change->fresh ? change->fresh : change->old);
	if (kind == 1)
		values_object(&values, "PreviousInstance", change->old);
	values_number(&values, "TIME_CREATED", (int64_t)system_filetime());
	return image_new(&values);
}

struct image *subscription_next(
	struct subscription *subscription, uint64_t now, uint64_t *wake, sim_status *ended)
{
	*wake = UINT64_MAX;
	*ended = subscription->ended;
	while (subscription->first && subscription->ended == SIM_OK) {
		struct image *event;

		if (subscription->first->due > now) {
			*wake = subscription->first->due;
			return NULL;
		}
		event = make_event(subscription, subscription->first);
		unlink_change(subscription, &subscription->first);
		if (event && wql_matches(&subscription->query, event, world.host))
			return event;
		image_release(event);
	}
	return NULL;
}

void notifications_end_all(sim_status status)
{
	for (struct subscription *each = subscriptions; each; each = each->next) {
		each->ended = status;
		forget_changes(each);
	}
	system_wake();
}

void notifications_repace(void)
{
	for (struct subscription *each = subscriptions; each; each = each->next) {
		uint64_t due = next_poll(each, world.now);

		for (struct change *change = each->first; change; change = change->next) {
			if (change->due > due)
				change->due = due;
		}
	}
	system_wake();
}

static bool tell_gone(void *context, struct entity *entity)
{
	(void)context;
	tell(entity->image->class, entity->image, NULL);
	return true;
}

static bool tell_there(void *context, struct entity *entity)
{
	(void)context;
	tell(entity->image->class, NULL, entity->image);
	return true;
}

void notifications_tell_all(bool gone)
{
	const struct class *class;

	for (size_t i = 0; (class = class_at(i)); i++) {
		if (class->space == HYPERV && !class->base)
			store_each(class, gone ? tell_gone : tell_there, NULL);
	}
}
