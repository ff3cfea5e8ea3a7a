/* SPDX-License-Identifier: MIT */
#include "host/hyperv/wmi_status.h"

#include <stddef.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct status {
	uint32_t number;
	enum wmi_class class;
	const char *name, *text;
} STATUSES[] = {
	{0x80041001, WMI_DOUBTFUL, "WBEM_E_FAILED", "the call failed"},
	{0x80041002, WMI_MISSING, "WBEM_E_NOT_FOUND", "there is no such object"},
	{0x80041003, WMI_DENIED, "WBEM_E_ACCESS_DENIED", "access is denied"},
	{0x80041004, WMI_DOUBTFUL, "WBEM_E_PROVIDER_FAILURE", "Hyper-V's WMI provider failed"},
	{0x80041005, WMI_OTHER, "WBEM_E_TYPE_MISMATCH", "a value has the wrong type"},
	{0x80041006, WMI_OTHER, "WBEM_E_OUT_OF_MEMORY", "the WMI service is out of memory"},
	{0x80041008, WMI_OTHER, "WBEM_E_INVALID_PARAMETER", "a parameter is wrong"},
	{0x80041009, WMI_DOUBTFUL, "WBEM_E_NOT_AVAILABLE", "it is not available now"},
	{0x8004100a, WMI_LOST, "WBEM_E_CRITICAL_ERROR", "the WMI service met a critical error"},
	{0x8004100c, WMI_OTHER, "WBEM_E_NOT_SUPPORTED", "it is not supported"},
	{0x8004100e, WMI_NO_HYPERV, "WBEM_E_INVALID_NAMESPACE", "there is no such WMI namespace"},
	{0x80041010, WMI_DOUBTFUL, "WBEM_E_INVALID_CLASS", "there is no such WMI class"},
	{0x80041011, WMI_DOUBTFUL, "WBEM_E_PROVIDER_NOT_FOUND",
		"Hyper-V's WMI provider cannot be found"},
	{0x80041013, WMI_LOST, "WBEM_E_PROVIDER_LOAD_FAILURE",
		"Hyper-V's WMI provider cannot be loaded; the Virtual Machine Management service "
		"may not be running"},
	{0x80041014, WMI_LOST, "WBEM_E_INITIALIZATION_FAILURE",
		"a part of the WMI service could not be initialized"},
	{0x80041015, WMI_LOST, "WBEM_E_TRANSPORT_FAILURE", "the connection to the host broke"},
	{0x80041017, WMI_OTHER, "WBEM_E_INVALID_QUERY", "the query is not valid here"},
	{0x8004101d, WMI_DOUBTFUL, "WBEM_E_UNEXPECTED", "something unexpected happened"},
	{0x80041021, WMI_OTHER, "WBEM_E_INVALID_SYNTAX", "the request is malformed"},
	{0x80041024, WMI_OTHER, "WBEM_E_PROVIDER_NOT_CAPABLE",
		"Hyper-V's WMI provider cannot do it"},
	{0x8004102e, WMI_OTHER, "WBEM_E_INVALID_METHOD", "there is no such method"},
	{0x8004102f, WMI_OTHER, "WBEM_E_INVALID_METHOD_PARAMETERS",
		"the method's parameters are wrong"},
	{0x80041032, WMI_LOST, "WBEM_E_CALL_CANCELLED", "the WMI service ended the call"},
	{0x80041033, WMI_LOST, "WBEM_E_SHUTTING_DOWN", "the WMI service is shutting down"},
	{0x8004103a, WMI_OTHER, "WBEM_E_INVALID_OBJECT_PATH", "the object path is malformed"},
	{0x80041045, WMI_DOUBTFUL, "WBEM_E_SERVER_TOO_BUSY", "the WMI service is too busy"},
	{0x80041058, WMI_OTHER, "WBEM_E_UNPARSABLE_QUERY", "the query cannot be understood"},
	{0x80041059, WMI_OTHER, "WBEM_E_NOT_EVENT_CLASS", "this is no class of notifications"},
	{0x80041061, WMI_OTHER, "WBEM_E_QUEUE_OVERFLOW", "notifications were lost"},
	{0x80041062, WMI_DENIED, "WBEM_E_PRIVILEGE_NOT_HELD", "a privilege is missing"},
	{0x80041064, WMI_OTHER, "WBEM_E_LOCAL_CREDENTIALS",
		"credentials cannot be given for this host"},
	{0x80041067, WMI_OTHER, "WBEM_E_CLIENT_TOO_SLOW", "notifications were lost"},
	{0x80041069, WMI_LOST, "WBEM_E_TIMED_OUT", "the host does not answer"},
	{0x8004106c, WMI_DOUBTFUL, "WBEM_E_QUOTA_VIOLATION",
		"too much is asked of the WMI service at once"},
	{0x80041071, WMI_LOST, "WBEM_E_CONNECTION_FAILED", "the connection to the host failed"},
	{0x80041081, WMI_DOUBTFUL, "WBEM_E_PROVIDER_SUSPENDED",
		"Hyper-V's WMI provider is suspended"},
	{0x80041086, WMI_LOST, "WBEM_E_FATAL_TRANSPORT_ERROR", "the connection to the host broke"},
	{0x80041088, WMI_DOUBTFUL, "WBEM_E_PROVIDER_TIMED_OUT",
		"Hyper-V's WMI provider does not answer"},
	{0x8004108a, WMI_DOUBTFUL, "WBEM_E_PROVIDER_DISABLED",
		"Hyper-V's WMI provider is disabled"},
	{0x80010007, WMI_LOST, "RPC_E_SERVER_DIED", "the WMI service died"},
	{0x80010012, WMI_LOST, "RPC_E_SERVER_DIED_DNE", "the WMI service died"},
	{0x80010108, WMI_LOST, "RPC_E_DISCONNECTED", "the WMI service let go of the connection"},
	{0x800401fd, WMI_LOST, "CO_E_OBJNOTCONNECTED", "the WMI service let go of the connection"},
	{0x80080005, WMI_LOST, "CO_E_SERVER_EXEC_FAILURE", "the WMI service cannot be started"},
	{0x80070005, WMI_DENIED, "E_ACCESSDENIED", "access is denied"},
	{0x80070422, WMI_LOST, "ERROR_SERVICE_DISABLED",
		"the WMI service (Winmgmt) cannot be started, because it is disabled"},
	{0x8007042c, WMI_LOST, "ERROR_SERVICE_DEPENDENCY_FAIL",
		"the WMI service (Winmgmt) cannot be started"},
	{0x8007045b, WMI_LOST, "ERROR_SHUTDOWN_IN_PROGRESS", "the host is shutting down"},
	{0x800706b5, WMI_DOUBTFUL, "RPC_S_UNKNOWN_IF", "the WMI service is not ready"},
	{0x800706ba, WMI_LOST, "RPC_S_SERVER_UNAVAILABLE", "nobody answers there"},
	{0x800706be, WMI_LOST, "RPC_S_CALL_FAILED", "the connection broke during the call"},
	{0x800706bf, WMI_LOST, "RPC_S_CALL_FAILED_DNE", "the connection broke before the call"},
};

static const struct status *find(uint32_t status)
{
	for (size_t i = 0; i < COUNT(STATUSES); i++) {
		if (STATUSES[i].number == status)
			return &STATUSES[i];
	}
	return NULL;
}

enum wmi_class wmi_status_class(uint32_t status)
{
	const struct status *found = find(status);

	return found ? found->class : WMI_OTHER;
}

const char *wmi_status_name(uint32_t status)
{
	const struct status *found = find(status);

	return found ? found->name : NULL;
}

const char *wmi_status_text(uint32_t status)
{
	const struct status *found = find(status);

	return found ? found->text : NULL;
}
