/* SPDX-License-Identifier: MIT */
/* How Hyper-V names devices, and how WMI writes object paths. */
#include "host/hyperv/instance_id.h"
#include "tap.h"

#define VM     "0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0"
#define DEVICE "11111111-2222-3333-4444-555566667777"

static void test_instance_id(void)
{
	static const char *const BAD[] = {"", "Microsoft", "Microsoft:", VM "\\" DEVICE,
		"Microsoft:" VM, "Microsoft:" VM "\\", "Microsoft:" VM "/" DEVICE,
		"Microsoft:Definition\\" DEVICE "\\Default", "Microsoft:{" VM "}\\" DEVICE,
		"Microsoft:" VM "\\{" DEVICE "}", "Microsoft:" VM "\\" DEVICE "x",
		"Microsoft:" VM "\\1111", "Microsoft:0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1FG\\" DEVICE,
		"Microsoft:" VM "\\" DEVICE "\\0123456789012345678901234567",
		" Microsoft:" VM "\\" DEVICE, "Microsof", "Macrosoft:" VM "\\" DEVICE};
	struct instance_id id = {.rest = "untouched"}, other;
	char text[UUID_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		ok(!instance_id_parse(BAD[i], &id), "'%s' is no device", BAD[i]);
	is_text(id.rest, "untouched", "and leaves the target alone");

	ok(instance_id_parse("Microsoft:" VM "\\" DEVICE, &id), "an adapter");
	is_text(guid_format(&id.machine, text), VM, "its machine");
	is_text(guid_format(&id.device, text), DEVICE, "its device");
	is_text(id.rest, "", "nothing more");
	ok(instance_id_parse("microsoft:0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0\\" DEVICE, &other),
		"in any case");
	is_number(instance_id_compare(&id, &other), 0, "that is the same device");
	ok(instance_id_parse("Microsoft:" VM "\\" DEVICE "\\0", &other), "with a number behind");
	is_text(other.rest, "0", "which is kept");
	ok(instance_id_compare(&id, &other) < 0 && instance_id_compare(&other, &id) > 0,
		"and tells two devices apart");
	ok(instance_id_parse("Microsoft:" DEVICE "\\" DEVICE, &other), "another machine's");
	ok(instance_id_compare(&id, &other) != 0, "is another");

	ok(instance_id_parse_system("Microsoft:" VM, &id.machine), "a machine's own settings");
	ok(!instance_id_parse_system("Microsoft:" VM "\\" DEVICE, &id.machine), "are no device's");
	ok(!instance_id_parse_system("Microsoft:Definition", &id.machine), "nor a template's");
	ok(guid_parse(VM, &id.machine), "a name that is a GUID");
	ok(!guid_parse("{" VM "}", &id.machine), "without braces");
	ok(!guid_parse(VM " ", &id.machine), "and nothing behind");
	ok(!guid_parse("HOST", &id.machine) && !guid_parse("", &id.machine),
		"a host's name is none");
}

static void test_path(void)
{
	static const char SWITCH[] =
		"\\\\HOST\\root\\virtualization\\v2:Msvm_VirtualEthernetSwitch."
		"CreationClassName=\"Msvm_VirtualEthernetSwitch\",Name=\"" VM "\"";
	static const char ADAPTER[] =
		"\\\\HOST\\root\\virtualization\\v2:Msvm_SyntheticEthernetPortSettingData."
		"InstanceID=\"Microsoft:" VM "\\\\" DEVICE "\"";
	static const char *const BAD[] = {"", "Class", "Class.", "Class.Name",
		"Class.Name=", "Class.Name=\"", "Class.Name=\"x", "Class.Name=\"x\\",
		"Class.Name=\"x\"y", "Class.Other=\"x\"", "Class.Other=\"Name=\\\"x\\\"\"",
		"Class=\"x\"", "Class.Other=\"x,Name=\"y\"", "a:b", "Class.Name=5"};
	char value[128], tiny[8];

	is_text(object_path_relative("Class.A=\"b:c\""), "Class.A=\"b:c\"",
		"a colon within a value ends no namespace");
	is_text(object_path_relative("root\\x:Class.A=\"b:c\""), "Class.A=\"b:c\"",
		"before it does");
	ok(object_path_is(SWITCH, "Msvm_VirtualEthernetSwitch"), "the class of a path");
	ok(object_path_is(SWITCH, "msvm_virtualethernetswitch"), "in any case");
	ok(!object_path_is(SWITCH, "Msvm_VirtualEthernet"), "but whole");
	ok(!object_path_is(SWITCH, "Msvm_VirtualEthernetSwitchPort"), "and no longer one");
	ok(!object_path_is("", "Msvm_VirtualEthernetSwitch"), "nothing is of no class");
	ok(object_path_key(SWITCH, "name", value, sizeof(value)), "a key behind another");
	is_text(value, VM, "its value");
	ok(object_path_key(ADAPTER, "InstanceID", value, sizeof(value)), "a key with a backslash");
	is_text(value, "Microsoft:" VM "\\" DEVICE, "which is single in the value");
	ok(object_path_key("C.A=\"q\\\"q\",B=\"x\"", "A", value, sizeof(value)), "a quote within");
	is_text(value, "q\"q", "is part of the value");
	ok(object_path_key("C.A=5,B=\"x\"", "B", value, sizeof(value)), "a number before");
	is_text(value, "x", "is passed over");
	ok(!object_path_key(SWITCH, "Name", tiny, sizeof(tiny)), "what does not fit is refused");
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		ok(!object_path_key(BAD[i], "Name", value, sizeof(value)), "'%s' has no Name",
			BAD[i]);
}

static void test_escape(void)
{
	char text[10];

	ok(wmi_escape("a\\b'c\"", '\'', text, sizeof(text)), "text for a literal");
	is_text(text, "a\\\\b\\'c\"", "backslashes and this quote are escaped");
	ok(wmi_escape("\"", '"', text, sizeof(text)), "the other quote");
	is_text(text, "\\\"", "too");
	ok(wmi_escape("123456789", '"', text, sizeof(text)), "what just fits");
	ok(!wmi_escape("1234567890", '"', text, sizeof(text)), "what does not");
	ok(!wmi_escape("12345678\\", '"', text, sizeof(text)), "because of an escape");
}

int main(void)
{
	test_instance_id();
	test_path();
	test_escape();
	return tap_done();
}
