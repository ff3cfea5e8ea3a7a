/* SPDX-License-Identifier: MIT */
/* connection.c - one connection to libvirt */
#include <libxml/parser.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/libvirt/libvirt_host.h"

/* A daemon that answers nothing for 5 s, three times, is given up (about 20 s). */
enum { KEEPALIVE_SECONDS = 5, KEEPALIVE_COUNT = 3 };

static void ignore_error(void *context, virErrorPtr error)
{
	(void)context;
	(void)error;
}

static void ignore_xml_error(void *context, const char *format, ...)
{
	(void)context;
	(void)format;
}

static void initialize(void)
{
	xmlInitParser();
	virInitialize();
	/*
	 * libvirt prints its errors to stderr unless told otherwise, and so does libxml2, which
	 * it reads its drivers' files with; that is set for this thread and for those to come.
	 */
	virSetErrorFunc(NULL, ignore_error);
	xmlSetGenericErrorFunc(NULL, ignore_xml_error);
	xmlThrDefSetGenericErrorFunc(NULL, ignore_xml_error);
}

bool libvirt_alive(const struct host *host)
{
	return !subscription_gate_lost(host->gate) && virConnectIsAlive(host->connection) == 1;
}

/*
 * Whether this error means that the connection broke. libvirt has no code for that, and the
 * daemon passes on errors of connections of its own (to virtlogd, say) that look the same. An
 * internal error of the RPC layer is that a socket is closed, also that behind a daemon which
 * passes calls on (virtproxyd) while our own is well.
 */
static bool is_broken(const struct host *host, int code, int domain)
{
	return (code == VIR_ERR_INTERNAL_ERROR && domain == VIR_FROM_RPC) || !libvirt_alive(host);
}

int libvirt_error(const struct host *host, struct error *error)
{
	virErrorPtr last = virGetLastError();
	int number = last ? last->code : VIR_ERR_INTERNAL_ERROR;
	int domain = last ? (int)last->domain : VIR_FROM_NONE;
	char text[sizeof(error->text)];

	/* Before the next call of libvirt in this thread, which forgets it. */
	text_copy(text, sizeof(text),
		last && last->message ? last->message : "libvirt gives no reason");
	enum error_code code = ERR_FAILED;
	if (number == VIR_ERR_NO_DOMAIN)
		code = ERR_NOT_FOUND;
	else if (number == VIR_ERR_OPERATION_INVALID)
		code = ERR_STATE;
	else if (host && is_broken(host, number, domain))
		code = ERR_UNREACHABLE;
	int result = error_set(error, code, "%s", text);
	if (error)
		error->host_code = number;
	return result;
}

int libvirt_domain(
	struct host *host, const struct uuid *id, virDomainPtr *domain, struct error *error)
{
	*domain = virDomainLookupByUUID(host->connection, id->bytes);
	return *domain ? 0 : libvirt_error(host, error);
}

/* Asked when credentials are missing in libvirt's auth.conf; there is nobody to ask. */
static int refuse_credentials(virConnectCredentialPtr wanted, unsigned count, void *context)
{
	(void)wanted;
	(void)count;
	(void)context;
	return -1;
}

static virConnectPtr open_connection(const char *uri, enum host_access access)
{
	/* Only for what is listed here, auth.conf is read at all. */
	int types[] = {VIR_CRED_USERNAME, VIR_CRED_AUTHNAME, VIR_CRED_PASSPHRASE, VIR_CRED_REALM};
	virConnectAuth auth = {
		.credtype = types,
		.ncredtype = sizeof(types) / sizeof(types[0]),
		.cb = refuse_credentials,
	};
	virConnectPtr connection =
		virConnectOpenAuth(uri, &auth, access == HOST_READ_ONLY ? VIR_CONNECT_RO : 0);

	/* Embedded drivers need to write below their root even to be read. */
	if (!connection && access == HOST_READ_ONLY && libvirt_uri_is_embedded(uri))
		connection = virConnectOpenAuth(uri, &auth, 0);
	return connection;
}

static void host_close(struct host *host)
{
	if (!host)
		return;
	subscription_end(host);
	domain_cache_free(host->off);
	if (host->connection)
		virConnectClose(host->connection);
	if (host->in_loop)
		event_loop_release();
	free(host->uri);
	free(host);
}

static struct host *host_new(void)
{
	struct host *host = calloc(1, sizeof(*host));

	if (!host)
		return NULL;
	for (int i = 0; i < HOST_EVENTS; i++)
		host->events[i] = -1;
	host->files = -1;
	host->gate = subscription_gate_new();
	host->off = domain_cache_new();
	if (host->gate && host->off)
		return host;
	if (host->gate)
		subscription_gate_unref(host->gate);
	domain_cache_free(host->off);
	free(host);
	return NULL;
}

/* The URI to show: libvirt's way of writing it, but without what only we added. */
static char *uri_to_show(virConnectPtr connection, const char *given, const char *opened)
{
	char *uri = NULL;

	if (!given || strcmp(given, opened) == 0)
		uri = virConnectGetURI(connection);
	return uri ? uri : strdup(given ? given : "");
}

/* Opens what host_new() made; on failure the caller closes it. */
static int host_open(
	struct host *host, const char *uri, enum host_access access, struct error *error)
{
	char *silent = NULL;

	if (event_loop_acquire(error) < 0)
		return error_wrap(error, "cannot run libvirt's event loop");
	host->in_loop = true;
	if (uri) {
		silent = libvirt_uri_without_prompts(uri);
		if (!silent)
			return error_set(error, ERR_FAILED, "out of memory");
	}
	host->connection = open_connection(silent, access);
	if (host->connection)
		host->uri = uri_to_show(host->connection, uri, silent);
	else
		libvirt_error(NULL, error);
	free(silent);
	if (!host->connection) {
		error->code = ERR_UNREACHABLE;
		return error_wrap(error, "cannot connect to %s%s%s", uri ? "'" : "",
			uri ? uri : "libvirt on this host", uri ? "'" : "");
	}
	if (!host->uri)
		return error_set(error, ERR_FAILED, "out of memory");
	/* Not every driver has it, and those without notice by themselves. */
	virConnectSetKeepAlive(host->connection, KEEPALIVE_SECONDS, KEEPALIVE_COUNT);
	return 0;
}

static int host_connect(
	const char *uri, enum host_access access, struct host **connected, struct error *error)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct error local = {0};

	*connected = NULL;
	pthread_once(&once, initialize);
	int result = libvirt_uri_check(uri, error);
	if (result < 0)
		return result;
	struct host *host = host_new();
	if (!host)
		return error_set(error, ERR_FAILED, "out of memory");
	result = host_open(host, uri, access, error ? error : &local);
	if (result < 0)
		host_close(host);
	else
		*connected = host;
	return result;
}

static const char *host_uri(const struct host *host)
{
	return host->uri;
}

static int host_name(struct host *host, char *name, size_t size, struct error *error)
{
	char *hostname = virConnectGetHostname(host->connection);

	if (!hostname)
		return libvirt_error(host, error);
	text_copy(name, size, hostname);
	free(hostname);
	return 0;
}

const struct host_ops host_ops = {
	.check = libvirt_uri_check,
	.connect = host_connect,
	.close = host_close,
	.uri = host_uri,
	.name = host_name,
	.subscribe = subscription_begin,
	.list = domains_list,
	.read = domains_read,
	.status = domains_status,
	.start = domains_start,
	.act = domains_act,
};
