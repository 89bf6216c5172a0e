/* SPDX-License-Identifier: BSD-2-Clause */
/* --group: what listens is in multicast groups. */
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "cli/request/group.h"

const struct option group_options[] = {
	{ .name = "group",
	    .arg = "ADDR[%IF]",
	    .repeat = true,
	    .help = "also take requests to a multicast group (coap://); "
		    "default: All CoAP Nodes" },
	{ .name = NULL },
};

/* RFC 7252 section 12.8 */
static const char *const all_coap_nodes[] = { "224.0.1.187", "ff02::fd",
	"ff05::fd" };

#define N_ALL (sizeof all_coap_nodes / sizeof all_coap_nodes[0])

static bool
is_default(const char *text)
{
	return strncmp(text, "default", 7) == 0 &&
	    (text[7] == '\0' || text[7] == '%');
}

int
group_check(struct job *job)
{
	const char *text;
	const char *zone;

	for (size_t i = 0; i < args_count(&job->args, "group"); i++) {
		text = args_nth(&job->args, "group", i);
		zone = strchr(text, '%');
		if (*text == '\0' || zone == text || strlen(text) >= 100)
			return job_fail(job, STATUS_USAGE,
			    "--group wants the address of a group, such as "
			    "ff02::fd%%eth0, or 'default', not '%s'",
			    text);
		if (zone && if_nametoindex(zone + 1) == 0)
			return job_fail(job, STATUS_USAGE,
			    "--group %s: this host has no interface '%s'", text,
			    zone + 1);
	}
	return STATUS_OK;
}

/* Whether i is the first row of its interface in the list, and it is up. */
static bool
is_interface(const struct ifaddrs *list, const struct ifaddrs *i)
{
	const struct ifaddrs *j;

	for (j = list; j != i; j = j->ifa_next)
		if (strcmp(j->ifa_name, i->ifa_name) == 0)
			return false;
	return (i->ifa_flags & IFF_UP) &&
	    (i->ifa_flags & (IFF_MULTICAST | IFF_LOOPBACK));
}

/* One group, on one interface or on all of them: on how many. */
static unsigned
join(coap_context_t *context, const char *group, const char *ifname)
{
	struct ifaddrs *list, *i;
	unsigned n = 0;

	if (ifname)
		return coap_join_mcast_group_intf(context, group, ifname) == 0;
	if (getifaddrs(&list) < 0)
		return coap_join_mcast_group_intf(context, group, NULL) == 0;
	for (i = list; i; i = i->ifa_next)
		if (is_interface(list, i) &&
		    coap_join_mcast_group_intf(context, group, i->ifa_name) ==
			0)
			n++;
	freeifaddrs(list);
	return n;
}

/* What stands in the way, for people. */
static const char *
why_not(int err, const char *text)
{
	if (err == -COAP_E_STATE)
		return "no listener can hear it: that takes a coap:// one on "
		       "all addresses, such as coap://*, of its family";
	if (err == -COAP_E_INVAL)
		return "that is no address of a multicast group";
	if (err == -COAP_E_RESOLVE)
		return "the name does not resolve";
	return text;
}

static int
join_word(struct job *job, const char *word)
{
	coap_context_t *context = job->app->context;
	char text[100];
	char *zone;
	char why[200] = "";
	int err;
	unsigned n = 0;

	snprintf(text, sizeof text, "%s", word);
	zone = strchr(text, '%');
	if (zone)
		*zone++ = '\0';
	if (!is_default(text))
		n = join(context, text, zone);
	for (size_t i = 0; i < N_ALL && is_default(text); i++)
		n += join(context, all_coap_nodes[i], zone);
	if (n > 0)
		return STATUS_OK;
	err = coapx_context_error(context, why, sizeof why);
	return job_fail(job, STATUS_LOCAL, "--group %s: %s", word,
	    why_not(err, why));
}

int
group_join(struct job *job)
{
	int status = STATUS_OK;

	for (size_t i = 0;
	     i < args_count(&job->args, "group") && status == STATUS_OK; i++)
		status = join_word(job, args_nth(&job->args, "group", i));
	return status;
}
