/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams that are lost on purpose. libcoap's function has no context, so
 * this is the whole process's, as the log is: a help for tests. It is here, and
 * not in the room base, for modules have a copy of that each.
 */
#include "net/loss.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include <coap3/coap_debug.h>
#include <coap3/coap_prng.h>

#define PERCENT_MAX 100
/* Random numbers are of 16 bits. */
#define CHANCE_MAX 65536u

struct loss {
	unsigned chance; /* of CHANCE_MAX; 0: the sets say it */
	unsigned n;
	struct {
		unsigned long first;
		unsigned long last;
	} sets[LOSS_SETS];
	unsigned long sent;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct loss loss;
/* So that without losses it costs one look. */
static atomic_bool active;

/* --- what is lost --------------------------------------------------------- */

/* Digits only; 0 when there are none, or too many. */
static unsigned long
take_number(const char **p)
{
	unsigned long n = 0;

	for (; **p >= '0' && **p <= '9'; (*p)++)
		n = n > UINT32_MAX / 10 ? UINT32_MAX
					: n * 10 + (unsigned long)(**p - '0');
	return n;
}

static bool
parse_percent(const char *text, struct loss *l)
{
	const char *p = text;
	unsigned long n = take_number(&p);

	/* "0" is no list, since datagrams count from 1. */
	if (p == text || (*p != '%' && n > 0) || (*p != '\0' && p[1] != '\0') ||
	    (*p != '\0' && *p != '%'))
		return false;
	if (n > PERCENT_MAX)
		n = PERCENT_MAX;
	l->chance = (unsigned)n * CHANCE_MAX / PERCENT_MAX;
	return true;
}

/* "5" or "5-8"; *p goes behind it. */
static bool
parse_set(const char **p, struct loss *l)
{
	unsigned long first = take_number(p);
	unsigned long last = first;

	if (**p == '-') {
		(*p)++;
		last = take_number(p);
	}
	if (first == 0 || last < first || l->n == LOSS_SETS)
		return false;
	l->sets[l->n].first = first;
	l->sets[l->n].last = last;
	l->n++;
	return true;
}

static bool
parse_list(const char *text, struct loss *l)
{
	const char *p = text;

	while (parse_set(&p, l)) {
		if (*p == '\0')
			return true;
		if (*p != ',')
			return false;
		p++;
	}
	return false;
}

int
coap_debug_set_packet_loss(const char *loss_level)
{
	struct loss percent = { 0 };
	struct loss list = { 0 };
	bool is_percent;

	if (!loss_level)
		return 0;
	is_percent = parse_percent(loss_level, &percent);
	if (!is_percent && !parse_list(loss_level, &list))
		return 0;
	pthread_mutex_lock(&lock);
	loss = is_percent ? percent : list;
	atomic_store(&active, loss.chance > 0 || loss.n > 0);
	pthread_mutex_unlock(&lock);
	return 1;
}

/* --- losing --------------------------------------------------------------- */

static bool
drops(struct loss *l)
{
	uint16_t number = 0;
	unsigned i;

	l->sent++;
	for (i = 0; i < l->n; i++)
		if (l->sent >= l->sets[i].first && l->sent <= l->sets[i].last)
			return true;
	return l->chance > 0 && coap_prng(&number, sizeof number) &&
	    number < l->chance;
}

bool
loss_drops(void)
{
	bool lost;

	if (!atomic_load_explicit(&active, memory_order_relaxed))
		return false;
	pthread_mutex_lock(&lock);
	lost = drops(&loss);
	pthread_mutex_unlock(&lock);
	if (lost)
		coap_log_debug("a datagram is lost on purpose\n");
	return lost;
}
