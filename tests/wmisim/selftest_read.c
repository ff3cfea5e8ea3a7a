/* SPDX-License-Identifier: MIT */
/*
 * selftest_read.c - queries, the types of values, system properties, paths
 */
#include "selftest.h"

#define BAD_QUERY (-(long long)0x80041017)
#define BAD_CLASS (-(long long)0x80041010)
#define BAD_PATH  (-(long long)0x8004103a)
#define NOT_FOUND (-(long long)0x80041002)

static const struct {
	const char *wql;
	long long want; /* number of objects, or minus the status */
} queries[] = {
	{"SELECT * FROM Msvm_ComputerSystem", 5},
	{"select Name,EnabledState from msvm_computersystem", 5},
	{"SELECT * FROM Msvm_ComputerSystem WHERE Name != __SERVER", 4},
	{"SELECT * FROM Msvm_ComputerSystem WHERE Name <> __SERVER", 4},
	{"SELECT * FROM Msvm_ComputerSystem WHERE Name = __SERVER", 1},
	{"SELECT * FROM Msvm_ComputerSystem WHERE __SERVER = Name", 1},
	{"SELECT * FROM Msvm_ComputerSystem WHERE Name = '" VM_A "'", 1},
	{"SELECT * FROM Msvm_ComputerSystem WHERE Name = \"11111111-2222-4333-8444-aaaaaaaaaaaa\"",
		1},
	{"SELECT * FROM Msvm_ComputerSystem WHERE Name = '" VM_A "' OR Name = '" VM_B "'", 2},
	{"SELECT * FROM Msvm_ComputerSystem WHERE EnabledState = 2", 2},
	{"SELECT * FROM Msvm_ComputerSystem WHERE EnabledState='2'", 2},
	{"SELECT * FROM Msvm_ComputerSystem WHERE 2 < EnabledState", 3},
	{"SELECT * FROM Msvm_ComputerSystem WHERE EnabledState >= 6 AND EnabledState <= 9", 2},
	{"SELECT * FROM Msvm_ComputerSystem WHERE NOT EnabledState = 2", 3},
	{"SELECT * FROM Msvm_ComputerSystem WHERE NOT (EnabledState = 2 OR EnabledState = 3)", 2},
	{"SELECT * FROM Msvm_ComputerSystem WHERE Name != __SERVER AND EnabledState = 2 OR "
	 "EnabledState = 3",
		2},
	{"SELECT * FROM Msvm_ComputerSystem WHERE ProcessID IS NULL", 5},
	{"SELECT * FROM Msvm_ComputerSystem WHERE InstallDate IS NOT NULL", 4},
	{"SELECT * FROM Msvm_ComputerSystem WHERE InstallDate <> NULL", 4},
	{"SELECT * FROM Msvm_ComputerSystem WHERE ElementName LIKE 'web%'", 1},
	{"SELECT * FROM Msvm_ComputerSystem WHERE ElementName LIKE 'r_n[a-z]'", 1},
	{"SELECT * FROM Msvm_ComputerSystem WHERE ElementName LIKE '%[^s]' AND Name LIKE '%D'", 1},
	{"SELECT * FROM Msvm_ComputerSystem WHERE ElementName = 'web \\\"01\\\"'", 1},
	{"SELECT * FROM Msvm_ComputerSystem WHERE ElementName = 'größe'", 1},
	{"SELECT * FROM Msvm_ComputerSystem WHERE __CLASS = 'Msvm_ComputerSystem'", 5},
	{"SELECT * FROM CIM_ComputerSystem", 6},
	{"SELECT * FROM CIM_ManagedElement WHERE ElementName = 'LAN'", 1},
	{"SELECT * FROM Msvm_SyntheticEthernetPortSettingData", 7},
	{"SELECT * FROM Msvm_SyntheticEthernetPortSettingData WHERE InstanceID LIKE "
	 "'Microsoft:Definition%'",
		4},
	{"SELECT * FROM Msvm_SyntheticEthernetPortSettingData WHERE InstanceID = 'Microsoft:" VM_A
	 "\\\\" DEVICE_A "'",
		1},
	{"SELECT * FROM CIM_EthernetPortAllocationSettingData WHERE StaticMacAddress = TRUE",
		BAD_QUERY},
	{"SELECT * FROM Msvm_SyntheticEthernetPortSettingData WHERE StaticMacAddress = FALSE", 1},
	{"SELECT * FROM Msvm_EmulatedEthernetPortSettingData WHERE VirtualQuantity = '1'", 1},
	{"SELECT * FROM Msvm_SettingsDefineState", 4},
	{"SELECT * FROM Msvm_ConcreteJob", 0},
	{"SELECT * FROM Msvm_VirtualSystemManagementService", 1},
	/* what WMI refuses */
	{"SELECT * FROM Msvm_NoSuchClass", BAD_CLASS},
	{"SELECT * FROM Win32_Service", BAD_CLASS},
	{"SELECT * FROM Msvm_ComputerSystem WHERE NoSuch = 1", BAD_QUERY},
	{"SELECT NoSuch FROM Msvm_ComputerSystem", BAD_QUERY},
	{"SELECT Name FROM", BAD_QUERY},
	{"SELECT FROM Msvm_ComputerSystem", BAD_QUERY},
	{"SELECT *, Name FROM Msvm_ComputerSystem", BAD_QUERY},
	{"SELECT * FROM Msvm_ComputerSystem WHERE", BAD_QUERY},
	{"SELECT * FROM Msvm_ComputerSystem WHERE Name", BAD_QUERY},
	{"SELECT * FROM Msvm_ComputerSystem WHERE Name =", BAD_QUERY},
	{"SELECT * FROM Msvm_ComputerSystem WHERE Name == 'a'", BAD_QUERY},
	{"SELECT * FROM Msvm_ComputerSystem WHERE (Name = 'a'", BAD_QUERY},
	{"SELECT * FROM Msvm_ComputerSystem WHERE Name = 'a' Name = 'b'", BAD_QUERY},
	{"SELECT * FROM Msvm_ComputerSystem WHERE Name = 'it's'", BAD_QUERY},
	{"SELECT * FROM Msvm_ComputerSystem WHERE Name = 'it''s'", BAD_QUERY},
	{"SELECT * FROM Msvm_ComputerSystem WHERE Name = 'C:\\temp'", BAD_QUERY},
	{"SELECT * FROM Msvm_ComputerSystem WHERE Name = 'open", BAD_QUERY},
	{"SELECT * FROM Msvm_ComputerSystem WHERE Name = 5", BAD_QUERY},
	{"SELECT * FROM Msvm_ComputerSystem WHERE Name = TRUE", BAD_QUERY},
	{"SELECT * FROM Msvm_ComputerSystem WHERE EnabledState = 'two'", BAD_QUERY},
	{"SELECT * FROM Msvm_ComputerSystem WHERE EnabledState = TRUE", BAD_QUERY},
	{"SELECT * FROM Msvm_ComputerSystem WHERE EnabledState LIKE '2'", BAD_QUERY},
	{"SELECT * FROM Msvm_ComputerSystem WHERE OperationalStatus = 2", BAD_QUERY},
	{"SELECT * FROM Msvm_ComputerSystem WHERE Name < NULL", BAD_QUERY},
	{"SELECT * FROM Msvm_ComputerSystem WHERE Name ISA 'X'", BAD_QUERY},
	{"SELECT * FROM Msvm_ComputerSystem WHERE Name = ElementName", BAD_QUERY},
	{"SELECT * FROM Msvm_SyntheticEthernetPortSettingData WHERE StaticMacAddress >= TRUE",
		BAD_QUERY},
	{"SELECT * FROM Msvm_SyntheticEthernetPortSettingData WHERE StaticMacAddress > 0",
		BAD_QUERY},
	{"SELECT * FROM Msvm_SyntheticEthernetPortSettingData WHERE StaticMacAddress = 0", 1},
	{"SELECT * FROM Msvm_SyntheticEthernetPortSettingData WHERE StaticMacAddress != TRUE", 1},
	{"SELECT * FROM Msvm_ComputerSystem WITHIN 2", BAD_QUERY},
	{"SELECT * FROM Msvm_ComputerSystem ORDER BY Name", BAD_QUERY},
	{"SELECT COUNT(*) FROM Msvm_ComputerSystem", BAD_QUERY},
	{"SELECT * FROM __InstanceCreationEvent WHERE TargetInstance ISA 'Msvm_ConcreteJob'",
		BAD_QUERY},
	{"DELETE FROM Msvm_ComputerSystem", BAD_QUERY},
	{";", BAD_QUERY},
	/* relations */
	{"ASSOCIATORS OF {" VM_PATH(VM_A) "} WHERE ResultClass=Msvm_VirtualSystemSettingData", 2},
	{"ASSOCIATORS OF {" VM_PATH(VM_A) "} WHERE AssocClass = Msvm_SettingsDefineState", 1},
	{"ASSOCIATORS OF {\\\\HV1\\root\\virtualization\\v2:" VM_PATH(
		 VM_A) "} WHERE AssocClass=Msvm_SettingsDefineState ResultRole=SettingData "
		       "Role=ManagedElement",
		1},
	{"ASSOCIATORS OF {" VM_PATH(
		 VM_A) "} WHERE AssocClass=Msvm_SettingsDefineState Role=SettingData",
		0},
	{"ASSOCIATORS OF {Msvm_VirtualSystemSettingData.InstanceID=\"Microsoft:" VM_A
	 "\"} WHERE ResultClass=CIM_EthernetPortAllocationSettingData",
		2},
	{"ASSOCIATORS OF {Msvm_VirtualSystemSettingData.InstanceID=\"Microsoft:" CHECKPOINT
	 "\"} WHERE ResultClass=Msvm_SyntheticEthernetPortSettingData",
		1},
	{"ASSOCIATORS OF {Msvm_VirtualSystemSettingData.InstanceID=\"Microsoft:" CHECKPOINT
	 "\"} WHERE ResultClass=Msvm_ComputerSystem",
		1},
	{"ASSOCIATORS OF {Msvm_SyntheticEthernetPortSettingData.InstanceID=\"Microsoft:" VM_A
	 "\\\\" DEVICE_A "\"} WHERE ResultClass=Msvm_VirtualSystemSettingData",
		1},
	{"ASSOCIATORS OF {" VM_PATH(VM_C) "} WHERE ResultClass=Msvm_KvpExchangeComponent", 1},
	{"REFERENCES OF {" VM_PATH(VM_A) "} WHERE ResultClass=Msvm_SettingsDefineState", 1},
	{"REFERENCES OF {" VM_PATH(
		 VM_A) "} WHERE ResultClass=Msvm_SettingsDefineState Role=SettingData",
		0},
	{"ASSOCIATORS OF {Msvm_SyntheticEthernetPortSettingData.InstanceID=\"Microsoft:" VM_A
	 "\\" DEVICE_A "\"}",
		BAD_PATH},
	{"ASSOCIATORS OF {no path at all}", BAD_PATH},
	{"ASSOCIATORS OF {Msvm_ComputerSystem}", BAD_PATH},
	{"ASSOCIATORS OF {Msvm_ComputerSystem.Name=\"" VM_A "\"}", BAD_PATH},
	{"ASSOCIATORS OF {" VM_PATH("11111111-2222-4333-8444-000000000000") "}", NOT_FOUND},
	{"ASSOCIATORS OF {" VM_PATH(VM_A) "} WHERE ResultClass=NoSuch", BAD_CLASS},
	{"ASSOCIATORS OF {" VM_PATH(VM_A) "} WHERE ResultClass=Msvm_ConcreteJob AND Role=X",
		BAD_QUERY},
	{"ASSOCIATORS OF " VM_PATH(VM_A), BAD_QUERY},
	{"ASSOCIATORS OF {" VM_PATH(VM_A), BAD_QUERY},
};

static void test_queries(void)
{
	static char many[8192];
	long long rejected = stat_value("rejections");

	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
		is_number(
			query(hyperv, queries[i].wql, NULL), queries[i].want, "%s", queries[i].wql);
	ok(stat_value("rejections") > rejected, "what was refused is counted");
	ok(strstr(control("rejections"), "in: ASSOCIATORS"), "and the last is told with its query");
	strcpy(many, "SELECT * FROM Msvm_ComputerSystem WHERE EnabledState=1");
	for (int i = 0; i < 300; i++)
		strcat(many, " OR EnabledState=1");
	is_number(
		query(hyperv, many, NULL), -(long long)0x8004106c, "too many ORs: QUOTA_VIOLATION");
	tell("refuse like");
	is_number(query(hyperv, "SELECT * FROM Msvm_ComputerSystem WHERE Name LIKE 'x'", NULL),
		BAD_QUERY, "LIKE can be refused");
	tell("allow like");
}

static void test_other_name_spaces(void)
{
	IWbemServices *services;
	IWbemClassObject *object;

	is_status(connect_as("root\\cimv2", NULL, NULL, &services), S_OK, "root\\cimv2");
	is_number(query(services, "SELECT * FROM Win32_Service WHERE Name = 'vmms'", &object), 1,
		"vmms");
	is_text(get_text(object, "State"), "Running", "vmms runs");
	drop(object);
	is_number(query(services, "SELECT * FROM Msvm_ComputerSystem", NULL), BAD_CLASS,
		"no Hyper-V there");
	is_number(query(services, "SELECT Version FROM Win32_OperatingSystem", &object), 1,
		"the operating system");
	is_text(get_text(object, "Version"), "10.0.17763", "its version");
	drop(object);
	drop(services);
	tell("instance root\\StandardCimv2:MSFT_NetAdapter SystemCreationClassName=a "
	     "SystemName=HV1 "
	     "DeviceID=x Name=eth0 ReceiveLinkSpeed=10000000000");
	is_status(connect_as("root\\StandardCimv2", NULL, NULL, &services), S_OK,
		"root\\StandardCimv2");
	is_number(query(services, "SELECT * FROM MSFT_NetAdapter", &object), 1,
		"an adapter of the host");
	is_text(get_text(object, "ReceiveLinkSpeed"), "10000000000", "a 64-bit number is text");
	drop(object);
	drop(services);
	tell("delete MSFT_NetAdapter x");
}

static void test_types(void)
{
	IWbemClassObject *object;
	VARIANT variant;
	CIMTYPE type;
	LONG flavor;

	is_number(
		query(hyperv, "SELECT * FROM Msvm_ComputerSystem WHERE Name = '" VM_C "'", &object),
		1, "the machine");
	tell("set machine " VM_C " ProcessID=4294967295");
	is_number(get_type(object, "EnabledState"), VT_I4, "uint16 is VT_I4");
	is_number(get_type(object, "Name"), VT_BSTR, "string is VT_BSTR");
	is_number(get_type(object, "OnTimeInMilliseconds"), VT_BSTR, "uint64 is VT_BSTR");
	is_number(get_type(object, "InstallDate"), VT_BSTR, "datetime is VT_BSTR");
	is_number(strlen(get_text(object, "InstallDate")), 25, "yyyymmddHHMMSS.mmmmmm-000");
	is_number(get_type(object, "ProcessID"), VT_NULL,
		"NULL is VT_NULL, and old objects do not change");
	is_number(get_type(object, "OperationalStatus"), VT_ARRAY | VT_I4, "uint16[]");
	is_number(get_type(object, "StatusDescriptions"), VT_ARRAY | VT_BSTR, "string[]");
	is_number(get_type(object, "NoSuch"), -1, "an unknown property is an error");
	is_status(get(object, "NoSuch", &variant), 0x80041002, "WBEM_E_NOT_FOUND");
	is_status(get(object, "__NOSUCH", &variant), 0x80041002, "a system property that is none");
	is_status(IWbemClassObject_Get(object, L"EnabledState", 0, NULL, &type, &flavor), S_OK,
		"Get without a value");
	is_number(type, CIM_UINT16, "the CIM type");
	is_number(flavor, WBEM_FLAVOR_ORIGIN_LOCAL, "the instance has a value");
	is_status(IWbemClassObject_Get(object, L"EnabledState", 1, NULL, NULL, NULL), 0x80041008,
		"flags");
	is_status(IWbemClassObject_Get(object, L"OperationalStatus", 0, NULL, &type, NULL), S_OK,
		"a list");
	is_number(type, CIM_UINT16 | CIM_FLAG_ARRAY, "its CIM type");
	drop(object);
	query(hyperv, "SELECT * FROM Msvm_ComputerSystem WHERE Name = '" VM_C "'", &object);
	is_text(get_text(object, "ProcessID"), "-1", "a large uint32 is a negative VT_I4");
	drop(object);
	query(hyperv,
		"SELECT * FROM Msvm_SyntheticEthernetPortSettingData WHERE Address='00155D000001' "
		"AND "
		"InstanceID LIKE '%" VM_A "%'",
		&object);
	is_number(get_type(object, "StaticMacAddress"), VT_BOOL, "boolean is VT_BOOL");
	is_text(get_text(object, "VirtualQuantity"), "1", "uint64 as decimal text");
	drop(object);
	query(hyperv, "SELECT * FROM Msvm_KvpExchangeComponent WHERE SystemName='" VM_C "'",
		&object);
	is_status(get(object, "GuestIntrinsicExchangeItems", &variant), S_OK, "KVP items");
	is_number(V_VT(&variant), VT_ARRAY | VT_BSTR, "are a list of texts");
	VariantClear(&variant);
	drop(object);
	ok(strstr(control("get kvp " VM_C " GuestIntrinsicExchangeItems"),
		   "<VALUE>Linux &lt;6&gt;</VALUE>"),
		"with XML inside");
}

static void test_system_properties(void)
{
	IWbemClassObject *object;
	SAFEARRAY *names;
	LONG last = 0;
	BSTR mof;

	query(hyperv, "SELECT * FROM Msvm_ComputerSystem WHERE Name = '" VM_A "'", &object);
	is_text(get_text(object, "__CLASS"), "Msvm_ComputerSystem", "__CLASS");
	is_text(get_text(object, "__SUPERCLASS"), "CIM_ComputerSystem", "__SUPERCLASS");
	is_text(get_text(object, "__DYNASTY"), "CIM_ManagedElement", "__DYNASTY");
	is_text(get_text(object, "__GENUS"), "2", "__GENUS");
	is_text(get_text(object, "__SERVER"), "HV1", "__SERVER");
	is_text(get_text(object, "__NAMESPACE"), "root\\virtualization\\v2", "__NAMESPACE");
	is_text(get_text(object, "__RELPATH"), VM_PATH(VM_A), "__RELPATH");
	is_text(get_text(object, "__PATH"), "\\\\HV1\\root\\virtualization\\v2:" VM_PATH(VM_A),
		"__PATH");
	is_number(get_type(object, "__DERIVATION"), VT_ARRAY | VT_BSTR, "__DERIVATION");
	is_status(IWbemClassObject_GetNames(object, NULL, WBEM_FLAG_KEYS_ONLY, NULL, &names), S_OK,
		"GetNames of the keys");
	SafeArrayGetUBound(names, 1, &last);
	is_number(last, 1, "there are two");
	SafeArrayDestroy(names);
	is_status(
		IWbemClassObject_InheritsFrom(object, L"CIM_System"), S_OK, "InheritsFrom a base");
	is_status(
		IWbemClassObject_InheritsFrom(object, L"CIM_Job"), S_FALSE, "and not from another");
	is_status(IWbemClassObject_GetObjectText(object, 0, &mof), S_OK, "GetObjectText");
	ok(wcsstr(mof, L"instance of Msvm_ComputerSystem") && wcsstr(mof, L"EnabledState = 3;"),
		"is an instance in MOF");
	SysFreeString(mof);
	drop(object);
}

static void test_enumeration_of_properties(void)
{
	IWbemClassObject *object;
	unsigned count = 0;
	VARIANT variant;
	HRESULT result;
	BSTR name;

	query(hyperv, "SELECT Name, ElementName FROM Msvm_ComputerSystem WHERE Name='" VM_A "'",
		&object);
	is_status(IWbemClassObject_Next(object, 0, NULL, NULL, NULL, NULL), 0x8004101d,
		"Next without BeginEnumeration");
	IWbemClassObject_BeginEnumeration(object, WBEM_FLAG_NONSYSTEM_ONLY);
	while ((result = IWbemClassObject_Next(object, 0, &name, &variant, NULL, NULL)) == S_OK) {
		VariantClear(&variant);
		SysFreeString(name);
		count++;
	}
	is_status(result, WBEM_S_NO_MORE_DATA, "the end");
	is_number(count, 2, "only what was asked for");
	is_text(get_text(object, "ElementName"), "web \"01\"", "a property that was asked for");
	is_status(get(object, "EnabledState", &variant), 0x80041002, "one that was not");
	is_text(get_text(object, "__PATH"), "NULL", "no path without all keys");
	is_text(get_text(object, "__CLASS"), "Msvm_ComputerSystem", "but a class");
	drop(object);
	query(hyperv, "SELECT __PATH, ElementName FROM Msvm_ComputerSystem WHERE Name='" VM_A "'",
		&object);
	is_text(get_text(object, "__RELPATH"), VM_PATH(VM_A), "a path that was asked for");
	drop(object);
}

static void test_get_object(void)
{
	static const struct {
		const char *path;
		uint32_t want;
	} rows[] = {
		{"Msvm_ComputerSystem", 0},
		{"\\\\HV1\\root\\virtualization\\v2:Msvm_ConcreteJob", 0},
		{VM_PATH(VM_A), 0},
		{"\\\\HV1\\root\\virtualization\\v2:" VM_PATH(VM_A), 0},
		{"//./root/virtualization/v2:" VM_PATH(VM_A), 0},
		{"root\\virtualization\\v2:" VM_PATH(VM_A), 0},
		{"Msvm_ComputerSystem.Name='" VM_A "',CreationClassName='Msvm_ComputerSystem'", 0},
		{"Msvm_VirtualSystemSettingData.InstanceID=\"Microsoft:" VM_A "\"", 0},
		{"Msvm_VirtualSystemSettingData=\"Microsoft:" VM_A "\"", 0},
		{"Msvm_SyntheticEthernetPortSettingData.InstanceID=\"Microsoft:" VM_A
		 "\\\\" DEVICE_A "\"",
			0},
		{"Msvm_SyntheticEthernetPortSettingData.InstanceID=\"Microsoft:" VM_A "\\" DEVICE_A
		 "\"",
			0x8004103a},
		{"Msvm_NoSuch", 0x80041002},
		{"Msvm_NoSuch.A=\"b\"", 0x80041010},
		{"Win32_Service.Name=\"vmms\"", 0x80041010},
		{VM_PATH("11111111-2222-4333-8444-000000000000"), 0x80041002},
		{"Msvm_ComputerSystem.Name=\"" VM_A "\"", 0x8004103a},
		{"Msvm_ComputerSystem.CreationClassName=\"Msvm_ComputerSystem\",ElementName=\"x\"",
			0x8004103a},
		{"Msvm_ComputerSystem.Name=" VM_A, 0x8004103a},
		{"Msvm_ComputerSystem.Name=\"" VM_A, 0x8004103a},
		{"Msvm_ComputerSystem.", 0x8004103a},
		{"a b", 0x8004103a},
		{"", 0x8004103a},
		{"\\\\other\\root\\virtualization\\v2:" VM_PATH(VM_A), 0x8004103a},
		{"\\\\HV1\\root\\cimv2:" VM_PATH(VM_A), 0x8004103a},
	};
	IWbemClassObject *object;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		is_status(fetch(hyperv, rows[i].path, &object), rows[i].want, "GetObject '%s'",
			rows[i].path);
		drop(object);
	}
	fetch(hyperv, "Msvm_ComputerSystem", &object);
	is_text(get_text(object, "__GENUS"), "1", "a class");
	is_number(get_type(object, "EnabledState"), VT_NULL, "has no values");
	drop(object);
}

int main(int count, char **arguments)
{
	if (!selftest_begin(count, arguments))
		return tap_done();
	connect_hyperv();
	test_queries();
	test_other_name_spaces();
	test_types();
	test_system_properties();
	test_enumeration_of_properties();
	test_get_object();
	return selftest_end();
}
