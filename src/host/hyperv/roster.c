/* SPDX-License-Identifier: MIT */
#include "host/hyperv/roster.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *left, const void *right)
{
	return memcmp(left, right, sizeof(struct uuid));
}

void roster_clear(struct roster *roster)
{
	free(roster->ids);
	*roster = (struct roster){0};
}

static bool make_room(struct roster *roster)
{
	if (roster->count < roster->room)
		return true;
	size_t room = roster->room ? roster->room * 2 : 32;
	struct uuid *ids = realloc(roster->ids, room * sizeof(*ids));

	if (!ids)
		return false;
	roster->ids = ids;
	roster->room = room;
	return true;
}

bool roster_append(struct roster *roster, const struct uuid *id)
{
	if (!make_room(roster))
		return false;
	roster->ids[roster->count++] = *id;
	return true;
}

void roster_sort(struct roster *roster)
{
	size_t kept = 0;

	if (roster->count > 1)
		qsort(roster->ids, roster->count, sizeof(*roster->ids), compare);
	for (size_t i = 0; i < roster->count; i++) {
		if (kept == 0 || !uuid_equal(&roster->ids[kept - 1], &roster->ids[i]))
			roster->ids[kept++] = roster->ids[i];
	}
	roster->count = kept;
}

/* Where the id is, or would have to be. */
static size_t find(const struct roster *roster, const struct uuid *id, bool *found)
{
	size_t low = 0, high = roster->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&roster->ids[middle], id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = low < roster->count && uuid_equal(&roster->ids[low], id);
	return low;
}

void roster_add(struct roster *roster, const struct uuid *id)
{
	bool found;
	size_t at = find(roster, id, &found);

	if (found || !make_room(roster))
		return;
	memmove(&roster->ids[at + 1], &roster->ids[at],
		(roster->count - at) * sizeof(*roster->ids));
	roster->ids[at] = *id;
	roster->count++;
}

void roster_remove(struct roster *roster, const struct uuid *id)
{
	bool found;
	size_t at = find(roster, id, &found);

	if (!found)
		return;
	roster->count--;
	memmove(&roster->ids[at], &roster->ids[at + 1],
		(roster->count - at) * sizeof(*roster->ids));
}

void roster_compare(const struct roster *a, const struct roster *b, roster_fn *each, void *context)
{
	size_t i = 0, j = 0;

	while (i < a->count || j < b->count) {
		int order = i == a->count   ? 1
			    : j == b->count ? -1
					    : compare(&a->ids[i], &b->ids[j]);

		if (order < 0)
			each(context, &a->ids[i]);
		else if (order > 0)
			each(context, &b->ids[j]);
		i += order <= 0;
		j += order >= 0;
	}
}
