/* SPDX-License-Identifier: BSD-2-Clause */
/* The line of a long body, when it is drawn, and what it says. */
#include "cli/body/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/app.h"
#include "cli/output/terminal.h"
#include "cli/output/text.h"
#include "cli/output/time_text.h"

#define FIRST_MS   1000 /* until it is worth a line */
#define DRAW_MS    200
#define PLAIN_MS   5000 /* between lines that stay */
#define WIDTH      80   /* where it is not known */
#define BAR_MIN    8
#define BAR_MAX    40
#define SMOOTH     5 /* of the rate: this part of it is new */
#define BYTES_SIZE 32

struct progress {
	struct job *job;
	coapx_timer_t *timer;
	bool draws; /* on a terminal */
	bool begun;
	bool drawn;
	struct progress_view view;
	uint64_t before;
	uint64_t began_ms;
	uint64_t looked_ms; /* and what there was then */
	uint64_t looked;
	double rate; /* bytes a millisecond; 0: not known */
};

static uint64_t
clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- the line ------------------------------------------------------------- */

static const char *
bytes_text(uint64_t n, char buf[static BYTES_SIZE])
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	double v = (double)n / 1024;
	size_t i = 0;

	if (n < 1024) {
		snprintf(buf, BYTES_SIZE, "%" PRIu64 " B", n);
		return buf;
	}
	while (v >= 1000 && i < sizeof(units) / sizeof(*units) - 1) {
		v /= 1024;
		i++;
	}
	snprintf(buf, BYTES_SIZE, v < 10 ? "%.1f %s" : "%.0f %s", v, units[i]);
	return buf;
}

static void
add_rate(struct text *text, const struct progress_view *v)
{
	char buf[BYTES_SIZE], left[DURATION_TEXT_SIZE];
	uint64_t seconds;

	if (v->bytes_per_s == 0)
		return;
	text_addf(text, "  %s/s", bytes_text(v->bytes_per_s, buf));
	if (v->total == 0 || v->left == 0)
		return;
	seconds = v->left / v->bytes_per_s + 1;
	text_addf(text, "  %s left", duration_text(seconds * 1000000, left));
}

/* What is behind the bar. */
static void
add_numbers(struct text *text, const struct progress_view *v)
{
	char done[BYTES_SIZE], total[BYTES_SIZE];

	bytes_text(v->done, done);
	if (v->total == 0)
		text_add(text, done);
	else
		text_addf(text, "%s of %s", done, bytes_text(v->total, total));
	add_rate(text, v);
}

static void
add_bar(struct text *text, const struct progress_view *v, size_t room)
{
	size_t cells = room > BAR_MAX ? BAR_MAX : room;
	size_t full =
	    (size_t)((double)v->done / (double)v->total * (double)cells);

	if (full > cells)
		full = cells;
	text_add(text, "[");
	text_add_char(text, '=', full);
	text_add_char(text, ' ', cells - full);
	text_add(text, "] ");
}

void
progress_line(struct text *text, const struct progress_view *v)
{
	struct text numbers = { .s = NULL };
	size_t begin = text->len, used;

	add_numbers(&numbers, v);
	if (v->total > 0 && v->done <= v->total)
		text_addf(text, "%3u %% ",
		    (unsigned)((double)v->done / (double)v->total * 100));
	/* The bar's own signs are three. */
	used = text->len - begin + numbers.len + 3;
	if (v->total > 0 && v->done <= v->total && v->width >= used + BAR_MIN)
		add_bar(text, v, v->width - used);
	text_add_bytes(text, numbers.s, numbers.len);
	text->failed = text->failed || numbers.failed;
	text_free(&numbers);
	if (v->width > 0 && text->len - begin > v->width)
		text->len = begin + v->width;
}

/* --- when ----------------------------------------------------------------- */

static unsigned
width_of(const struct sink *sink)
{
	unsigned width = sink->width ? sink->width : sink->err_width;

	return (width > TERMINAL_MARGIN ? width : WIDTH) - TERMINAL_MARGIN;
}

static void
look(struct progress *progress)
{
	struct progress_view *v = &progress->view;
	uint64_t now = clock_ms(), ms = now - progress->looked_ms;
	double rate;

	if (ms == 0)
		return;
	rate = (double)(v->done - progress->looked) / (double)ms;
	progress->rate = progress->rate > 0
	    ? progress->rate + (rate - progress->rate) / SMOOTH
	    : rate;
	progress->looked = v->done;
	progress->looked_ms = now;
	v->bytes_per_s = (uint64_t)(progress->rate * 1000);
	v->left = v->total > v->done ? v->total - v->done : 0;
}

static void
draw(struct progress *progress)
{
	struct sink *sink = &progress->job->front->sink;
	struct text text = { .s = NULL };

	progress->view.width = width_of(sink);
	progress_line(&text, &progress->view);
	if (!text.failed && text.len > 0)
		sink->line(sink->user, text.s, text.len);
	progress->drawn = true;
	text_free(&text);
}

static void
say(struct progress *progress)
{
	struct sink *sink = &progress->job->front->sink;
	struct text text = { .s = NULL };

	progress->view.width = 0;
	progress_line(&text, &progress->view);
	text_add(&text, "\n");
	if (!text.failed)
		sink->err(sink->user, text.s, text.len);
	text_free(&text);
}

static void
on_timer(coapx_timer_t *timer, void *arg)
{
	struct progress *progress = arg;

	look(progress);
	if (progress->draws)
		draw(progress);
	else
		say(progress);
	coapx_timer_set(timer, progress->draws ? DRAW_MS : PLAIN_MS);
}

struct progress *
progress_new(struct job *job, bool forced)
{
	const struct sink *sink = &job->front->sink;
	struct progress *progress;

	/* Beside messages, and beside a line that is being typed, there is no
	 * place for it. */
	if (!forced &&
	    (!sink->err_is_terminal || job->background ||
		output_quiet(job->out) || output_verbose(job->out) > 0))
		return NULL;
	progress = calloc(1, sizeof(*progress));
	if (!progress)
		return NULL;
	progress->job = job;
	progress->draws = sink->err_is_terminal && sink->line &&
	    !job->background && output_verbose(job->out) == 0;
	progress->timer =
	    coapx_timer_new(job->app->context, on_timer, progress);
	if (progress->timer)
		return progress;
	free(progress);
	return NULL;
}

void
progress_at(struct progress *progress, uint64_t done, uint64_t total,
    uint64_t before)
{
	if (!progress)
		return;
	if (!progress->begun || done < progress->view.done) {
		progress->begun = true;
		progress->before = before;
		progress->began_ms = progress->looked_ms = clock_ms();
		progress->looked = before < done ? before : done;
		progress->rate = 0;
		coapx_timer_set(progress->timer,
		    progress->draws ? FIRST_MS : PLAIN_MS);
	}
	progress->view.done = done;
	progress->view.total = total;
}

/* Over all of the time it took. */
static void
say_last(struct progress *progress)
{
	struct progress_view *v = &progress->view;
	uint64_t ms = clock_ms() - progress->began_ms;

	look(progress);
	v->bytes_per_s =
	    (v->done - progress->before) * 1000 / (ms > 0 ? ms : 1);
	say(progress);
}

void
progress_free(struct progress *progress)
{
	struct sink *sink;

	if (!progress)
		return;
	sink = &progress->job->front->sink;
	if (progress->drawn)
		sink->line(sink->user, "", 0);
	if (progress->begun && !progress->draws)
		say_last(progress);
	coapx_timer_free(progress->timer);
	free(progress);
}
