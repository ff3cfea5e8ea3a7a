/* SPDX-License-Identifier: MIT */
/*
 * firewall_rule.c - the rule that lets magic packets through the Windows firewall
 *
 * Through INetFwPolicy2 and INetFwRule (netfw.h), which the firewall's service answers. Several
 * rules may have the same name, and Remove() takes one of them away.
 */
#include "service/windows/firewall_rule.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/windows/wide.h"
#include "service/windows/names.h"

/* Behind our own: it makes `interface` a macro. */
#include <windows.h>

#include <netfw.h>
#include <oleauto.h>

/* netfw.h declares them, and no library of the toolchain has them. */
static const GUID CLASS_POLICY = {
	0xe2b3c97f, 0x6ae1, 0x41ac, {0x81, 0x7a, 0xf6, 0xf9, 0x21, 0x66, 0xd7, 0xdd}};
static const GUID INTERFACE_POLICY = {
	0x98325047, 0xc671, 0x4174, {0x8d, 0x81, 0xde, 0xfc, 0xd3, 0xf0, 0x31, 0x86}};
static const GUID CLASS_RULE = {
	0x2c5bc43e, 0x3369, 0x4c33, {0xab, 0x0c, 0xbe, 0x94, 0x69, 0x67, 0x7a, 0xf4}};
static const GUID INTERFACE_RULE = {
	0xaf230d27, 0xbaba, 0x4e42, {0xac, 0xed, 0xf5, 0x24, 0xf2, 0x2c, 0xfc, 0xe2}};

enum { SAME_NAME_MAX = 32 };

/* COM for this thread, and the firewall's list of rules. */
struct firewall {
	bool initialized;
	INetFwPolicy2 *policy;
	INetFwRules *rules;
};

static int open_firewall(struct firewall *firewall, struct error *error)
{
	HRESULT result = CoInitializeEx(NULL, COINIT_MULTITHREADED);

	*firewall = (struct firewall){.initialized = SUCCEEDED(result)};
	/* A thread that has COM of the other kind already has it all the same. */
	if (SUCCEEDED(result) || result == RPC_E_CHANGED_MODE)
		result = CoCreateInstance(&CLASS_POLICY, NULL, CLSCTX_INPROC_SERVER,
			&INTERFACE_POLICY, (void **)&firewall->policy);
	if (SUCCEEDED(result))
		result = INetFwPolicy2_get_Rules(firewall->policy, &firewall->rules);
	if (SUCCEEDED(result) && firewall->rules)
		return 0;
	error_set_windows(error, ERR_FAILED, (uint32_t)result,
		"the Windows firewall cannot be asked for its rules");
	return -ERR_FAILED;
}

static void close_firewall(struct firewall *firewall)
{
	if (firewall->rules)
		INetFwRules_Release(firewall->rules);
	if (firewall->policy)
		INetFwPolicy2_Release(firewall->policy);
	if (firewall->initialized)
		CoUninitialize();
}

/* A property that is a text. */
typedef HRESULT STDMETHODCALLTYPE put_text_fn(INetFwRule *rule, BSTR text);

static HRESULT put_text(INetFwRule *rule, put_text_fn *put, const wchar_t *text)
{
	BSTR copy = SysAllocString(text);
	HRESULT result = copy ? put(rule, copy) : E_OUTOFMEMORY;

	SysFreeString(copy);
	return result;
}

/* The protocol stands before the ports: they are judged by it. */
static HRESULT fill_rule(INetFwRule *rule, const wchar_t *program)
{
	INetFwRuleVtbl *table = rule->lpVtbl;
	HRESULT result = put_text(rule, table->put_Name, WIDE(FIREWALL_RULE_NAME));

	if (SUCCEEDED(result))
		result = put_text(rule, table->put_Description, WIDE(FIREWALL_RULE_DESCRIPTION));
	if (SUCCEEDED(result))
		result = put_text(rule, table->put_Grouping, WIDE(FIREWALL_RULE_GROUP));
	if (SUCCEEDED(result))
		result = put_text(rule, table->put_ApplicationName, program);
	if (SUCCEEDED(result))
		result = table->put_Protocol(rule, NET_FW_IP_PROTOCOL_UDP);
	if (SUCCEEDED(result))
		result = put_text(rule, table->put_LocalPorts, WIDE(FIREWALL_RULE_PORTS));
	if (SUCCEEDED(result))
		result = table->put_Direction(rule, NET_FW_RULE_DIR_IN);
	if (SUCCEEDED(result))
		result = table->put_Profiles(rule, NET_FW_PROFILE2_ALL);
	if (SUCCEEDED(result))
		result = table->put_Action(rule, NET_FW_ACTION_ALLOW);
	if (SUCCEEDED(result))
		result = table->put_Enabled(rule, VARIANT_TRUE);
	return result;
}

/* How many rules of our name there were; all are gone now. */
static int remove_all(INetFwRules *rules, HRESULT *result)
{
	BSTR name = SysAllocString(WIDE(FIREWALL_RULE_NAME));
	int count = 0;

	*result = name ? S_OK : E_OUTOFMEMORY;
	while (name && count < SAME_NAME_MAX) {
		INetFwRule *rule = NULL;

		if (FAILED(INetFwRules_Item(rules, name, &rule)) || !rule)
			break; /* there is none, or none any more */
		INetFwRule_Release(rule);
		*result = INetFwRules_Remove(rules, name);
		if (FAILED(*result))
			break;
		count++;
	}
	SysFreeString(name);
	return count;
}

static HRESULT add_rule(INetFwRules *rules, const wchar_t *program)
{
	INetFwRule *rule = NULL;
	HRESULT result = CoCreateInstance(
		&CLASS_RULE, NULL, CLSCTX_INPROC_SERVER, &INTERFACE_RULE, (void **)&rule);

	if (FAILED(result))
		return result;
	result = fill_rule(rule, program);
	if (SUCCEEDED(result))
		remove_all(rules, &result);
	if (SUCCEEDED(result))
		result = INetFwRules_Add(rules, rule);
	INetFwRule_Release(rule);
	return result;
}

int firewall_rule_add(const char *program, struct error *error)
{
	struct firewall firewall;
	wchar_t *path = wide_from_utf8(program);
	int failed = path ? open_firewall(&firewall, error)
			  : error_set(error, ERR_FAILED, "there is not enough memory");

	if (!path)
		return failed;
	if (!failed) {
		HRESULT result = add_rule(firewall.rules, path);

		if (FAILED(result))
			failed = error_set_windows(error, ERR_FAILED, (uint32_t)result,
				"the Windows firewall does not take the rule");
	}
	close_firewall(&firewall);
	free(path);
	return failed;
}

int firewall_rule_remove(struct error *error)
{
	struct firewall firewall;
	int result = open_firewall(&firewall, error);

	if (!result) {
		HRESULT failed;
		int count = remove_all(firewall.rules, &failed);

		result = count > 0;
		if (FAILED(failed))
			result = error_set_windows(error, ERR_FAILED, (uint32_t)failed,
				"the Windows firewall does not remove the rule");
	}
	close_firewall(&firewall);
	return result;
}
