/* SPDX-License-Identifier: MIT */
/*
 * domain_xml.c - reads a domain's description
 *
 * Theory of operation: libxml2's pull reader walks over the text once and never builds the whole
 * tree; what stands elsewhere than we look is skipped as a whole. A reader stands on an element
 * when a handler is called, and the handler leaves it there or on that element's end tag: the
 * walk itself goes on to the next child. Depths are what keeps levels apart, so an <interface>
 * inside another device, or inside metadata, is no adapter.
 *
 * The text may come from a remote host. Nothing is loaded from files or the network, and a
 * document type, which libvirt never writes, ends the reading before its entities are of use.
 */
#include "host/libvirt/domain_xml.h"

#include <libxml/xmlreader.h>
#include <string.h>

#include "base/text.h"

struct reading {
	xmlTextReader *reader;
	struct machine *machine;
	bool broken; /* not well-formed, or something that libvirt does not write */
	bool has_id;
	/* The interface that is being read. */
	struct adapter adapter;
	char mac[32];
};

typedef void element_fn(struct reading *reading, const char *name);

static bool is(const char *name, const char *wanted)
{
	return name && strcmp(name, wanted) == 0;
}

/* One step; false at the end of the text or when it is broken. */
static bool step(struct reading *reading, int (*move)(xmlTextReader *))
{
	int moved = move(reading->reader);

	if (moved < 0 || xmlTextReaderNodeType(reading->reader) == XML_READER_TYPE_DOCUMENT_TYPE)
		reading->broken = true;
	return moved == 1 && !reading->broken;
}

/*
 * Calls element for each child element of the one that the reader stands on, and ends on that
 * one's end tag.
 */
static void each_child(struct reading *reading, element_fn *element)
{
	int parent = xmlTextReaderDepth(reading->reader);

	if (xmlTextReaderIsEmptyElement(reading->reader) == 1 || !step(reading, xmlTextReaderRead))
		return;
	while (xmlTextReaderDepth(reading->reader) > parent) {
		int depth = xmlTextReaderDepth(reading->reader);
		bool child = depth == parent + 1 &&
			     xmlTextReaderNodeType(reading->reader) == XML_READER_TYPE_ELEMENT;

		if (child)
			element(reading,
				(const char *)xmlTextReaderConstLocalName(reading->reader));
		if (reading->broken || !step(reading, xmlTextReaderNext))
			return;
	}
}

/* An attribute of the element the reader stands on, into target; false when it is not there. */
static bool attribute(struct reading *reading, const char *name, char *target, size_t size)
{
	xmlChar *value = xmlTextReaderGetAttributeNs(reading->reader, BAD_CAST name, NULL);

	if (!value)
		return false;
	text_copy(target, size, (const char *)value);
	xmlFree(value);
	return true;
}

/* The text inside the element, into target. */
static void element_text(struct reading *reading, char *target, size_t size)
{
	xmlChar *text = xmlTextReaderReadString(reading->reader);

	text_copy(target, size, (const char *)text);
	xmlFree(text);
}

static enum adapter_kind kind_of_model(const char *model)
{
	static const char *const SYNTHETIC[] = {"xen", "netfront", "vmxnet3", "netvsc"};

	if (!model[0])
		return ADAPTER_OTHER; /* containers and libvirt's test driver name none */
	if (strncmp(model, "virtio", strlen("virtio")) == 0)
		return ADAPTER_SYNTHETIC;
	for (size_t i = 0; i < sizeof(SYNTHETIC) / sizeof(SYNTHETIC[0]); i++) {
		if (strcmp(model, SYNTHETIC[i]) == 0)
			return ADAPTER_SYNTHETIC;
	}
	return ADAPTER_EMULATED;
}

static void read_interface_child(struct reading *reading, const char *name)
{
	struct adapter *adapter = &reading->adapter;

	if (is(name, "mac")) {
		attribute(reading, "address", reading->mac, sizeof(reading->mac));
	} else if (is(name, "model")) {
		attribute(reading, "type", adapter->model, sizeof(adapter->model));
	} else if (is(name, "source")) {
		/* A running machine's network has a bridge too, and that is the switch. */
		static const char *const NAMES[] = {"bridge", "network", "dev", "switchid"};
		size_t size = sizeof(adapter->switch_name);

		for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
			if (attribute(reading, NAMES[i], adapter->switch_name, size))
				break;
		}
	}
}

static void read_interface(struct reading *reading)
{
	struct machine *machine = reading->machine;
	char type[16] = "";

	reading->adapter = (struct adapter){0};
	reading->mac[0] = '\0';
	attribute(reading, "type", type, sizeof(type));
	each_child(reading, read_interface_child);
	if (!mac_parse(reading->mac, &reading->adapter.mac) ||
		mac_is_group(&reading->adapter.mac)) {
		machine->unusable_adapters++;
		return;
	}
	reading->adapter.kind =
		is(type, "hostdev") ? ADAPTER_PASSTHROUGH : kind_of_model(reading->adapter.model);
	struct adapter *adapter = machine_add_adapter(machine);
	if (adapter)
		*adapter = reading->adapter;
	else
		machine->unusable_adapters++;
}

static void read_channel_child(struct reading *reading, const char *name)
{
	char text[64] = "";

	if (!is(name, "target"))
		return;
	attribute(reading, "name", text, sizeof(text));
	if (strcmp(text, "org.qemu.guest_agent.0") != 0)
		return;
	/* A machine that is off has the channel, and no state of it. */
	text[0] = '\0';
	attribute(reading, "state", text, sizeof(text));
	reading->machine->tools =
		strcmp(text, "connected") == 0 ? TOOLS_CONNECTED : TOOLS_DISCONNECTED;
}

static void read_device(struct reading *reading, const char *name)
{
	if (is(name, "interface"))
		read_interface(reading);
	else if (is(name, "channel"))
		each_child(reading, read_channel_child);
}

static void read_wake_attributes(struct reading *reading)
{
	xmlTextReader *reader = reading->reader;
	int moved;

	while ((moved = xmlTextReaderMoveToNextAttribute(reader)) == 1) {
		/* Attributes of other namespaces, and xmlns itself, are not for us. */
		if (xmlTextReaderConstNamespaceUri(reader) ||
			xmlTextReaderIsNamespaceDecl(reader) == 1)
			continue;
		char key[32], value[64];
		text_copy(key, sizeof(key), (const char *)xmlTextReaderConstLocalName(reader));
		text_copy(value, sizeof(value), (const char *)xmlTextReaderConstValue(reader));
		machine_wake_set(&reading->machine->wake, key, value);
	}
	if (moved < 0 || xmlTextReaderMoveToElement(reader) < 0)
		reading->broken = true;
}

static void read_metadata(struct reading *reading, const char *name)
{
	const char *space = (const char *)xmlTextReaderConstNamespaceUri(reading->reader);

	if (!is(space, DOMAIN_XML_NAMESPACE))
		return;
	if (is(name, "wake")) {
		read_wake_attributes(reading);
	} else {
		/* Ours, and misspelt: told like a misspelt key. */
		char key[32];
		text_copy(key, sizeof(key), name);
		machine_wake_set(&reading->machine->wake, key, key);
	}
}

static void read_domain_child(struct reading *reading, const char *name)
{
	struct machine *machine = reading->machine;

	if (is(name, "name")) {
		element_text(reading, machine->name, sizeof(machine->name));
	} else if (is(name, "uuid")) {
		char text[UUID_TEXT_SIZE + 4];
		element_text(reading, text, sizeof(text));
		reading->has_id = uuid_parse(text, &machine->id);
	} else if (is(name, "metadata")) {
		each_child(reading, read_metadata);
	} else if (is(name, "devices")) {
		each_child(reading, read_device);
	}
}

/* Goes to the root element, reads it, and on to the end of the text. False: no domain. */
static bool read_document(struct reading *reading)
{
	bool found = false;

	while (step(reading, xmlTextReaderRead)) {
		if (found || xmlTextReaderNodeType(reading->reader) != XML_READER_TYPE_ELEMENT)
			continue;
		if (!is((const char *)xmlTextReaderConstLocalName(reading->reader), "domain"))
			return false;
		found = true;
		each_child(reading, read_domain_child);
		if (reading->broken)
			return false;
	}
	return found && !reading->broken && reading->has_id;
}

int domain_xml_parse(const char *xml, size_t length, struct machine *machine, struct error *error)
{
	if (length > DOMAIN_XML_MAX)
		return error_set(error, ERR_FAILED, "the machine's description is too long");
	struct reading reading = {
		.machine = machine,
		.reader = xmlReaderForMemory(xml, (int)length, NULL, NULL,
			XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING),
	};

	if (!reading.reader)
		return error_set(error, ERR_FAILED, "out of memory");
	machine->tools = TOOLS_ABSENT;
	bool good = read_document(&reading);
	xmlFreeTextReader(reading.reader);
	if (good)
		return 0;
	machine_clear(machine);
	return error_set(error, ERR_FAILED, "the machine's description cannot be understood");
}
