/* SPDX-License-Identifier: MIT */
/*
 * start_shim.c - when did a program ask libvirt to start a machine?
 *
 * Loaded with LD_PRELOAD. Each call that makes a machine run is noted in the file named by
 * HYPERVIVE_BENCH_STARTS, with the clock at its very beginning, before anything travels to
 * libvirtd. With HYPERVIVE_BENCH_PRETEND=1 the call then answers "done" without doing it, so that
 * a thousand starts do not need a thousand QEMUs.
 *
 * The file is made by the bench, as long as it likes, filled with zeroes. It is an array of
 * struct start; the first one is the header, whose `at_ns` counts the calls. A record is complete
 * when its `at_ns` is not zero. Calls beyond the file's end are counted and not kept.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <libvirt/libvirt.h>

struct start {
	_Atomic uint64_t at_ns; /* CLOCK_MONOTONIC */
	unsigned char uuid[VIR_UUID_BUFLEN];
	uint64_t call; /* 1 create, 2 create with flags, 3 resume */
};

_Static_assert(sizeof(struct start) == 32, "bench/lab.py reads records of 32 bytes");

static struct start *starts;
static uint64_t capacity;
static int pretend;

__attribute__((constructor)) static void open_file(void)
{
	const char *path = getenv("HYPERVIVE_BENCH_STARTS");
	const char *word = getenv("HYPERVIVE_BENCH_PRETEND");
	struct stat facts;

	pretend = word && strcmp(word, "1") == 0;
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	if (fstat(fd, &facts) == 0 && facts.st_size >= (off_t)(2 * sizeof(struct start))) {
		void *bytes = mmap(
			NULL, (size_t)facts.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

		if (bytes != MAP_FAILED) {
			starts = bytes;
			capacity = (uint64_t)facts.st_size / sizeof(struct start) - 1;
		}
	}
	close(fd);
}

static void note(virDomainPtr domain, uint64_t call)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!starts)
		return;
	uint64_t number = atomic_fetch_add(&starts[0].at_ns, 1);
	if (number >= capacity)
		return;

	struct start *start = &starts[1 + number];
	virDomainGetUUID(domain, start->uuid);
	start->call = call;
	atomic_store(&start->at_ns, (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec);
}

/* The function that we stand in front of; ISO C has no cast from data to code, so it is copied. */
static void find_real(const char *name, void *function)
{
	void *address = dlsym(RTLD_NEXT, name);

	if (!address)
		abort();
	memcpy(function, &address, sizeof(address));
}

int virDomainCreate(virDomainPtr domain)
{
	int (*real)(virDomainPtr);

	note(domain, 1);
	if (pretend)
		return 0;
	find_real("virDomainCreate", &real);
	return real(domain);
}

int virDomainCreateWithFlags(virDomainPtr domain, unsigned int flags)
{
	int (*real)(virDomainPtr, unsigned int);

	note(domain, 2);
	if (pretend)
		return 0;
	find_real("virDomainCreateWithFlags", &real);
	return real(domain, flags);
}

int virDomainResume(virDomainPtr domain)
{
	int (*real)(virDomainPtr);

	note(domain, 3);
	if (pretend)
		return 0;
	find_real("virDomainResume", &real);
	return real(domain);
}
