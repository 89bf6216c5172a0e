/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's observations: the table, and the rules of RFC 7641. */
#include "exchange/observation.h"

#include <utlist.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/timer.h"
#include "exchange/body.h"
#include "wire/pdu.h"

/* So many are found as fast without a table. */
#define LIST_MAX 24

#define NUMBER_MASK 0xFFFFFFu
#define NUMBER_HALF 0x800000u
/* After so long a number says nothing about order any more. */
#define NUMBER_LIFE_MS (128 * 1000)

/* --- the table ------------------------------------------------------------ */

void
observations_init(struct observations *t)
{
	*t = (struct observations){ .earliest = TIMER_NEVER };
}

struct observation *
observations_find(const struct observations *t, coap_bin_const_t token)
{
	/* A token of no length is one, too, and may come without bytes. */
	const uint8_t *key = token.length > 0 ? token.s : (const uint8_t *)"";
	struct observation *o;

	if (t->by_token != NULL) {
		HASH_FIND(hh, t->by_token, key, token.length, o);
		return o;
	}
	DL_FOREACH(t->list, o)
		if (o->token_len == token.length &&
		    memcmp(o->token, key, token.length) == 0)
			return o;
	return NULL;
}

/* Of those in the list; without memory it stays a list. */
static void
make_table(struct observations *t)
{
	struct observation *o;

	DL_FOREACH(t->list, o) {
		HASH_ADD_KEYPTR(hh, t->by_token, o->token, o->token_len, o);
		if (!hash_added(&o->hh)) {
			HASH_CLEAR(hh, t->by_token);
			return;
		}
	}
}

static bool
link_in(struct observations *t, struct observation *o)
{
	if (t->by_token != NULL) {
		HASH_ADD_KEYPTR(hh, t->by_token, o->token, o->token_len, o);
		if (!hash_added(&o->hh))
			return false;
	}
	DL_APPEND(t->list, o);
	t->count++;
	if (t->by_token == NULL && t->count >= LIST_MAX)
		make_table(t);
	return true;
}

int
observations_add(struct observations *t, coap_pdu_t *pdu, coap_tick_t now,
    struct observation **out)
{
	coap_bin_const_t token = coap_pdu_get_token(pdu);
	struct observation *o;

	*out = NULL;
	if (observations_find(t, token) != NULL)
		return -COAP_E_EXISTS;
	if (t->count >= OBSERVATIONS_MAX)
		return -COAP_E_LIMIT;
	o = mem_new(COAP_NODE, 1, sizeof(*o) + token.length);
	if (o == NULL)
		return -COAP_E_NOMEM;
	o->token_len = (uint32_t)token.length;
	if (token.length > 0)
		memcpy(o->token, token.s, token.length);
	if (!link_in(t, o)) {
		coap_free_type(COAP_NODE, o);
		return -COAP_E_NOMEM;
	}
	o->origin = pdu_ref(pdu);
	o->came = now;
	o->due = TIMER_NEVER;
	observation_asked(t, o, now);
	*out = o;
	return 0;
}

void
observations_remove(struct observations *t, struct observation *o)
{
	struct body_out *body = o->body;

	if (t->by_token != NULL)
		HASH_DEL(t->by_token, o);
	DL_DELETE(t->list, o);
	t->count--;
	if (t->count == 0)
		t->earliest = TIMER_NEVER;
	coap_delete_pdu(o->origin);
	coap_free_type(COAP_NODE, o);
	/* Last, for its release may do anything. */
	body_out_free(body);
}

/* --- what messages say ---------------------------------------------------- */

bool
observation_is_notification(const coap_pdu_t *response)
{
	return COAP_RESPONSE_CLASS(response->code) == 2 &&
	    pdu_option_uint(response, COAP_OPTION_OBSERVE) >= 0;
}

int64_t
observation_request_value(const coap_pdu_t *request)
{
	return pdu_option_uint(request, COAP_OPTION_OBSERVE);
}

uint32_t
observation_number(const coap_pdu_t *response)
{
	int64_t value = pdu_option_uint(response, COAP_OPTION_OBSERVE);

	return value >= 0 ? (uint32_t)value & NUMBER_MASK : 0;
}

uint32_t
observation_max_age(const coap_pdu_t *response)
{
	int64_t value = pdu_option_uint(response, COAP_OPTION_MAXAGE);

	return value >= 0 ? (uint32_t)value : COAP_DEFAULT_MAX_AGE;
}

/* --- order ---------------------------------------------------------------- */

/* Newer by the numbers alone. */
static bool
follows(uint32_t number, uint32_t before)
{
	uint32_t ahead = (number - before) & NUMBER_MASK;

	/* Half of all numbers away is neither before nor behind: RFC 7641 has
	 * "less than" and "greater than" 2^23. */
	return ahead > 0 && ahead < NUMBER_HALF;
}

bool
observation_is_newer(const struct observation *o, uint32_t number,
    coap_tick_t now)
{
	return !o->numbered || follows(number, o->number) ||
	    now > o->came + NUMBER_LIFE_MS;
}

/* What answers a request that was sent after the newest one came is newer:
 * numbers begin anew when a server does, and stay when nothing changed. */
static bool
is_fresh(const struct observation *o, uint32_t number,
    const struct observation_arrival *how)
{
	return how->reliable || !o->any || (how->answer && o->anew) ||
	    (how->answer && o->asked > o->came) ||
	    (how->answer && o->numbered && number == o->number) ||
	    observation_is_newer(o, number, how->now);
}

/* Only where numbers are for one count: those of a new connection may be of a
 * new one. */
static uint32_t
gap_of(const struct observation *o, uint32_t number,
    const struct observation_arrival *how)
{
	if (how->reliable || !o->numbered || !follows(number, o->number) ||
	    (how->answer && o->anew))
		return 0;
	return ((number - o->number) & NUMBER_MASK) - 1;
}

static void
set_due(struct observations *t, struct observation *o, coap_tick_t due)
{
	o->due = due;
	if (due < t->earliest)
		t->earliest = due;
}

bool
observation_take(struct observations *t, struct observation *o,
    const coap_pdu_t *response, const struct observation_arrival *how)
{
	coap_option_t option;
	bool empty = how->reliable &&
	    (!pdu_find_option(response, COAP_OPTION_OBSERVE, &option) ||
		option.length == 0);
	uint32_t number = observation_number(response);

	if (!is_fresh(o, number, how)) {
		o->reordered++;
		return false;
	}
	o->flags = (how->answer ? COAPX_NOTIFICATION_ANSWER : 0) |
	    (empty ? 0 : COAPX_NOTIFICATION_NUMBERED);
	o->gap = gap_of(o, number, how);
	o->gaps += o->gap;
	o->any = true;
	o->anew = false;
	o->numbered = !empty;
	o->number = empty ? 0 : number;
	o->came = how->now;
	o->last_code = response->code;
	o->max_age = observation_max_age(response);
	o->state = COAPX_OBSERVE_REGISTERED;
	set_due(t, o,
	    how->now + (coap_tick_t)o->max_age * COAP_TICKS_PER_SECOND);
	return true;
}

/* --- states --------------------------------------------------------------- */

void
observation_asked(struct observations *t, struct observation *o,
    coap_tick_t now)
{
	o->anew = o->state == COAPX_OBSERVE_LOST;
	o->state =
	    o->registrations > 0 ? COAPX_OBSERVE_ASKING : COAPX_OBSERVE_ASKED;
	o->asked = now;
	o->registrations++;
	set_due(t, o, TIMER_NEVER);
}

void
observation_stale(struct observations *t, struct observation *o,
    coap_tick_t now, uint32_t random)
{
	const uint32_t span =
	    OBSERVATION_WAIT_MAX_MS - OBSERVATION_WAIT_MIN_MS + 1;

	o->state = COAPX_OBSERVE_STALE;
	set_due(t, o, now + OBSERVATION_WAIT_MIN_MS + random % span);
}

void
observation_hurry(struct observations *t, struct observation *o,
    coap_tick_t now)
{
	if (o->state != COAPX_OBSERVE_REGISTERED &&
	    o->state != COAPX_OBSERVE_STALE)
		return;
	o->state = COAPX_OBSERVE_STALE;
	set_due(t, o, now);
}

void
observation_pause(struct observations *t, struct observation *o,
    coapx_observe_state_t state)
{
	o->state = (uint8_t)state;
	set_due(t, o, TIMER_NEVER);
}

/* The first one that is due; `earliest` becomes that of all others. */
static struct observation *
find_due(struct observations *t, coap_tick_t now)
{
	struct observation *o;

	if (t->earliest > now)
		return NULL;
	t->earliest = TIMER_NEVER;
	DL_FOREACH(t->list, o) {
		if (o->due <= now) {
			/* Others behind it may be, too. */
			t->earliest = now;
			return o;
		}
		if (o->due < t->earliest)
			t->earliest = o->due;
	}
	return NULL;
}

struct observation *
observations_step(struct observations *t, coap_tick_t now, uint32_t random,
    enum observation_step *step)
{
	struct observation *o = find_due(t, now);

	*step = OBSERVATION_NONE;
	if (o == NULL)
		return NULL;
	if (o->state == COAPX_OBSERVE_REGISTERED) {
		observation_stale(t, o, now, random);
		*step = OBSERVATION_STALE;
	} else {
		set_due(t, o, TIMER_NEVER);
		*step = OBSERVATION_ASK;
	}
	return o;
}

coap_tick_t
observations_next(const struct observations *t)
{
	return t->earliest;
}
