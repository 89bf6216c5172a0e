/* SPDX-License-Identifier: BSD-2-Clause */
/* The account of sessions and messages: see session_ledger.h. */
#include "session_ledger.h"

#define SESSIONS 2048

/* Events in pairs: the second takes back what the first gave. */
static const struct {
	const char *begin;
	const char *end;
} pairs[] = {
	{ "SESSION_CONNECTED", "SESSION_CLOSED" },
	{ "SERVER_SESSION_NEW", "SERVER_SESSION_DEL" },
	{ "TCP_CONNECTED", "TCP_CLOSED" },
	{ "DTLS_CONNECTED", "DTLS_CLOSED" },
	{ "WS_CONNECTED", "WS_CLOSED" },
};
#define PAIRS (sizeof pairs / sizeof pairs[0])

static struct {
	struct {
		const coap_context_t *context;
		uint64_t id;
		unsigned begun[PAIRS];
		unsigned ended[PAIRS];
		unsigned failed;
	} session[SESSIONS];
	size_t n;
	const coap_context_t *client;
	unsigned taken[256];
	unsigned ends[256];
} book;

void
ledger_begin(void)
{
	memset(&book, 0, sizeof book);
	book.client = w.client;
}

static size_t
row(const coap_session_t *session)
{
	size_t i;

	for (i = 0; i < book.n; i++)
		if (book.session[i].context == session->context &&
		    book.session[i].id == session->id)
			return i;
	assert_true(book.n < SESSIONS);
	book.session[i].context = session->context;
	book.session[i].id = session->id;
	book.n++;
	return i;
}

static void
count_end(const char *line)
{
	size_t len = strlen(line);

	if (strncmp(line, "nack ", 5) == 0)
		book.ends[(uint8_t)line[len - 1]]++;
	else if (strncmp(line, "result ", 7) == 0)
		book.ends[(uint8_t)line[7]]++;
	else if (len > 5 && line[1] == '.' && line[4] == ' ')
		book.ends[(uint8_t)line[5]]++;
}

void
ledger_line(coap_session_t *session, const char *line)
{
	size_t i, at;

	count_end(line);
	at = row(session);
	for (i = 0; i < PAIRS; i++) {
		book.session[at].begun[i] += strcmp(line, pairs[i].begin) == 0;
		book.session[at].ended[i] += strcmp(line, pairs[i].end) == 0;
		assert_true(
		    book.session[at].ended[i] <= book.session[at].begun[i]);
	}
	book.session[at].failed += strcmp(line, "SESSION_FAILED") == 0;
}

void
ledger_send(coap_session_t *session, char token)
{
	if (world_send(session, COAP_MESSAGE_CON, token) != COAP_INVALID_MID)
		book.taken[(uint8_t)token]++;
}

void
ledger_taken(char token)
{
	book.taken[(uint8_t)token]++;
}

coapx_request_t *
ledger_request(coap_session_t *session, char token)
{
	int err = 0;
	coapx_request_t *request =
	    world_request(session, COAP_MESSAGE_CON, token, 0, 0, &err);

	if (request)
		book.taken[(uint8_t)token]++;
	else
		assert_true(err < 0);
	return request;
}

void
ledger_cancelled(char token)
{
	assert_true(book.taken[(uint8_t)token] > 0);
	book.taken[(uint8_t)token]--;
}

static void
check_messages(const char *what)
{
	int c;

	for (c = 0; c < 256; c++) {
		if (book.taken[c] == book.ends[c])
			continue;
		print_error("%s: %c taken %u times, ended %u times\n", what, c,
		    book.taken[c], book.ends[c]);
		fail();
	}
}

void
ledger_check(const char *what)
{
	size_t i, p;
	char who;

	check_messages(what);
	for (i = 0; i < book.n; i++) {
		who = book.session[i].context == book.client ? 'C' : 'S';
		for (p = 0; p < PAIRS; p++) {
			if (book.session[i].begun[p] ==
			    book.session[i].ended[p])
				continue;
			print_error("%s: %c %u: %u %s, %u %s\n", what, who,
			    (unsigned)book.session[i].id,
			    book.session[i].begun[p], pairs[p].begin,
			    book.session[i].ended[p], pairs[p].end);
			fail();
		}
		if (book.session[i].begun[0] + book.session[i].failed > 0)
			continue;
		print_error("%s: %c %u: neither connected nor failed\n", what,
		    who, (unsigned)book.session[i].id);
		fail();
	}
}
