/* SPDX-License-Identifier: BSD-2-Clause */
/* Random bytes: getrandom(2), or the program's own source. */
#include <coap3/coap_prng.h>

#include <errno.h>
#include <stdatomic.h>
#include <sys/random.h>

static _Atomic(coap_rand_func_t) source;

static int
from_system(uint8_t *out, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = getrandom(out, len, 0);
		if (n < 0 && errno != EINTR)
			return 0;
		if (n > 0) {
			out += n;
			len -= (size_t)n;
		}
	}
	return 1;
}

void
coap_set_prng(coap_rand_func_t rng)
{
	atomic_store(&source, rng);
}

void
coap_prng_init(unsigned int seed)
{
	(void)seed;
}

int
coap_prng(void *buf, size_t len)
{
	coap_rand_func_t rng = atomic_load(&source);

	if (rng)
		return rng(buf, len) == 1;
	return from_system(buf, len);
}
