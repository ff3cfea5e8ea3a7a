/* SPDX-License-Identifier: MIT */
/*
 * bare_list.c - the baseline: what libvirt itself costs
 *
 *   bare_list URI                 opens, lists every machine, asks each for its XML, and nothing
 *                                 else: the least that an inventory can cost
 *   bare_list URI --calls N USEC  lists without the XML, then asks N machines for their state, one
 *                                 every USEC microseconds: the least that a wake can cost
 *
 * Prints one JSON object.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

struct list {
	virDomainPtr *domains;
	int count;
	unsigned long long xml_bytes;
};

static int64_t clock_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* VmRSS of this process in KiB, 0 when it cannot be read. */
static long resident_kib(void)
{
	char line[128];
	long size = 0;
	FILE *file = fopen("/proc/self/status", "re");

	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, "VmRSS:", 6) == 0)
			size = strtol(line + 6, NULL, 10);
	}
	if (file)
		fclose(file);
	return size;
}

static int fail(const char *what)
{
	fprintf(stderr, "bare_list: %s: %s\n", what, virGetLastErrorMessage());
	return 1;
}

static int list_machines(virConnectPtr connection, struct list *list, bool with_xml)
{
	list->count = virConnectListAllDomains(connection, &list->domains, 0);
	if (list->count < 0)
		return fail("cannot list the machines");
	for (int i = 0; with_xml && i < list->count; i++) {
		char *xml = virDomainGetXMLDesc(list->domains[i], 0);

		if (!xml)
			return fail("cannot read a machine's XML");
		list->xml_bytes += strlen(xml);
		free(xml);
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int time_calls(const struct list *list, long calls, long pause_us)
{
	int64_t *took = calloc((size_t)calls, sizeof(*took));
	struct timespec pause = {pause_us / 1000000, pause_us % 1000000 * 1000};

	if (!took) {
		fprintf(stderr, "bare_list: no memory for %ld times\n", calls);
		return 1;
	}
	for (long i = 0; i < calls; i++) {
		/* 7919 is prime: walks over all machines out of order. */
		virDomainPtr domain = list->domains[(uint64_t)i * 7919 % (uint64_t)list->count];
		int state;

		nanosleep(&pause, NULL);
		int64_t before = clock_ns(CLOCK_MONOTONIC);
		if (virDomainGetState(domain, &state, NULL, 0) < 0) {
			free(took);
			return fail("cannot read a machine's state");
		}
		took[i] = clock_ns(CLOCK_MONOTONIC) - before;
	}
	qsort(took, (size_t)calls, sizeof(*took), compare);
	printf(", \"calls\": %ld, \"call_p50_us\": %.1f, \"call_p99_us\": %.1f, "
	       "\"call_max_us\": %.1f",
		calls, (double)took[(calls - 1) / 2] / 1e3,
		(double)took[(calls * 99 + 99) / 100 - 1] / 1e3, (double)took[calls - 1] / 1e3);
	free(took);
	return 0;
}

static void release(virConnectPtr connection, struct list *list)
{
	for (int i = 0; i < list->count; i++)
		virDomainFree(list->domains[i]);
	free(list->domains);
	virConnectClose(connection);
}

int main(int count, char **arguments)
{
	long calls = 0, pause_us = 0;

	if (count == 5 && strcmp(arguments[2], "--calls") == 0) {
		calls = strtol(arguments[3], NULL, 10);
		pause_us = strtol(arguments[4], NULL, 10);
	}
	if ((count != 2 && count != 5) || (count == 5 && calls <= 0) || pause_us < 0) {
		fputs("usage: bare_list URI [--calls N MICROSECONDS]\n", stderr);
		return 2;
	}

	struct list list = {0};
	int64_t begin = clock_ns(CLOCK_MONOTONIC);
	virConnectPtr connection = virConnectOpen(arguments[1]);
	if (!connection)
		return fail("cannot connect");

	int64_t opened = clock_ns(CLOCK_MONOTONIC);
	long resident_open = resident_kib();
	int failed = list_machines(connection, &list, calls == 0);
	int64_t listed = clock_ns(CLOCK_MONOTONIC), end_us = clock_ns(CLOCK_REALTIME) / 1000;

	if (list.count <= 0)
		calls = 0;
	printf("{\"machines\": %d, \"open_ms\": %.3f, \"list_ms\": %.3f, \"end_us\": %lld, "
	       "\"xml_bytes\": %llu, \"rss_open_kib\": %ld, \"rss_kib\": %ld",
		list.count, (double)(opened - begin) / 1e6, (double)(listed - opened) / 1e6,
		(long long)end_us, list.xml_bytes, resident_open, resident_kib());
	if (!failed && calls > 0)
		failed = time_calls(&list, calls, pause_us);
	puts("}");
	release(connection, &list);
	return failed;
}
