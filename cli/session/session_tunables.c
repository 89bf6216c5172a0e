/* SPDX-License-Identifier: BSD-2-Clause */
/* The one table of what can be set on a session. */
#include "cli/session/session_tunables.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"

#define THOUSANDTHS   3
#define FIXED_MAX     65535999 /* both parts of a coap_fixed_point_t full */
#define MTU_MIN       64
#define MTU_MAX       65535
#define KEEPALIVE_MAX 86400

static coap_fixed_point_t
fixed(uint64_t value)
{
	return (coap_fixed_point_t){
		.integer_part = (uint16_t)(value / 1000),
		.fractional_part = (uint16_t)(value % 1000),
	};
}

static uint64_t
unfixed(coap_fixed_point_t value)
{
	return (uint64_t)value.integer_part * 1000 + value.fractional_part;
}

/* The library's setter and getter as those of the table. */
#define TUNABLE(name, to, from)                                       \
	static int set_##name(struct named *named, uint64_t value)    \
	{                                                             \
		coap_session_set_##name(named->session, to(value));   \
		return 0;                                             \
	}                                                             \
	static uint64_t get_##name(const struct named *named)         \
	{                                                             \
		return from(coap_session_get_##name(named->session)); \
	}

TUNABLE(ack_timeout, fixed, unfixed)
TUNABLE(ack_random_factor, fixed, unfixed)
TUNABLE(default_leisure, fixed, unfixed)
TUNABLE(max_retransmit, (uint16_t), )
TUNABLE(nstart, (uint16_t), )
TUNABLE(probing_rate, (uint32_t), )

static int
set_mtu(struct named *named, uint64_t value)
{
	coap_session_set_mtu(named->session, (unsigned)value);
	return 0;
}

static uint64_t
get_mtu(const struct named *named)
{
	coapx_session_info_t info = { .size = sizeof info };

	coapx_session_get_info(named->session, &info);
	return info.mtu;
}

static int
set_keepalive(struct named *named, uint64_t value)
{
	int err = coapx_session_set_keepalive(named->session, (unsigned)value);

	if (err == 0)
		named->keepalive = (unsigned)value;
	return err;
}

static uint64_t
get_keepalive(const struct named *named)
{
	return named->keepalive;
}

static int
set_reconnect(struct named *named, uint64_t value)
{
	int err =
	    coapx_session_set_reconnect(named->session, (unsigned)value, 0);

	if (err == 0)
		named->reconnect = (unsigned)value;
	return err;
}

static uint64_t
get_reconnect(const struct named *named)
{
	return named->reconnect;
}

const struct tunable tunables[] = {
	{ "ack-timeout", "seconds that a CON waits for its ACK, at least",
	    THOUSANDTHS, 1, FIXED_MAX, set_ack_timeout, get_ack_timeout },
	{ "ack-random-factor", "how much longer it may wait, by chance",
	    THOUSANDTHS, 1000, FIXED_MAX, set_ack_random_factor,
	    get_ack_random_factor },
	{ "max-retransmit", "how often a CON is sent again", 0, 1, UINT16_MAX,
	    set_max_retransmit, get_max_retransmit },
	{ "nstart", "how many CONs may be under way", 0, 1, UINT16_MAX,
	    set_nstart, get_nstart },
	{ "default-leisure", "seconds to spread answers to a multicast over",
	    THOUSANDTHS, 1, FIXED_MAX, set_default_leisure,
	    get_default_leisure },
	{ "probing-rate", "bytes a second to a peer that does not respond", 0,
	    1, UINT32_MAX, set_probing_rate, get_probing_rate },
	{ "mtu", "bytes of the largest datagram", 0, MTU_MIN, MTU_MAX, set_mtu,
	    get_mtu },
	{ "keepalive", "seconds of silence before a ping; 0: never", 0, 0,
	    KEEPALIVE_MAX, set_keepalive, get_keepalive },
	{ "reconnect", "seconds from a loss to the next attempt; 0: off", 0, 0,
	    KEEPALIVE_MAX, set_reconnect, get_reconnect },
	{ .key = NULL },
};

const struct tunable *
tunable_find(const char *key, size_t len)
{
	const struct tunable *t;

	for (t = tunables; t->key; t++)
		if (strlen(t->key) == len && strncmp(t->key, key, len) == 0)
			return t;
	return NULL;
}

/* Digits, and as many behind a point as the table allows. */
static bool
read_value(const char *s, unsigned decimals, uint64_t *out)
{
	uint64_t value = 0;
	bool point = false;
	unsigned left = decimals;

	if (*s < '0' || *s > '9')
		return false;
	for (; *s; s++) {
		if (*s == '.' && !point && decimals > 0 && s[1] != '\0') {
			point = true;
			continue;
		}
		if (*s < '0' || *s > '9' || (point && left == 0) ||
		    value > UINT64_MAX / 100)
			return false;
		value = value * 10 + (uint64_t)(*s - '0');
		left -= point;
	}
	while (left-- > 0) {
		if (value > UINT64_MAX / 100)
			return false;
		value *= 10;
	}
	*out = value;
	return true;
}

static char *
unknown_key(const char *assignment, size_t len)
{
	struct nearest nearest;
	const struct tunable *t;
	char *key = strndup(assignment, len);
	char *text = NULL;

	if (!key)
		return NULL;
	nearest_begin(&nearest, key);
	for (t = tunables; t->key; t++)
		nearest_try(&nearest, t->key);
	if (nearest.best)
		text = text_format("no setting '%s'; did you mean '%s'?", key,
		    nearest.best);
	else
		text = text_format("no setting '%s'; 'help session set' lists "
				   "those there are",
		    key);
	free(key);
	return text;
}

static char *
bad_value(const struct tunable *t, const char *value)
{
	if (t->decimals > 0)
		return text_format("%s=%s: not a number from %.15g to %.15g "
				   "with at most %u decimals",
		    t->key, value, tunable_number(t, t->min),
		    tunable_number(t, t->max), t->decimals);
	return text_format("%s=%s: not a whole number from %" PRIu64
			   " to %" PRIu64,
	    t->key, value, t->min, t->max);
}

const struct tunable *
tunable_parse(const char *assignment, uint64_t *value, char **problem)
{
	size_t len = strcspn(assignment, "=");
	const struct tunable *t = tunable_find(assignment, len);

	*problem = NULL;
	if (assignment[len] != '=') {
		*problem = text_format("'%s' is not of the form KEY=VALUE",
		    assignment);
		return NULL;
	}
	if (!t) {
		*problem = unknown_key(assignment, len);
		return NULL;
	}
	if (!read_value(assignment + len + 1, t->decimals, value) ||
	    *value < t->min || *value > t->max) {
		*problem = bad_value(t, assignment + len + 1);
		return NULL;
	}
	return t;
}

double
tunable_number(const struct tunable *tunable, uint64_t value)
{
	double scale = 1;
	unsigned i;

	/* One division, so that 500 thousandths are exactly 0.5. */
	for (i = 0; i < tunable->decimals; i++)
		scale *= 10;
	return (double)value / scale;
}
