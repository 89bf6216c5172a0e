/* SPDX-License-Identifier: BSD-2-Clause */
/* A file, read a piece a turn. */
#include "cli/body/part_hash.h"

#include <stdlib.h>
#include <unistd.h>

#include "cli/app.h"
#include "cli/output/sha256.h"

struct part_hash {
	coapx_timer_t *timer;
	int fd; /* with the lock, so that nobody writes meanwhile */
	uint64_t left;
	struct sha256 *sha;
	void (*done)(void *arg, bool good);
	void *arg;
	uint8_t buf[PART_HASH_STEP];
};

static void
on_turn(coapx_timer_t *timer, void *arg)
{
	struct part_hash *hash = arg;
	size_t want = hash->left < sizeof(hash->buf) ? (size_t)hash->left
						     : sizeof(hash->buf);
	ssize_t n = read(hash->fd, hash->buf, want);

	if (n > 0) {
		sha256_add(hash->sha, hash->buf, (size_t)n);
		hash->left -= (uint64_t)n;
	}
	if (n > 0 && hash->left > 0)
		coapx_timer_set(timer, 0);
	else
		hash->done(hash->arg, hash->left == 0);
}

struct part_hash *
part_hash_start(struct job *job, uint64_t length, struct sha256 *sha,
    void (*done)(void *arg, bool good), void *arg)
{
	struct part_hash *hash = calloc(1, sizeof(*hash));

	if (!hash)
		return NULL;
	hash->fd = output_body_open(job->out);
	hash->left = length;
	hash->sha = sha;
	hash->done = done;
	hash->arg = arg;
	sha256_begin(sha);
	if (hash->fd >= 0)
		hash->timer = coapx_timer_new(job->app->context, on_turn, hash);
	if (hash->timer) {
		coapx_timer_set(hash->timer, 0);
		return hash;
	}
	part_hash_free(hash);
	return NULL;
}

void
part_hash_free(struct part_hash *hash)
{
	if (!hash)
		return;
	coapx_timer_free(hash->timer);
	if (hash->fd >= 0)
		close(hash->fd);
	free(hash);
}
