/* SPDX-License-Identifier: BSD-2-Clause */
/* A table with one resource at /a/b, and a request and its response. */
#ifndef DISPATCH_FIXTURE_H
#define DISPATCH_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "exchange/resource.h"
#include "wire/pdu.h"

#define STR(text)     coap_make_str_const(text)
#define CODE(n)       COAP_RESPONSE_CODE(n)
#define RESPONSE_SIZE 2000
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, dispatch_setup, dispatch_teardown)

extern const uint8_t token[2];
extern struct resources table;
extern struct dispatch env;
extern coap_pdu_t *request;
extern coap_pdu_t *response;
extern coap_resource_t *resource; /* at /a/b */
extern coap_session_t *const session;

/* What dispatch_handle() does, and what it saw. */
extern unsigned handler_code;
extern const char *handler_body;
extern unsigned calls;
extern char seen_query[64];

void dispatch_handle(coap_resource_t *r, coap_session_t *s,
    const coap_pdu_t *req, const coap_string_t *query, coap_pdu_t *resp);
/* Into the table. */
coap_resource_t *add(coap_resource_t *r);
/* For all methods. */
void handle_all(coap_resource_t *r, coap_method_handler_t handler);
/* Into the request. */
void option(coap_option_num_t number, const char *value);
void option_uint(coap_option_num_t number, uint8_t value);
/* A new GET or the like: of the root, of /a/b, of /.well-known/core. */
void ask_root(unsigned code);
void ask(unsigned code);
void ask_wellknown(unsigned code);
/* Dispatches the request; its token has to come back. */
enum dispatch_result run(void);
/* Of the last response; the next two dispatch first. */
void assert_body(const char *text);
void assert_code(unsigned code);
void assert_answer(unsigned code, const char *text);
unsigned response_option(coap_option_num_t number);
int dispatch_setup(void **state);
int dispatch_teardown(void **state);

#endif
