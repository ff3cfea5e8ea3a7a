/* SPDX-License-Identifier: MIT */
/* The cache of libvirt's names against a plain table, with libvirt's own test driver. */
#include <stdlib.h>

#include "host/libvirt/domain_cache.h"
#include "tap.h"

enum { DOMAINS = 200 };

static virDomainPtr domains[DOMAINS];
static struct uuid ids[DOMAINS];

/* Identities that differ in their last byte only, as made by counting. */
static int define_all(virConnectPtr connection)
{
	for (int i = 0; i < DOMAINS; i++) {
		char xml[512];

		snprintf(xml, sizeof(xml),
			"<domain type='test'><name>m%d</name>"
			"<uuid>00000000-0000-4000-8000-0000000000%02x</uuid><memory>8192</memory>"
			"<os><type>hvm</type></os></domain>",
			i, (unsigned)i);
		domains[i] = virDomainDefineXML(connection, xml);
		if (!domains[i])
			return 0;
		virDomainGetUUID(domains[i], ids[i].bytes);
	}
	return 1;
}

static int has(struct domain_cache *cache, int i)
{
	virDomainPtr found = domain_cache_get(cache, &ids[i]);
	int right = found && strcmp(virDomainGetName(found), virDomainGetName(domains[i])) == 0;

	if (found)
		virDomainFree(found);
	return found ? (right ? 1 : -1) : 0;
}

int main(void)
{
	virConnectPtr connection = virConnectOpen("test:///default");
	struct domain_cache *cache = domain_cache_new();
	int model[DOMAINS] = {0};
	unsigned wrong = 0;

	ok(connection && define_all(connection), "%d machines of the test driver", DOMAINS);
	srand(3);
	for (int step = 0; step < 5000; step++) {
		int i = rand() % DOMAINS;

		model[i] = rand() % 3 != 0;
		if (model[i])
			domain_cache_put(cache, domains[i]);
		else
			domain_cache_remove(cache, &ids[i]);
		wrong += has(cache, i) != model[i];
	}
	for (int i = 0; i < DOMAINS; i++)
		wrong += has(cache, i) != model[i];
	is_number(wrong, 0, "5,000 changes agree with a table");
	domain_cache_free(cache);
	domain_cache_free(NULL);
	for (int i = 0; i < DOMAINS; i++)
		ok(virDomainFree(domains[i]) == 0, "the cache gave back its reference of m%d", i);
	is_number(virConnectClose(connection), 0, "nothing holds the connection any more");
	return tap_done();
}
