/* SPDX-License-Identifier: MIT */
/*
 * domain_cache.h - libvirt's names for machines, kept
 *
 * To libvirt a virDomainPtr is a name and an identity, and getting one costs a call to the
 * daemon. For machines that are off, and may have to be started at once, it is kept from the
 * listing on. What the machine is like must never be read from a kept one. For several threads.
 */
#ifndef HYPERVIVE_HOST_LIBVIRT_DOMAIN_CACHE_H
#define HYPERVIVE_HOST_LIBVIRT_DOMAIN_CACHE_H

#include <libvirt/libvirt.h>

#include "base/uuid.h"

struct domain_cache;

struct domain_cache *domain_cache_new(void); /* NULL when memory is out */
void domain_cache_free(struct domain_cache *cache);

/* Keeps a reference of its own, in the place of one with the same identity. */
void domain_cache_put(struct domain_cache *cache, virDomainPtr domain);

/* A reference for the caller, or NULL. */
virDomainPtr domain_cache_get(struct domain_cache *cache, const struct uuid *id);

void domain_cache_remove(struct domain_cache *cache, const struct uuid *id);

#endif
