/* SPDX-License-Identifier: MIT */
/*
 * domain_xml.h - the facts that a libvirt domain's description holds
 *
 * Format: libvirt's "Domain XML format" (libvirt.org/formatdomain.html). Read: /domain/uuid,
 * /domain/name, our own element under /domain/metadata, and under /domain/devices each interface
 * and the guest agent's channel. Everything else is passed over.
 */
#ifndef HYPERVIVE_HOST_LIBVIRT_DOMAIN_XML_H
#define HYPERVIVE_HOST_LIBVIRT_DOMAIN_XML_H

#include <stddef.h>

#include "base/error.h"
#include "host/machine.h"

/* The longest description that is looked at; libvirt's own limit for one text is 4 MiB. */
enum { DOMAIN_XML_MAX = 16 * 1024 * 1024 };

/* The namespace of <hypervive:wake allow="…" secureon="…"/> under /domain/metadata. */
#define DOMAIN_XML_NAMESPACE "urn:hypervive:1"

/*
 * Fills *machine, which must be zeroed: all but its status. Bytes that are no description of a
 * domain fail (ERR_FAILED) and leave *machine zeroed.
 */
int domain_xml_parse(const char *xml, size_t length, struct machine *machine, struct error *error);

#endif
