/* SPDX-License-Identifier: BSD-2-Clause */
/* Functions that are left out: they fail as documented and say so once. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <coap3/coap.h>

#include "net/ws_engine.h"
#include "option_value.h"
#include "tls/tls.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/*
 * Arguments: all NULL in one round, and something that must not be touched in
 * the other.
 */
static uint64_t thing[4];
static coap_context_t *ctx;
static coap_session_t *session;
static coap_oscore_conf_t *conf;
static coap_pdu_t *pdu;
static coap_address_t *addr;
static coap_addr_tuple_t *tuple;
static coap_dtls_cpsk_t *cpsk;
static coap_dtls_pki_t *pki;
static coap_str_const_t *str;
static coap_bin_const_t *bin;
static coap_binary_t *token;
static const char *text;
static const coap_str_const_t no_text;

static void
set_arguments(void *p)
{
	ctx = p;
	session = p;
	conf = p;
	pdu = p;
	addr = p;
	tuple = p;
	cpsk = p;
	pki = p;
	str = p;
	bin = p;
	token = p;
	text = p;
}

/* X(function, its call and what it must give) */
#define FAILING(X)                                                             \
	X(coap_new_client_session_oscore,                                      \
	    coap_new_client_session_oscore(ctx, addr, addr, COAP_PROTO_UDP,    \
		conf) == NULL)                                                 \
	X(coap_new_client_session_oscore_psk,                                  \
	    coap_new_client_session_oscore_psk(ctx, addr, addr,                \
		COAP_PROTO_DTLS, cpsk, conf) == NULL)                          \
	X(coap_new_client_session_oscore_pki,                                  \
	    coap_new_client_session_oscore_pki(ctx, addr, addr,                \
		COAP_PROTO_DTLS, pki, conf) == NULL)                           \
	X(coap_context_oscore_server,                                          \
	    coap_context_oscore_server(ctx, conf) == 0)                        \
	X(coap_new_oscore_conf,                                                \
	    coap_new_oscore_conf(no_text, NULL, NULL, 0) == NULL)              \
	X(coap_new_oscore_recipient, coap_new_oscore_recipient(ctx, bin) == 0) \
	X(coap_delete_oscore_recipient,                                        \
	    coap_delete_oscore_recipient(ctx, bin) == 0)                       \
	X(coap_tls_engine_configure, coap_tls_engine_configure(str) == 0)      \
	X(coap_tls_engine_remove, coap_tls_engine_remove() == 0)               \
	X(coap_context_set_cid_tuple_change,                                   \
	    coap_context_set_cid_tuple_change(ctx, 5) == 0)

/* Frees something that cannot exist: silent for NULL. */
#define FREEING(X) \
	X(coap_delete_oscore_conf, coap_delete_oscore_conf(conf) == 0)

#define DEFINE_CALL(name, call)      \
	static int call_##name(void) \
	{                            \
		return call;         \
	}
FAILING(DEFINE_CALL)
FREEING(DEFINE_CALL)

struct function {
	const char *name;
	int (*call)(void);
};

#define ROW(name, call) { #name, call_##name },
static const struct function failing[] = { FAILING(ROW) };
static const struct function freeing[] = { FREEING(ROW) };

static unsigned log_lines;
static coap_log_t log_level;
static char log_text[200];

static void
keep_log(coap_log_t level, const char *message)
{
	log_lines++;
	log_level = level;
	strncpy(log_text, message, sizeof(log_text) - 1);
}

static void
assert_warned(const char *name)
{
	size_t len = strlen(name);

	assert_int_equal(log_lines, 1);
	assert_int_equal(log_level, COAP_LOG_WARN);
	assert_memory_equal(log_text, name, len);
	assert_memory_equal(log_text + len, ": not supported", 15);
	log_lines = 0;
}

static void
test_failing(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(failing); i++) {
		log_lines = 0;
		set_arguments(NULL);
		assert_true(failing[i].call());
		assert_warned(failing[i].name);
		set_arguments(thing);
		assert_true(failing[i].call());
		assert_int_equal(log_lines, 0);
	}
}

static void
test_freeing(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(freeing); i++) {
		log_lines = 0;
		set_arguments(NULL);
		assert_true(freeing[i].call());
		assert_int_equal(log_lines, 0);
		set_arguments(thing);
		assert_true(freeing[i].call());
		assert_warned(freeing[i].name);
	}
}

/* Without a session there is no BERT. */
static void
test_block_b(void **state)
{
	const uint8_t values[] = { 0x17, 0x16 };
	coap_block_b_t b;
	coap_pdu_t *p;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(values); i++) {
		p = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_PUT, 1,
		    2000);
		assert_non_null(p);
		assert_true(
		    coap_add_option(p, COAP_OPTION_BLOCK1, 1, &values[i]) > 0);
		assert_int_equal(coap_get_block_b(NULL, p, COAP_OPTION_BLOCK1,
				     &b),
		    values[i] == 0x16);
		coap_delete_pdu(p);
	}
	b.bert = 1;
	p = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_PUT, 1, 3000);
	assert_non_null(p);
	assert_int_equal(coap_write_block_b_opt(NULL, &b, COAP_OPTION_BLOCK1, p,
			     9000),
	    1);
	assert_int_equal(b.bert, 0);
	assert_int_equal(b.chunk_size, 1024);
	assert_int_equal(coap_get_block_b(NULL, NULL, COAP_OPTION_BLOCK1, &b),
	    0);
	assert_int_equal(coap_get_block_b(NULL, p, COAP_OPTION_BLOCK1, NULL),
	    0);
	assert_int_equal(coap_write_block_b_opt(NULL, NULL, COAP_OPTION_BLOCK1,
			     p, 1),
	    -1);
	coap_delete_pdu(p);
}

/* A stream has it; nothing has to be sent for that. */
static void
test_block_b_stream(void **state)
{
	const uint8_t value = 0x17;
	coap_context_t *context = coap_new_context(NULL);
	coap_address_t server;
	coap_session_t *stream;
	coap_block_b_t b;
	coap_pdu_t *p;

	(void)state;
	assert_non_null(context);
	coap_address_init(&server);
	server.size = sizeof(server.addr.sin);
	server.addr.sin.sin_family = AF_INET;
	server.addr.sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	coap_address_set_port(&server, 1);
	stream =
	    coap_new_client_session(context, NULL, &server, COAP_PROTO_TCP);
	assert_non_null(stream);

	p = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_PUT, 1, 3000);
	assert_non_null(p);
	assert_true(coap_add_option(p, COAP_OPTION_BLOCK2, 1, &value) > 0);
	assert_int_equal(coap_get_block_b(stream, p, COAP_OPTION_BLOCK2, &b),
	    1);
	assert_int_equal(b.bert, 1);
	assert_int_equal(b.num, 1);
	assert_int_equal(coap_write_block_b_opt(stream, &b, COAP_OPTION_BLOCK1,
			     p, 9000),
	    1);
	assert_int_equal(b.bert, 1);
	assert_int_equal(b.m, 1);
	assert_int_equal(b.chunk_size, 2048);
	assert_int_equal(option_value(p, COAP_OPTION_BLOCK1), 0x1f);
	coap_delete_pdu(p);
	coap_session_release(stream);
	coap_free_context(context);
}

static void
test_tls_texts(void **state)
{
	coap_tls_version_t *version = coap_get_tls_library_version();
	bool tls = version->type != COAP_TLS_LIBRARY_NOTLS;
	char buffer[80];
	char small[8];

	(void)state;
	assert_int_equal(tls, coap_tls_is_supported());
	assert_int_equal(version->version != 0, tls);
	assert_int_equal(version->built_version != 0, tls);
	assert_ptr_equal(coap_string_tls_version(buffer, sizeof(buffer)),
	    buffer);
	assert_non_null(strstr(buffer,
	    tls ? "TLS library: GnuTLS 3." : "TLS library: none"));
	assert_ptr_equal(coap_string_tls_support(buffer, sizeof(buffer)),
	    buffer);
	assert_string_equal(buffer,
	    tls ? "(DTLS and TLS support; PSK PKI PKCS11 RPK)"
		: "(no DTLS and no TLS support)");
	assert_ptr_equal(coap_string_tls_version(small, sizeof(small)), small);
	assert_string_equal(small, "TLS lib");
	assert_ptr_equal(coap_string_tls_support(small, sizeof(small)), small);
	assert_int_equal(strlen(small), sizeof(small) - 1);
	assert_null(coap_string_tls_version(NULL, 10));
	assert_null(coap_string_tls_support(buffer, 0));

	log_lines = 0;
	coap_show_tls_version(COAP_LOG_ERR);
	assert_int_equal(log_lines, 1);
	assert_int_equal(log_level, COAP_LOG_ERR);
	assert_memory_equal(log_text, "TLS library: ", 13);
}

static void
test_supported(void **state)
{
	int tls = tls_backend_name() != NULL;
	int ws = ws_engine_name() != NULL;
	const struct {
		int (*is_supported)(void);
		int value;
	} rows[] = {
		{ coap_af_unix_is_supported, 0 },
		{ coap_async_is_supported, 1 },
		{ coap_client_is_supported, 1 },
		{ coap_dtls_is_supported, tls },
		{ coap_dtls_cid_is_supported, 0 },
		{ coap_dtls_psk_is_supported, tls },
		{ coap_dtls_pki_is_supported, tls },
		{ coap_dtls_pkcs11_is_supported, tls },
		{ coap_dtls_rpk_is_supported, tls },
		{ coap_epoll_is_supported, 1 },
		{ coap_ipv4_is_supported, 1 },
		{ coap_ipv6_is_supported, 1 },
		{ coap_observe_persist_is_supported, 1 },
		{ coap_oscore_is_supported, 0 },
		{ coap_proxy_is_supported, 1 },
		{ coap_q_block_is_supported, 1 },
		{ coap_server_is_supported, 1 },
		{ coap_tcp_is_supported, 1 },
		{ coap_threadsafe_is_supported, 0 },
		{ coap_tls_is_supported, tls },
		{ coap_ws_is_supported, ws },
		{ coap_wss_is_supported, tls && ws },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++)
		assert_int_equal(rows[i].is_supported(), rows[i].value);
}

static int
setup(void **state)
{
	(void)state;
	coap_set_log_level(COAP_LOG_WARN);
	coap_set_log_handler(keep_log);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failing),
		cmocka_unit_test(test_freeing),
		cmocka_unit_test(test_block_b),
		cmocka_unit_test(test_block_b_stream),
		cmocka_unit_test(test_tls_texts),
		cmocka_unit_test(test_supported),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
