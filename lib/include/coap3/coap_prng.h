/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers: message ids, tokens and retransmission times. */
#ifndef COAP_PRNG_H
#define COAP_PRNG_H

#include <coap3/coap_forward_decls.h>

/* Fills len bytes at out: 1, or 0 when it cannot. Called from any thread. */
typedef int (*coap_rand_func_t)(void *out, size_t len);

/*
 * Makes rng the source of coap_prng(), for the whole process; NULL brings the
 * system's generator back.
 */
COAP_API void coap_set_prng(coap_rand_func_t rng);

/* Does nothing: the system's generator needs no seed. */
COAP_API void coap_prng_init(unsigned int seed);

/*
 * Fills len bytes at buf with random bytes fit for keys: from getrandom(2), or
 * from the function that coap_set_prng() named. 1, or 0 when the source failed;
 * buf is then not to be used.
 */
COAP_API int coap_prng(void *buf, size_t len);

#endif
