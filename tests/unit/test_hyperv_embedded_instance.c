/* SPDX-License-Identifier: MIT */
/* Objects as text, as a guest or a job's error may have filled them. */
#include <stdlib.h>

#include "host/hyperv/embedded_instance.h"
#include "tap.h"

static char name[32], data[32];
static const struct embedded_field FIELDS[] = {
	{"Name", name, sizeof(name)},
	{"Data", data, sizeof(data)},
};

/* From memory of just this size: reading past it is seen by the sanitizers. */
static bool read_bytes(const char *xml, size_t length)
{
	char *copy = malloc(length ? length : 1);
	bool good = false;

	if (copy) {
		memcpy(copy, xml, length);
		good = embedded_instance_read(copy, length, FIELDS, 2);
	}
	free(copy);
	return good;
}

static bool read(const char *xml)
{
	return read_bytes(xml, strlen(xml));
}

#define ITEM(inside) "<INSTANCE CLASSNAME=\"Msvm_KvpExchangeDataItem\">" inside "</INSTANCE>"

static const char DOCUMENTED[] =
	ITEM("<PROPERTY NAME=\"Caption\" PROPAGATED=\"true\" TYPE=\"string\"></PROPERTY>"
	     "<PROPERTY NAME=\"Data\" TYPE=\"string\"><VALUE>6.3.9600.17415</VALUE></PROPERTY>"
	     "<PROPERTY NAME=\"Name\" "
	     "TYPE=\"string\"><VALUE>IntegrationServicesVersion</VALUE></PROPERTY>"
	     "<PROPERTY NAME=\"Source\" TYPE=\"uint16\"><VALUE>2</VALUE></PROPERTY>");

static void test_good(void)
{
	ok(read(DOCUMENTED), "as documented");
	is_text(name, "IntegrationServicesVersion", "the name");
	is_text(data, "6.3.9600.17415", "the data");
	ok(read("<?xml version='1.0'?>\r\n<!-- <VALUE> -->" ITEM(
		   "\n <PROPERTY TYPE = 'string' NAME "
		   "= 'Name' >\n<VALUE>a</VALUE>\n"
		   "</PROPERTY><PROPERTY "
		   "NAME='data'><VALUE/></PROPERTY>")),
		"spaced, with single quotes, in another order, in another case");
	is_text(name, "a", "the name");
	is_text(data, "", "an empty value");
	ok(read(ITEM("<PROPERTY NAME=\"Name\"/><PROPERTY NAME=\"Data\"></PROPERTY>")),
		"no values at all");
	is_text(name, "", "are empty");
	ok(read(ITEM(
		   "<PROPERTY NAME=\"Name\"><VALUE>&lt;&#65;&#x42;&amp;amp;&quot;&apos;&gt;</VALUE>"
		   "</PROPERTY>")),
		"entities");
	is_text(name, "<AB&amp;\"'>", "are resolved once");
	ok(read(ITEM("<PROPERTY "
		     "NAME=\"Na&#109;e\"><VALUE>a<![CDATA[<b>&amp;]]>c</VALUE></PROPERTY>")),
		"literal text");
	is_text(name, "a<b>&amp;c", "stays as it is");
	ok(read(ITEM("<PROPERTY NAME=\"x>y\"><VALUE>1</VALUE></PROPERTY><PROPERTY "
		     "NAME=\"Name\"><VALUE>b</VALUE></PROPERTY>")),
		"a bracket within quotes");
	is_text(name, "b", "ends no tag");
}

static void test_elsewhere(void)
{
	ok(read(ITEM("<PROPERTY.ARRAY NAME=\"Name\"><VALUE.ARRAY><VALUE>a</VALUE></VALUE.ARRAY>"
		     "</PROPERTY.ARRAY><PROPERTY NAME=\"Data\"><VALUE.OBJECT>"
		     "<INSTANCE><PROPERTY NAME=\"Name\"><VALUE>b</VALUE></PROPERTY></INSTANCE>"
		     "</VALUE.OBJECT></PROPERTY><QUALIFIER "
		     "NAME=\"Name\"><VALUE>c</VALUE></QUALIFIER>")),
		"values of arrays, of objects within, of qualifiers");
	is_text(name, "", "are not the property's");
	is_text(data, "", "nor the other's");
	ok(read(ITEM("<PROPERTY "
		     "NAME=\"Name\">text<QUALIFIER><VALUE>x</VALUE></QUALIFIER></PROPERTY>")),
		"text beside a value");
	is_text(name, "", "is none");
}

static void test_bad(void)
{
	static const char *const BAD[] = {"", "text", "<", "<>", "</>", "</INSTANCE>", "<INSTANCE",
		"<INSTANCE>", "<PROPERTY NAME=\"Name\"><VALUE>a</VALUE></PROPERTY>",
		"<!DOCTYPE a [<!ENTITY b \"c\">]>" ITEM(""), "<!-- ", "<?xml", "<![CDATA[",
		ITEM("<PROPERTY NAME=\"Name><VALUE>a</VALUE></PROPERTY>"),
		ITEM("<PROPERTY NAME=\"Name\"><VALUE>a"), "<INSTANCE></INSTANCE></INSTANCE>",
		"<INSTANCE><A <B></A></INSTANCE>"};

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		ok(!read(BAD[i]), "number %zu is none", i);
	ok(!read_bytes(DOCUMENTED, sizeof(DOCUMENTED) - 3), "one that was cut");
	bool any = false;
	for (size_t length = 0; length < sizeof(DOCUMENTED) - 1; length++)
		any = read_bytes(DOCUMENTED, length) || any;
	ok(!any, "cut anywhere, it is none and nothing beyond is read");
}

static void test_bounds(void)
{
	static char big[EMBEDDED_INSTANCE_MAX + 1];
	char deep[2000] = "";

	ok(read(ITEM("<PROPERTY NAME=\"Name\"><VALUE>"
		     "123456789012345678901234567890123456789</VALUE></PROPERTY>")),
		"a long value");
	is_number(strlen(name), 31, "is cut");
	ok(strcmp(name + 28, "\xe2\x80\xa6") == 0, "visibly");
	ok(read(ITEM("<PROPERTY NAME=\"Name\"><VALUE>\xff\xc3&#0;&#xd800;&#x110000;&nbsp;&</VALUE>"
		     "</PROPERTY>")),
		"bytes and characters that do not exist");
	is_text(name, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd&",
		"are replaced");
	for (int i = 0; i < 100; i++)
		strcat(deep, "<INSTANCE>");
	ok(!read(deep), "a hundred levels are too many");
	memset(big, ' ', sizeof(big));
	memcpy(big, DOCUMENTED, sizeof(DOCUMENTED) - 1);
	ok(read_bytes(big, sizeof(big) - 1), "the longest text");
	ok(!read_bytes(big, sizeof(big)), "a longer one is not looked at");
}

int main(void)
{
	test_good();
	test_elsewhere();
	test_bad();
	test_bounds();
	return tap_done();
}
