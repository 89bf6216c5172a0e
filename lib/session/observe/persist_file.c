/* SPDX-License-Identifier: BSD-2-Clause */
/* Observations that outlive the process: three files (exchange/records.h),
 * each written whole under another name, and put in place then. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utlist.h>

#include "session/observe/persist.h"

#include "base/alloc.h"
#include "base/err.h"
#include "exchange/dispatch.h"
#include "exchange/records.h"
#include "session/connect/endpoint.h"
#include "wire/pdu.h"

#define RESPONSE_MAX ((size_t)64 << 10)

/* --- what is kept ---------------------------------------------------------- */

void
persist_touch(struct persist *p, enum persist_file file)
{
	if (!p->names[file])
		return;
	p->dirty |= 1U << file;
	if (!p->timer.queued)
		timers_set(&p->context->timers, &p->timer,
		    context_now(p->context) + PERSIST_WAIT);
}

static void
free_made(struct persist *p, struct persist_made *made)
{
	DL_DELETE(p->made, made);
	p->n_made--;
	p->made_bytes -= made->bytes;
	coap_delete_str_const(made->path);
	coap_delete_pdu(made->request);
	coap_free_type(COAP_RESOURCE, made);
}

void
persist_drop_made(struct persist *p, const coap_str_const_t *path)
{
	struct persist_made *made, *next;

	DL_FOREACH_SAFE(p->made, made, next) {
		if (!coap_string_equal(made->path, path))
			continue;
		free_made(p, made);
		persist_touch(p, PERSIST_RESOURCES);
	}
}

void
persist_keep_made(struct persist *p, const coap_str_const_t *path,
    const coap_pdu_t *request)
{
	size_t bytes = path->length + request->cap;
	struct persist_made *made;

	if (!p->names[PERSIST_RESOURCES])
		return;
	persist_drop_made(p, path);
	if (p->n_made >= PERSIST_RESOURCES_MAX ||
	    bytes > PERSIST_BYTES_MAX - p->made_bytes) {
		coap_log_warn("too many resources to keep \"%.*s\"\n",
		    (int)path->length, (const char *)path->s);
		return;
	}
	made = mem_new(COAP_RESOURCE, 1, sizeof *made);
	if (!made)
		return;
	made->path = coap_new_str_const(path->s, path->length);
	if (!made->path) {
		coap_free_type(COAP_RESOURCE, made);
		return;
	}
	made->request = pdu_ref((coap_pdu_t *)(uintptr_t)request);
	made->bytes = bytes;
	DL_APPEND(p->made, made);
	p->n_made++;
	p->made_bytes += bytes;
	persist_touch(p, PERSIST_RESOURCES);
}

void
persist_free_files(struct persist *p)
{
	while (p->made)
		free_made(p, p->made);
	for (unsigned i = 0; i < PERSIST_FILES; i++) {
		coap_free_type(COAP_STRING, p->names[i]);
		p->names[i] = NULL;
	}
}

/* --- what is in the files -------------------------------------------------- */

static int
put_pdu(struct buf *out, coap_pdu_t *pdu)
{
	const uint8_t *raw;
	size_t len;
	int err = pdu_encode(pdu, FRAMING_DATAGRAM, &raw, &len);

	return err == 0 ? records_put(out, raw, len) : err;
}

static int
put_made(struct persist *p, struct buf *out)
{
	struct persist_made *made;
	int err = 0;

	DL_FOREACH(p->made, made)
		if (err == 0)
			err = put_pdu(out, made->request);
	return err;
}

static int
put_observer(struct buf *out, struct observer *o)
{
	const coap_session_t *session = o->peer->session;
	int err = records_put_address(out, &session->endpoint->address);

	if (err == 0)
		err = records_put_address(out, &session->remote);
	if (err == 0)
		err = records_put_address(out, &session->local);
	return err == 0 ? put_pdu(out, o->request) : err;
}

static int
put_observers(struct persist *p, struct buf *out)
{
	coap_resource_t *r, *next;
	struct observer *o;
	int err = 0;

	HASH_ITER(hh, p->context->resources.by_path, r, next)
		DL_FOREACH2(r->observers.list, o, res_next)
			if (err == 0 && persist_keeps(o))
				err = put_observer(out, o);
	return err;
}

static int
put_numbers(struct persist *p, struct buf *out)
{
	coap_resource_t *r, *next;
	uint8_t number[4];
	size_t len;
	int err = 0;

	HASH_ITER(hh, p->context->resources.by_path, r, next) {
		if (err < 0 || r->observers.number == 0)
			continue;
		len = coap_encode_var_safe(number, sizeof number,
		    r->observers.number);
		err = records_put(out, r->uri_path->s, r->uri_path->length);
		if (err == 0)
			err = records_put(out, number, len);
	}
	return err;
}

/* --- bringing back --------------------------------------------------------- */

/* What a client once sent makes its resource again; its session is none. */
static void
take_made(struct persist *p, const coap_bin_const_t *f)
{
	coap_context_t *context = p->context;
	coap_pdu_t *request = pdu_new(COAP_MESSAGE_CON, 0, 0, RESPONSE_MAX);
	coap_pdu_t *response = pdu_new(COAP_MESSAGE_ACK, 0, 0, RESPONSE_MAX);
	struct dispatch env = { .multicast = false };
	coap_session_t *session = session_new(context,
	    proto_get(COAP_PROTO_UDP), COAP_SESSION_TYPE_SERVER, NULL);

	if (request && response && session &&
	    pdu_decode(request, FRAMING_DATAGRAM, context->set.max_token_size,
		f[0].s, f[0].length) == 0 &&
	    request->code == COAP_REQUEST_CODE_PUT &&
	    /* What the application has made is its own by now. */
	    !persist_resource(context, request)) {
		coap_add_token(response, request->token_len, request->token);
		dispatch_request(&context->resources, session, &env, request,
		    response);
		if (COAP_RESPONSE_CLASS(response->code) == 2)
			persist_made(session, request);
	}
	if (session)
		session_end(session, COAP_NACK_NOT_DELIVERABLE, -COAP_E_CLOSED);
	coap_delete_pdu(request);
	coap_delete_pdu(response);
}

static void
take_observer(struct persist *p, const coap_bin_const_t *f)
{
	coap_address_t listen;
	coap_addr_tuple_t tuple;

	if (records_address(&f[0], &listen) == 0 &&
	    records_address(&f[1], &tuple.remote) == 0 &&
	    records_address(&f[2], &tuple.local) == 0)
		coap_persist_observe_add(p->context, COAP_PROTO_UDP, &listen,
		    &tuple, &f[3], NULL);
}

/* Some may have been used that were not written any more. */
static void
take_number(struct persist *p, const coap_bin_const_t *f)
{
	uint32_t ahead = p->file_freq < OBSERVE_NUMBER_MASK / 4
	    ? p->file_freq
	    : OBSERVE_NUMBER_MASK / 4;
	coap_resource_t *r =
	    resources_find(&p->context->resources, f[0].s, f[0].length);

	if (r && f[1].length <= 4)
		coap_persist_set_observe_num(r,
		    coap_decode_var_bytes(f[1].s, f[1].length) + ahead +
			PERSIST_AHEAD);
}

static const struct file_row {
	char mark[RECORDS_MARK + 1];
	unsigned fields;
	int (*put)(struct persist *p, struct buf *out);
	void (*take)(struct persist *p, const coap_bin_const_t *fields);
} rows[PERSIST_FILES] = {
	[PERSIST_RESOURCES] = { "COAPres1", 1, put_made, take_made },
	[PERSIST_OBSERVERS] = { "COAPobs1", 4, put_observers, take_observer },
	[PERSIST_NUMBERS] = { "COAPnum1", 2, put_numbers, take_number },
};
#define FIELDS_MAX 4

/* --- reading --------------------------------------------------------------- */

static int
read_all(int fd, struct buf *out)
{
	struct stat st;
	ssize_t n = 0;
	int err;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -COAP_E_FORMAT;
	do {
		err = buf_reserve(out, 4096);
		if (err < 0)
			return err;
		n = read(fd, out->data + out->len, out->cap - out->len);
		if (n > 0)
			out->len += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -COAP_E_FORMAT : 0;
}

/* 0, also when there is no file, or nothing in it. */
static int
read_file(const char *name, struct buf *out)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int err;

	if (fd < 0)
		return errno == ENOENT ? 0 : -COAP_E_FORMAT;
	err = read_all(fd, out);
	close(fd);
	return err;
}

/* Takes what is in a file. 0, also when it is damaged; an error: it is some
 * other file, which is not to be written over. */
static int
load(struct persist *p, enum persist_file file)
{
	const struct file_row *row = &rows[file];
	coap_bin_const_t fields[FIELDS_MAX];
	struct records r;
	struct buf in;
	int err;

	if (!p->names[file])
		return 0;
	buf_init(&in, PERSIST_FILE_MAX);
	err = read_file(p->names[file], &in);
	if (err == 0 && in.len > 0 &&
	    !records_marked(in.data, in.len, row->mark))
		err = -COAP_E_FORMAT;
	if (err < 0)
		coap_log_warn("%s: this file is not one of ours\n",
		    p->names[file]);
	else if (in.len > 0 &&
	    records_open(&r, in.data, in.len, row->mark, row->fields) < 0)
		coap_log_warn("%s: damaged, nothing is taken from it\n",
		    p->names[file]);
	else if (in.len > 0)
		while (!p->context->doomed &&
		    records_next(&r, fields, row->fields))
			row->take(p, fields);
	buf_free(&in);
	return err;
}

/* --- writing --------------------------------------------------------------- */

static bool
write_all(int fd, const uint8_t *data, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, data, len);
		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return true;
}

/* In the same folder, so that it can take the place of the other one. */
static int
replace(const char *name, const struct buf *content)
{
	struct buf temp;
	bool ok;
	int err, fd;

	buf_init(&temp, 65536);
	if (buf_printf(&temp, "%s.XXXXXX", name) < 0 ||
	    buf_append_u8(&temp, 0) < 0) {
		buf_free(&temp);
		return -COAP_E_NOMEM;
	}
	fd = mkostemp((char *)temp.data, O_CLOEXEC);
	ok = fd >= 0 && write_all(fd, content->data, content->len);
	if (fd >= 0 && close(fd) < 0)
		ok = false;
	if (ok && rename((const char *)temp.data, name) < 0)
		ok = false;
	err = errno;
	if (!ok && fd >= 0)
		unlink((const char *)temp.data);
	buf_free(&temp);
	errno = err;
	return ok ? 0 : -COAP_E_SYS;
}

static int
save(struct persist *p, enum persist_file file)
{
	const struct file_row *row = &rows[file];
	struct buf out;
	int err;

	buf_init(&out, PERSIST_FILE_MAX);
	err = records_begin(&out, row->mark);
	if (err == 0)
		err = row->put(p, &out);
	if (err == 0)
		err = records_end(&out);
	if (err == 0)
		err = replace(p->names[file], &out);
	buf_free(&out);
	if (err < 0 && !p->warned)
		coap_log_warn("%s: not written: %s\n", p->names[file],
		    err == -COAP_E_SYS ? strerror(errno) : err_text(err));
	/* Once, until it works again. */
	p->warned = err < 0;
	return err;
}

int
persist_save(struct persist *p)
{
	unsigned dirty = p->dirty;
	int err = 0, r;

	p->dirty = 0;
	for (unsigned i = 0; i < PERSIST_FILES; i++) {
		if (!p->names[i] || !(dirty >> i & 1))
			continue;
		r = save(p, (enum persist_file)i);
		err = r < 0 ? r : err;
	}
	return err;
}

static void
on_timer(struct timer *t, coap_tick_t now)
{
	struct persist *p =
	    (struct persist *)((char *)t - offsetof(struct persist, timer));

	(void)now;
	persist_save(p);
}

/* --- libcoap's function ---------------------------------------------------- */

static bool
set_names(struct persist *p, const char *const names[PERSIST_FILES])
{
	size_t len;

	for (unsigned i = 0; i < PERSIST_FILES; i++) {
		if (!names[i])
			continue;
		len = strlen(names[i]) + 1;
		p->names[i] = coap_malloc_type(COAP_STRING, len);
		if (!p->names[i])
			return false;
		memcpy(p->names[i], names[i], len);
	}
	return true;
}

/* Numbers before what is notified. */
static bool
start(struct persist *p)
{
	p->timer.fire = on_timer;
	if (load(p, PERSIST_RESOURCES) < 0 || load(p, PERSIST_NUMBERS) < 0 ||
	    load(p, PERSIST_OBSERVERS) < 0)
		return false;
	/* It shows at once that they can be written. */
	p->dirty = (1U << PERSIST_FILES) - 1;
	return persist_save(p) == 0;
}

int
coap_persist_startup(coap_context_t *context,
    const char *dyn_resource_save_file, const char *observe_save_file,
    const char *obs_cnt_save_file, uint32_t save_freq)
{
	const char *const names[PERSIST_FILES] = {
		[PERSIST_RESOURCES] = dyn_resource_save_file,
		[PERSIST_OBSERVERS] = observe_save_file,
		[PERSIST_NUMBERS] = obs_cnt_save_file,
	};
	struct persist *p;
	bool ok;

	if (!context || context->freeing)
		return 0;
	context_enter(context);
	p = persist_of(context);
	if (p) {
		persist_free_files(p);
		p->file_freq = save_freq > 0 ? save_freq : 1;
	}
	ok = p && set_names(p, names) && start(p);
	if (p && !ok) {
		timers_cancel(&context->timers, &p->timer);
		persist_free_files(p);
	}
	context_leave(context);
	return ok;
}
