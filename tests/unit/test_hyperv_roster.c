/* SPDX-License-Identifier: MIT */
/* Which machines were told of, and what differs from those that are there. */
#include "host/hyperv/roster.h"
#include "tap.h"

static struct uuid number(unsigned n)
{
	return (struct uuid){.bytes = {(uint8_t)(n >> 8), (uint8_t)n}};
}

static bool is_sorted(const struct roster *roster)
{
	for (size_t i = 1; i < roster->count; i++) {
		if (memcmp(&roster->ids[i - 1], &roster->ids[i], sizeof(struct uuid)) >= 0)
			return false;
	}
	return true;
}

static void test_order(void)
{
	struct roster roster = {0};
	struct uuid id;

	for (unsigned i = 0; i < 1000; i++) {
		id = number(i * 7919 % 1000);
		roster_add(&roster, &id);
		roster_add(&roster, &id);
	}
	is_number(roster.count, 1000, "each is there once");
	ok(is_sorted(&roster), "in order");
	for (unsigned i = 0; i < 1000; i += 2) {
		id = number(i);
		roster_remove(&roster, &id);
		roster_remove(&roster, &id);
	}
	is_number(roster.count, 500, "every other one is gone");
	ok(is_sorted(&roster) && roster.ids[0].bytes[1] == 1, "the right ones");
	id = number(2000);
	roster_remove(&roster, &id);
	is_number(roster.count, 500, "a stranger was never there");
	roster_clear(&roster);
	for (unsigned i = 0; i < 100; i++) {
		id = number(i % 10);
		ok(roster_append(&roster, &id), "one more");
	}
	roster_sort(&roster);
	is_number(roster.count, 10, "repeats are left out");
	ok(is_sorted(&roster), "in order");
	roster_clear(&roster);
	roster_sort(&roster);
	roster_remove(&roster, &id);
	is_number(roster.count, 0, "an empty one stays empty");
}

static void count_ids(void *context, const struct uuid *id)
{
	unsigned *sum = context;

	*sum += id->bytes[1];
}

static unsigned difference(const unsigned *a, size_t a_count, const unsigned *b, size_t b_count)
{
	struct roster left = {0}, right = {0};
	unsigned sum = 0;

	for (size_t i = 0; i < a_count; i++)
		roster_add(&left, &(struct uuid){.bytes = {0, (uint8_t)a[i]}});
	for (size_t i = 0; i < b_count; i++)
		roster_add(&right, &(struct uuid){.bytes = {0, (uint8_t)b[i]}});
	roster_compare(&left, &right, count_ids, &sum);
	roster_clear(&left);
	roster_clear(&right);
	return sum;
}

static void test_compare(void)
{
	static const unsigned A[] = {1, 4, 8, 32}, B[] = {2, 4, 8, 16, 64};

	is_number(difference(A, 4, A, 4), 0, "the same");
	is_number(difference(A, 4, B, 5), 1 + 32 + 2 + 16 + 64, "what only one has");
	is_number(difference(B, 5, A, 4), 1 + 32 + 2 + 16 + 64, "either way round");
	is_number(difference(A, 4, NULL, 0), 45, "all against nothing");
	is_number(difference(NULL, 0, A, 4), 45, "nothing against all");
	is_number(difference(NULL, 0, NULL, 0), 0, "nothing against nothing");
}

int main(void)
{
	test_order();
	test_compare();
	return tap_done();
}
