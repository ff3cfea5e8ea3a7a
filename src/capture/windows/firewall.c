/* SPDX-License-Identifier: MIT */
/*
 * firewall.c - asks the Windows firewall through INetFwPolicy2 (netfw.h)
 *
 * Nothing is said that was not read: a value or a rule that the firewall does not give makes the
 * whole verdict unknown, and so do rules of a group policy, which it does not list. No one is sent
 * to look for trouble that is none.
 */
#include "capture/windows/firewall.h"

#include <windows.h>

#include <netfw.h>
#include <oleauto.h>
#include <stdlib.h>
#include <string.h>

#include "base/windows/wide.h"

/* netfw.h declares them, and no library of the toolchain has them. */
static const GUID CLASS_POLICY = {
	0xe2b3c97f, 0x6ae1, 0x41ac, {0x81, 0x7a, 0xf6, 0xf9, 0x21, 0x66, 0xd7, 0xdd}};
static const GUID INTERFACE_POLICY = {
	0x98325047, 0xc671, 0x4174, {0x8d, 0x81, 0xde, 0xfc, 0xd3, 0xf0, 0x31, 0x86}};
static const GUID INTERFACE_RULE = {
	0xaf230d27, 0xbaba, 0x4e42, {0xac, 0xed, 0xf5, 0x24, 0xf2, 0x2c, 0xfc, 0xe2}};

static const char SERVICE_NAME[] = "HyperVive";

enum { PATH_LENGTH = 1024, PATH_SIZE = 3 * PATH_LENGTH, PROTOCOL_UDP = 17, PROTOCOL_ANY = 256 };

/* Rules of a group policy stand here and not among those that INetFwPolicy2 lists. */
static const wchar_t POLICY_RULES[] =
	L"SOFTWARE\\Policies\\Microsoft\\WindowsFirewall\\FirewallRules";

static bool has_policy_rules(void)
{
	DWORD count = 0;
	HKEY key;

	if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, POLICY_RULES, 0, KEY_READ, &key) != ERROR_SUCCESS)
		return false;
	RegQueryInfoKeyW(key, NULL, NULL, NULL, NULL, NULL, NULL, &count, NULL, NULL, NULL, NULL);
	RegCloseKey(key);
	return count > 0;
}

static bool read_profile(
	INetFwPolicy2 *policy, NET_FW_PROFILE_TYPE2 type, struct firewall_profile *profile)
{
	VARIANT_BOOL enabled = VARIANT_FALSE, block_all = VARIANT_FALSE;
	NET_FW_ACTION action = NET_FW_ACTION_ALLOW;

	if (FAILED(INetFwPolicy2_get_FirewallEnabled(policy, type, &enabled)) ||
		FAILED(INetFwPolicy2_get_BlockAllInboundTraffic(policy, type, &block_all)) ||
		FAILED(INetFwPolicy2_get_DefaultInboundAction(policy, type, &action)))
		return false;
	profile->enabled = enabled != VARIANT_FALSE;
	profile->block_all = block_all != VARIANT_FALSE;
	profile->default_block = action == NET_FW_ACTION_BLOCK;
	return true;
}

static bool read_profiles(INetFwPolicy2 *policy, struct firewall_verdict *verdict)
{
	LONG current = 0;

	if (FAILED(INetFwPolicy2_get_CurrentProfileTypes(policy, &current)) || current == 0)
		return false;
	for (int i = 0; i < FIREWALL_PROFILE_COUNT; i++) {
		NET_FW_PROFILE_TYPE2 type = (NET_FW_PROFILE_TYPE2)(1 << i);

		if (!(current & (1 << i)))
			continue;
		verdict->profiles[i].current = true;
		if (!read_profile(policy, type, &verdict->profiles[i]))
			return false;
	}
	return true;
}

/* A text for free() in UTF-8, or NULL; takes the BSTR. */
static char *take_text(BSTR wide)
{
	char *text = wide_to_new_utf8(wide);

	SysFreeString(wide);
	return text;
}

static char *expand(BSTR wide)
{
	wchar_t expanded[PATH_LENGTH];
	DWORD length = wide ? ExpandEnvironmentStringsW(wide, expanded, PATH_LENGTH) : 0;
	char *text = length > 0 && length <= PATH_LENGTH ? wide_to_new_utf8(expanded)
							 : wide_to_new_utf8(wide);

	SysFreeString(wide);
	return text;
}

typedef HRESULT STDMETHODCALLTYPE text_getter(INetFwRule *rule, BSTR *text);

enum { TEXT_COUNT = 6 };

/* The texts of a rule, in the order of their getters; false when one cannot be read. */
static bool read_texts(INetFwRule *from, char *texts[TEXT_COUNT])
{
	text_getter *const getters[TEXT_COUNT] = {
		from->lpVtbl->get_LocalPorts,
		from->lpVtbl->get_ApplicationName,
		from->lpVtbl->get_ServiceName,
		from->lpVtbl->get_LocalAddresses,
		from->lpVtbl->get_RemoteAddresses,
		from->lpVtbl->get_InterfaceTypes,
	};
	bool read = true;

	for (int i = 0; i < TEXT_COUNT; i++) {
		BSTR wide = NULL;

		if (FAILED(getters[i](from, &wide)))
			read = false;
		texts[i] = i == 1 ? expand(wide) : take_text(wide);
	}
	return read;
}

/* What decides first, so that most rules cost three calls. */
static bool read_kind(INetFwRule *from, struct firewall_rule *rule, bool *concerns_us)
{
	VARIANT_BOOL enabled = VARIANT_FALSE;
	NET_FW_RULE_DIRECTION direction = NET_FW_RULE_DIR_OUT;
	NET_FW_ACTION action = NET_FW_ACTION_ALLOW;
	LONG protocol = 0, profiles = 0;

	*concerns_us = false;
	if (FAILED(INetFwRule_get_Enabled(from, &enabled)))
		return false;
	if (enabled == VARIANT_FALSE)
		return true;
	if (FAILED(INetFwRule_get_Direction(from, &direction)))
		return false;
	if (direction != NET_FW_RULE_DIR_IN)
		return true;
	if (FAILED(INetFwRule_get_Protocol(from, &protocol)) ||
		FAILED(INetFwRule_get_Profiles(from, &profiles)) ||
		FAILED(INetFwRule_get_Action(from, &action)))
		return false;
	*concerns_us = protocol == PROTOCOL_UDP || protocol == PROTOCOL_ANY;
	*rule = (struct firewall_rule){
		.enabled = true,
		.inbound = true,
		.allow = action == NET_FW_ACTION_ALLOW,
		.protocol = protocol,
		.profiles = (unsigned)profiles,
	};
	return true;
}

/* False when it cannot be read. */
static bool consider(
	struct firewall_verdict *verdict, INetFwRule *from, const struct firewall_program *program)
{
	struct firewall_rule rule = {0};
	char *texts[TEXT_COUNT];
	bool concerns_us, read = read_kind(from, &rule, &concerns_us);

	if (!read || !concerns_us)
		return read;
	read = read_texts(from, texts);
	if (read) {
		rule.local_ports = texts[0];
		rule.application = texts[1];
		rule.service = texts[2];
		rule.local_addresses = texts[3];
		rule.remote_addresses = texts[4];
		rule.interface_types = texts[5];
		firewall_consider(verdict, &rule, program);
	}
	for (int i = 0; i < TEXT_COUNT; i++)
		free(texts[i]);
	return read;
}

/* The item is any of the enumeration's; false when it is no rule that can be read. */
static bool consider_item(struct firewall_verdict *verdict, const VARIANT *item,
	const struct firewall_program *program)
{
	INetFwRule *rule = NULL;
	bool read;

	if (V_VT(item) != VT_DISPATCH || !V_DISPATCH(item) ||
		FAILED(IDispatch_QueryInterface(V_DISPATCH(item), &INTERFACE_RULE, (void **)&rule)))
		return false;
	read = consider(verdict, rule, program);
	INetFwRule_Release(rule);
	return read;
}

static bool read_rules(IEnumVARIANT *each, struct firewall_verdict *verdict,
	const struct firewall_program *program, const atomic_bool *stop)
{
	for (;;) {
		VARIANT item;
		ULONG count = 0;
		HRESULT result;

		if (atomic_load(stop))
			return false;
		VariantInit(&item);
		result = IEnumVARIANT_Next(each, 1, &item, &count);
		if (result != S_OK || count == 0)
			return SUCCEEDED(result);
		bool read = consider_item(verdict, &item, program);

		VariantClear(&item);
		if (!read)
			return false;
	}
}

static bool read_policy(INetFwPolicy2 *policy, struct firewall_verdict *verdict,
	const struct firewall_program *program, const atomic_bool *stop)
{
	INetFwRules *rules = NULL;
	IUnknown *unknown = NULL;
	IEnumVARIANT *each = NULL;
	bool read = false;

	if (!read_profiles(policy, verdict))
		return false;
	if (SUCCEEDED(INetFwPolicy2_get_Rules(policy, &rules)) && rules &&
		SUCCEEDED(INetFwRules_get__NewEnum(rules, &unknown)) && unknown &&
		SUCCEEDED(IUnknown_QueryInterface(unknown, &IID_IEnumVARIANT, (void **)&each)))
		read = read_rules(each, verdict, program, stop);
	if (each)
		IEnumVARIANT_Release(each);
	if (unknown)
		IUnknown_Release(unknown);
	if (rules)
		INetFwRules_Release(rules);
	return read;
}

void firewall_read(struct firewall_verdict *verdict, const atomic_bool *stop)
{
	wchar_t wide[PATH_LENGTH];
	char path[PATH_SIZE];
	const struct firewall_program program = {.path = path, .service = SERVICE_NAME};
	DWORD length = GetModuleFileNameW(NULL, wide, PATH_LENGTH);
	INetFwPolicy2 *policy = NULL;

	memset(verdict, 0, sizeof(*verdict));
	if (length == 0 || length == PATH_LENGTH ||
		FAILED(CoInitializeEx(NULL, COINIT_MULTITHREADED)))
		return;
	wide_to_utf8(path, sizeof(path), wide);
	if (SUCCEEDED(CoCreateInstance(&CLASS_POLICY, NULL, CLSCTX_INPROC_SERVER, &INTERFACE_POLICY,
		    (void **)&policy))) {
		verdict->known =
			!has_policy_rules() && read_policy(policy, verdict, &program, stop);
		INetFwPolicy2_Release(policy);
	}
	CoUninitialize();
}
