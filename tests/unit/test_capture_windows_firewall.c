/* SPDX-License-Identifier: MIT */
/*
 * test_capture_windows_firewall.c - asking the Windows firewall
 *
 * The firewall is one of the test's own: a class object that is registered in the process goes
 * before the one that Windows (or Wine) has.
 */
#include "capture/windows/firewall.h"

#include <windows.h>

#include <netfw.h>

#include "tap.h"

/* netfw.h declares them, and no library of the toolchain has them. */
static const GUID CLASS_POLICY = {
	0xe2b3c97f, 0x6ae1, 0x41ac, {0x81, 0x7a, 0xf6, 0xf9, 0x21, 0x66, 0xd7, 0xdd}};

enum { RULES = 3 };

struct fake_rule {
	INetFwRule rule; /* the vtable comes first */
	bool enabled, inbound, allow, broken;
	LONG protocol;
	const wchar_t *ports, *application, *service;
};

static struct fake_rule rules[RULES];
static ULONG next_rule;
static LONG references, texts_given;
static LONG profile_types = NET_FW_PROFILE2_PUBLIC;
static VARIANT_BOOL block_all;
static bool profile_unreadable;

static HRESULT WINAPI query_itself(IUnknown *me, REFIID id, void **result)
{
	(void)id;
	InterlockedIncrement(&references);
	*result = me;
	return S_OK;
}

static ULONG WINAPI add_reference(IUnknown *me)
{
	(void)me;
	return (ULONG)InterlockedIncrement(&references);
}

static ULONG WINAPI release(IUnknown *me)
{
	(void)me;
	return (ULONG)InterlockedDecrement(&references);
}

/* The first three of every interface. */
#define UNKNOWN(type)                                                               \
	.QueryInterface = (HRESULT(WINAPI *)(type *, REFIID, void **))query_itself, \
	.AddRef = (ULONG(WINAPI *)(type *))add_reference,                           \
	.Release = (ULONG(WINAPI *)(type *))release

static HRESULT give_flag(bool value, VARIANT_BOOL *result)
{
	*result = value ? VARIANT_TRUE : VARIANT_FALSE;
	return S_OK;
}

static HRESULT give_text(const wchar_t *text, BSTR *result)
{
	*result = text ? SysAllocString(text) : NULL;
	return S_OK;
}

static HRESULT WINAPI get_enabled(INetFwRule *me, VARIANT_BOOL *result)
{
	return give_flag(((struct fake_rule *)me)->enabled, result);
}

static HRESULT WINAPI get_direction(INetFwRule *me, NET_FW_RULE_DIRECTION *result)
{
	*result = ((struct fake_rule *)me)->inbound ? NET_FW_RULE_DIR_IN : NET_FW_RULE_DIR_OUT;
	return S_OK;
}

static HRESULT WINAPI get_protocol(INetFwRule *me, LONG *result)
{
	*result = ((struct fake_rule *)me)->protocol;
	return ((struct fake_rule *)me)->broken ? E_FAIL : S_OK;
}

static HRESULT WINAPI get_rule_profiles(INetFwRule *me, LONG *result)
{
	(void)me;
	*result = NET_FW_PROFILE2_ALL;
	return S_OK;
}

static HRESULT WINAPI get_action(INetFwRule *me, NET_FW_ACTION *result)
{
	*result = ((struct fake_rule *)me)->allow ? NET_FW_ACTION_ALLOW : NET_FW_ACTION_BLOCK;
	return S_OK;
}

static HRESULT WINAPI get_ports(INetFwRule *me, BSTR *result)
{
	texts_given++;
	return give_text(((struct fake_rule *)me)->ports, result);
}

static HRESULT WINAPI get_application(INetFwRule *me, BSTR *result)
{
	return give_text(((struct fake_rule *)me)->application, result);
}

static HRESULT WINAPI get_service(INetFwRule *me, BSTR *result)
{
	return give_text(((struct fake_rule *)me)->service, result);
}

static HRESULT WINAPI get_any(INetFwRule *me, BSTR *result)
{
	(void)me;
	return give_text(L"*", result);
}

static HRESULT WINAPI get_types(INetFwRule *me, BSTR *result)
{
	(void)me;
	return give_text(L"All", result);
}

static INetFwRuleVtbl rule_table = {UNKNOWN(INetFwRule), .get_Enabled = get_enabled,
	.get_Direction = get_direction, .get_Protocol = get_protocol,
	.get_Profiles = get_rule_profiles, .get_Action = get_action, .get_LocalPorts = get_ports,
	.get_ApplicationName = get_application, .get_ServiceName = get_service,
	.get_LocalAddresses = get_any, .get_RemoteAddresses = get_any,
	.get_InterfaceTypes = get_types};

static HRESULT WINAPI get_next(IEnumVARIANT *me, ULONG count, VARIANT *items, ULONG *fetched)
{
	(void)me;
	*fetched = 0;
	if (next_rule == RULES || count != 1)
		return S_FALSE;
	VariantInit(items);
	V_VT(items) = VT_DISPATCH;
	V_DISPATCH(items) = (IDispatch *)&rules[next_rule++].rule;
	InterlockedIncrement(&references);
	*fetched = 1;
	return S_OK;
}

static IEnumVARIANTVtbl each_table = {UNKNOWN(IEnumVARIANT), .Next = get_next};
static IEnumVARIANT each = {&each_table};

static HRESULT WINAPI get_each(INetFwRules *me, IUnknown **result)
{
	(void)me;
	next_rule = 0;
	InterlockedIncrement(&references);
	*result = (IUnknown *)&each;
	return S_OK;
}

static INetFwRulesVtbl rules_table = {UNKNOWN(INetFwRules), .get__NewEnum = get_each};
static INetFwRules rule_list = {&rules_table};

static HRESULT WINAPI get_current(INetFwPolicy2 *me, LONG *result)
{
	(void)me;
	*result = profile_types;
	return S_OK;
}

static HRESULT WINAPI get_firewall_enabled(
	INetFwPolicy2 *me, NET_FW_PROFILE_TYPE2 type, VARIANT_BOOL *result)
{
	(void)me;
	(void)type;
	*result = VARIANT_TRUE;
	return profile_unreadable ? E_ACCESSDENIED : S_OK;
}

static HRESULT WINAPI get_block_all(
	INetFwPolicy2 *me, NET_FW_PROFILE_TYPE2 type, VARIANT_BOOL *result)
{
	(void)me;
	(void)type;
	*result = block_all;
	return S_OK;
}

static HRESULT WINAPI get_default(
	INetFwPolicy2 *me, NET_FW_PROFILE_TYPE2 type, NET_FW_ACTION *result)
{
	(void)me;
	(void)type;
	*result = NET_FW_ACTION_BLOCK;
	return S_OK;
}

static HRESULT WINAPI get_rules(INetFwPolicy2 *me, INetFwRules **result)
{
	(void)me;
	InterlockedIncrement(&references);
	*result = &rule_list;
	return S_OK;
}

static INetFwPolicy2Vtbl policy_table = {UNKNOWN(INetFwPolicy2),
	.get_CurrentProfileTypes = get_current, .get_FirewallEnabled = get_firewall_enabled,
	.get_BlockAllInboundTraffic = get_block_all, .get_DefaultInboundAction = get_default,
	.get_Rules = get_rules};
static INetFwPolicy2 policy = {&policy_table};

static HRESULT WINAPI query_factory(IClassFactory *me, REFIID id, void **result)
{
	*result = NULL;
	if (!IsEqualGUID(id, &IID_IUnknown) && !IsEqualGUID(id, &IID_IClassFactory))
		return E_NOINTERFACE;
	*result = me;
	return S_OK;
}

static HRESULT WINAPI create(IClassFactory *me, IUnknown *outer, REFIID id, void **result)
{
	(void)me;
	(void)outer;
	(void)id;
	InterlockedIncrement(&references);
	*result = &policy;
	return S_OK;
}

static HRESULT WINAPI lock_server(IClassFactory *me, BOOL lock)
{
	(void)me;
	(void)lock;
	return S_OK;
}

static ULONG WINAPI count_nothing(IClassFactory *me)
{
	(void)me;
	return 1;
}

static IClassFactoryVtbl factory_table = {.QueryInterface = query_factory,
	.AddRef = count_nothing,
	.Release = count_nothing,
	.CreateInstance = create,
	.LockServer = lock_server};
static IClassFactory factory = {&factory_table};

static char text[256];

static const char *ask(void)
{
	struct firewall_verdict verdict;
	atomic_bool stop = false;

	firewall_read(&verdict, &stop);
	firewall_describe(&verdict, text, sizeof(text));
	if (!verdict.known)
		strcpy(text, "unknown");
	return text;
}

/* An outbound rule, one of another program, and one of ours. */
static void set_rules(void)
{
	static const struct fake_rule usual = {.rule = {&rule_table},
		.enabled = true,
		.inbound = true,
		.allow = true,
		.protocol = 17};

	rules[0] = rules[1] = rules[2] = usual;
	rules[0].inbound = false;
	rules[1].application = L"%SystemRoot%\\system32\\svchost.exe";
	rules[2].ports = L"7,9";
}

#define BOTH "The Windows firewall (profile public) drops UDP to ports 7 and 9"

static void test_rules(void)
{
	wchar_t own[MAX_PATH];

	set_rules();
	is_text(ask(), "", "a rule lets it through");
	rules[2].ports = L"9";
	is_text(ask(), "The Windows firewall (profile public) drops UDP to port 7", "one of two");
	rules[2].ports = L"53";
	is_text(ask(), BOTH, "no rule does");
	GetModuleFileNameW(NULL, own, MAX_PATH);
	rules[1].application = own;
	is_text(ask(), "", "a rule for this program");
	SetEnvironmentVariableW(L"FAKE_SELF", own);
	rules[1].application = L"%FAKE_SELF%";
	is_text(ask(), "", "with a variable in its path");
	rules[1].enabled = false;
	is_text(ask(), BOTH, "switched off");
	rules[1].enabled = true;
	rules[1].service = L"Other";
	is_text(ask(), BOTH, "for another service");
	rules[1].service = L"HyperVive";
	is_text(ask(), "", "for ours");
	texts_given = 0;
	rules[0].protocol = 6;
	rules[1].protocol = 6;
	rules[2].enabled = false;
	is_text(ask(), BOTH, "none at all");
	is_number(texts_given, 0, "rules that do not matter are not read in full");
}

static void test_unknown(void)
{
	struct firewall_verdict verdict;
	atomic_bool stop = true;

	set_rules();
	rules[2].broken = true;
	is_text(ask(), "unknown", "a rule that cannot be read");
	set_rules();
	profile_unreadable = true;
	is_text(ask(), "unknown", "a profile that cannot be read");
	profile_unreadable = false;
	profile_types = 0;
	is_text(ask(), "unknown", "no network");
	profile_types = NET_FW_PROFILE2_PUBLIC;
	block_all = VARIANT_TRUE;
	is_text(ask(), BOTH, "everything blocked");
	block_all = VARIANT_FALSE;
	firewall_read(&verdict, &stop);
	ok(!verdict.known, "stopped early");
	is_text(ask(), "", "and as before");
}

int main(void)
{
	DWORD cookie;

	CoInitializeEx(NULL, COINIT_MULTITHREADED);
	ok(CoRegisterClassObject(&CLASS_POLICY, (IUnknown *)&factory, CLSCTX_INPROC_SERVER,
		   REGCLS_MULTIPLEUSE, &cookie) == S_OK,
		"a firewall of our own");
	test_rules();
	test_unknown();
	is_number(references, 0, "everything that was taken is given back");
	CoRevokeClassObject(cookie);
	CoUninitialize();
	return tap_done();
}
