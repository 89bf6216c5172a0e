/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads what the options name, one after the other. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/app.h"
#include "cli/secrets/ask.h"
#include "cli/secrets/child.h"
#include "cli/secrets/key_log.h"
#include "cli/secrets/keyring.h"
#include "cli/session/opening.h"

/* How the value of an option becomes bytes. */
enum how {
	HOW_TEXT,     /* it is the bytes */
	HOW_FILE,     /* of anybody */
	HOW_OWN_FILE, /* of its owner alone */
	HOW_TOKEN,    /* a file of its owner's, or a pkcs11: URI */
	HOW_CMD,
	HOW_ASK, /* "-": typed; else it is the bytes */
};

struct load;

struct step {
	const char *option;
	enum how how;
	size_t offset; /* of the struct secret in struct keyring */
	size_t max;
	/* What is wrong with the bytes, or makes them good; NULL: nothing. */
	const char *(*check)(struct load *load, struct secret *s);
};

/* job->loading, until its command starts. */
struct load {
	struct job *job;
	void (*done)(struct job *job, int status);
	size_t step; /* the one under way, or the next */
	struct ask *ask;
	struct child *child;
	char *question;
	char *problem; /* of a check, with numbers; malloc()ed */
};

/* --- what is good -------------------------------------------------------- */

static const char *
check_key(struct load *load, struct secret *s)
{
	(void)load;
	if (s->len == 0)
		return "the key is empty";
	return s->len > COAP_DTLS_MAX_PSK ? "the key is longer than 64 bytes"
					  : NULL;
}

static const char *
check_line(struct load *load, struct secret *s)
{
	secret_chomp(s);
	return check_key(load, s);
}

static const char *
check_hex(struct load *load, struct secret *s)
{
	if (!secret_from_hex(s))
		return "the key is not in hex (pairs of 0-9 and a-f)";
	return check_key(load, s);
}

static const char *
check_pin(struct load *load, struct secret *s)
{
	(void)load;
	secret_chomp(s);
	return s->len == 0 ? "the PIN is empty" : NULL;
}

static const char *
check_table(struct load *load, struct secret *s)
{
	struct keyring *k = load->job->keyring;
	bool good = keyring_read_table(k, s, &load->problem);

	secret_free(s);
	if (good)
		return NULL;
	return load->problem ? load->problem : "out of memory";
}

/* PEM has the word in a line that begins with BEGIN; DER is a sequence. */
static bool
holds(const struct secret *s, const char *word)
{
	const char *text = (const char *)s->data;
	const char *found;

	if (s->len > 0 && s->data[0] == 0x30)
		return true;
	for (found = strstr(text, "-----BEGIN "); found;
	     found = strstr(found + 1, "-----BEGIN "))
		if (memmem(found, strcspn(found, "\n"), word, strlen(word)))
			return true;
	return false;
}

static const char *
check_certificate(struct load *load, struct secret *s)
{
	(void)load;
	return holds(s, "CERTIFICATE-----")
	    ? NULL
	    : "there is no certificate in it (PEM or DER)";
}

static const char *
check_private(struct load *load, struct secret *s)
{
	(void)load;
	if (s->len > 0 && s->data[0] != 0x30 &&
	    strstr((const char *)s->data, "ENCRYPTED"))
		return "the key has a password; 'openssl pkey' writes it "
		       "without one, and a token (pkcs11:) keeps it safe";
	return holds(s, "PRIVATE KEY-----")
	    ? NULL
	    : "there is no private key in it (PEM or DER)";
}

/* Without --key the key is in the same file, after the chain. */
static const char *
check_cert(struct load *load, struct secret *s)
{
	const char *wrong = check_certificate(load, s);

	if (wrong || args_has(&load->job->args, "key"))
		return wrong;
	return check_private(load, s) || s->data[0] == 0x30
	    ? "its private key is missing; give --key"
	    : NULL;
}

/* DER as it is; PEM is decoded, since it is compared byte by byte. */
static const char *
check_public(struct load *load, struct secret *s)
{
	static const char begin[] = "-----BEGIN PUBLIC KEY-----";
	const char *text = (const char *)s->data;
	char *body;
	char *stop;
	uint8_t *der = NULL;
	size_t len = 0;
	bool good;

	(void)load;
	if (s->len > 0 && s->data[0] == 0x30)
		return NULL;
	if (strstr(text, "PRIVATE KEY-----"))
		return "this is a private key; 'openssl pkey -pubout' writes "
		       "its public one";
	body = strstr(text, begin);
	stop = body ? strstr(body, "-----END ") : NULL;
	if (!stop)
		return "there is no public key in it (PEM or DER)";
	body += strlen(begin);
	*stop = '\0';
	good = parse_base64(body, &der, &len) && secret_set(s, der, len);
	free(der);
	return good ? NULL : "the public key in it is not valid PEM";
}

static const char *
check_none(struct load *load, struct secret *s)
{
	(void)load;
	(void)s;
	return NULL;
}

#define AT(member) offsetof(struct keyring, member)

/* What may need somebody's hands comes last. */
static const struct step steps[] = {
	{ "psk-identity", HOW_TEXT, AT(identity), 0, check_none },
	{ "psk-hint", HOW_TEXT, AT(hint), 0, check_none },
	{ "psk-file", HOW_OWN_FILE, AT(key), KEYRING_KEY_FILE, check_line },
	{ "psk-hex-file", HOW_OWN_FILE, AT(key), KEYRING_KEY_FILE, check_hex },
	{ "psk-table", HOW_OWN_FILE, AT(key), KEYRING_TABLE_FILE, check_table },
	{ "ca", HOW_FILE, AT(ca), KEYRING_PEM_FILE, check_certificate },
	{ "cert", HOW_TOKEN, AT(cert), KEYRING_PEM_FILE, check_cert },
	{ "key", HOW_TOKEN, AT(private_key), KEYRING_PEM_FILE, check_private },
	{ "rpk", HOW_TOKEN, AT(rpk), KEYRING_PEM_FILE, check_private },
	{ "peer-rpk", HOW_FILE, AT(peer_rpk), KEYRING_PEM_FILE, check_public },
	{ "pin-file", HOW_OWN_FILE, AT(pin), KEYRING_KEY_FILE, check_pin },
	{ "pin-cmd", HOW_CMD, AT(pin), KEYRING_KEY_FILE, check_pin },
	{ "psk-cmd", HOW_CMD, AT(key), KEYRING_KEY_FILE, check_line },
	{ "psk", HOW_ASK, AT(key), 0, check_key },
};

#define N_STEPS (sizeof(steps) / sizeof(steps[0]))

/* --- one step ------------------------------------------------------------ */

static struct secret *
target_of(const struct load *load)
{
	return (struct secret *)(void *)((char *)load->job->keyring +
	    steps[load->step].offset);
}

/* Takes the bytes of the step under way. STATUS_OK, or the job has been told. */
static int
take(struct load *load, struct secret *bytes)
{
	const struct step *step = &steps[load->step];
	const char *value = args_get(&load->job->args, step->option);
	bool named = step->how == HOW_FILE || step->how == HOW_OWN_FILE ||
	    step->how == HOW_TOKEN;
	const char *wrong = step->check(load, bytes);

	if (wrong)
		return job_fail(load->job, STATUS_LOCAL, "--%s%s%s: %s",
		    step->option, named ? " " : "", named ? value : "", wrong);
	if (bytes->data) {
		secret_free(target_of(load));
		*target_of(load) = *bytes;
		*bytes = (struct secret){ NULL, 0 };
	}
	return STATUS_OK;
}

static int
take_text(struct load *load, const char *value)
{
	struct secret bytes = { NULL, 0 };
	int status;

	if (!secret_set(&bytes, value, strlen(value)))
		return job_fail(load->job, STATUS_INTERNAL, "out of memory");
	status = take(load, &bytes);
	secret_free(&bytes);
	return status;
}

static int
take_file(struct load *load, const char *path)
{
	const struct step *step = &steps[load->step];
	struct secret bytes = { NULL, 0 };
	bool has_key = strcmp(step->option, "cert") != 0 ||
	    !args_has(&load->job->args, "key");
	bool own = step->how != HOW_FILE && has_key;
	char *problem = NULL;
	int status = secret_read(&bytes, path, step->max, own, &problem);

	if (status == STATUS_OK)
		status = take(load, &bytes);
	else
		job_fail(load->job, status, "--%s %s", step->option,
		    problem ? problem : "out of memory");
	free(problem);
	secret_free(&bytes);
	return status;
}

static void go_on(struct load *load, int status);

static void
on_output(void *arg, int status, struct secret *output)
{
	struct load *load = arg;

	load->child = NULL;
	if (status == STATUS_OK)
		status = take(load, output);
	go_on(load, status);
}

static void
on_answer(void *arg, int status, struct secret *answer)
{
	struct load *load = arg;

	load->ask = NULL;
	if (status == STATUS_OK)
		status = take(load, answer);
	go_on(load, status);
}

static int
run_command(struct load *load, const char *command)
{
	const struct step *step = &steps[load->step];
	struct child_params params = {
		.what = step->option[1] == 'i' ? "--pin-cmd" : "--psk-cmd",
		.command = command,
		.max = step->max,
		.done = on_output,
		.arg = load,
	};
	int status = child_start(load->job, &params, &load->child);

	if (status != STATUS_OK)
		return status;
	job_waits_for(load->job, "the command of --%s", step->option);
	return JOB_RUNNING;
}

/* Nothing is told of a wait, which would be written behind the question. */
static int
ask(struct load *load)
{
	const char *id = args_get(&load->job->args, "psk-identity");
	int status;

	load->question = id ? text_format("Key of %s (not shown): ", id)
			    : text_format("Key (not shown): ");
	if (!load->question)
		return job_fail(load->job, STATUS_INTERNAL, "out of memory");
	job_is_quiet(load->job, true);
	status =
	    ask_start(load->job, load->question, on_answer, load, &load->ask);
	return status == STATUS_OK ? JOB_RUNNING : status;
}

static void
warn_of_arguments(struct job *job)
{
	static const char text[] =
	    "coap-shell: warning: a key behind --psk can be seen by others; "
	    "--psk-file, --psk-cmd and --psk - keep it to you\n";
	struct front *front = job->front;

	if (front->told_psk || front->defaults.quiet ||
	    args_has(&job->args, "quiet"))
		return;
	front->told_psk = true;
	front->sink.err(front->sink.user, text, strlen(text));
}

/* STATUS_OK: it is done; JOB_RUNNING; or the job has been told. */
static int
begin_step(struct load *load)
{
	const struct step *step = &steps[load->step];
	const char *value = args_get(&load->job->args, step->option);

	if (!value)
		return STATUS_OK;
	switch (step->how) {
	case HOW_TEXT:
		return take_text(load, value);
	case HOW_CMD:
		return run_command(load, value);
	case HOW_ASK:
		if (strcmp(value, "-") == 0)
			return ask(load);
		warn_of_arguments(load->job);
		return take_text(load, value);
	case HOW_TOKEN:
		if (strncmp(value, "pkcs11:", 7) == 0)
			return secret_set(target_of(load), value, strlen(value))
			    ? STATUS_OK
			    : job_fail(load->job, STATUS_INTERNAL,
				  "out of memory");
		return take_file(load, value);
	default:
		return take_file(load, value);
	}
}

/* --- all of them --------------------------------------------------------- */

void
keyring_stop(struct job *job)
{
	struct load *load = job->loading;

	if (!load)
		return;
	ask_free(load->ask);
	child_free(load->child);
	free(load->question);
	free(load->problem);
	free(load);
	job->loading = NULL;
}

static int
steps_run(struct load *load)
{
	int status = STATUS_OK;

	for (; load->step < N_STEPS && status == STATUS_OK; load->step++) {
		status = begin_step(load);
		if (status == JOB_RUNNING)
			return JOB_RUNNING;
	}
	return status;
}

static void
go_on(struct load *load, int status)
{
	struct job *job = load->job;
	void (*done)(struct job * job, int status);

	if (status == STATUS_OK) {
		load->step++;
		status = steps_run(load);
	}
	if (status == JOB_RUNNING)
		return;
	done = load->done;
	keyring_stop(job);
	job_is_quiet(job, false);
	done(job, status);
}

static int
begin(struct job *job, enum keyring_role role,
    void (*done)(struct job *job, int status))
{
	const char *sni = args_get(&job->args, "sni");
	struct load *load = calloc(1, sizeof *load);
	int status;

	job->keyring = load ? keyring_new(role == KEYRING_LISTENS) : NULL;
	if (job->keyring && sni)
		job->keyring->server_name = strdup(sni);
	if (!job->keyring || (sni && !job->keyring->server_name)) {
		free(load);
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	}
	if (args_has(&job->args, "insecure"))
		job->keyring->flags |= COAPX_TLS_INSECURE;
	if (args_has(&job->args, "system-ca"))
		job->keyring->flags |= COAPX_TLS_SYSTEM_TRUST;
	if (args_has(&job->args, "no-alpn"))
		job->keyring->flags |= COAPX_TLS_NO_ALPN;
	load->job = job;
	load->done = done;
	job->loading = load;
	status = steps_run(load);
	if (status != JOB_RUNNING)
		keyring_stop(job);
	return status;
}

/* --- where they are for -------------------------------------------------- */

static bool
is_secure(const char *uri)
{
	return strncasecmp(uri, "coaps", 5) == 0;
}

/* "coap+tcp://h" becomes "coaps+tcp://h". */
static int
not_secured(struct job *job, const char *uri, const char *option)
{
	return job_fail(job, STATUS_USAGE,
	    "--%s: %.*s is not secured; did you mean coaps%s?", option,
	    (int)strcspn(uri, ":"), uri, uri + 4);
}

/* Credentials make a session or a listener; they change none that is there.
 * With a proxy they are for the session to it. */
static int
check_operands(struct job *job, enum keyring_role role, const char *option)
{
	size_t at = target_operand(job->command) % COMMAND_OPERANDS;
	const char *first = args_operand(&job->args, at);
	size_t n = job->args.n_operands;

	if (role == KEYRING_OPENS && (!first || !looks_like_uri(first)))
		return job_fail(job, STATUS_USAGE,
		    "--%s is for a session that is opened, and '%s' is of one "
		    "that is open; give a URI",
		    option, first ? first : "the current path");
	for (size_t i = at; i < n; i++) {
		const char *uri =
		    target_next_hop(job, args_operand(&job->args, i));

		if (strncasecmp(uri, "coap", 4) != 0 || is_secure(uri))
			return STATUS_OK;
	}
	return n > at ? not_secured(job, target_next_hop(job, first), option)
		      : STATUS_OK;
}

int
keyring_start(struct job *job)
{
	enum keyring_role role = keyring_role_of(job->command);
	const char *option = keyring_first_option(&job->args);
	char *problem;
	int status;

	if (role == KEYRING_NONE || !option)
		return STATUS_OK;
	status = check_operands(job, role, option);
	if (status != STATUS_OK)
		return status;
	problem = keyring_problem(&job->args, role);
	if (problem) {
		job_fail(job, STATUS_USAGE, "%s", problem);
		free(problem);
		return STATUS_USAGE;
	}
	/* Nobody is asked for what is not needed. */
	if (role == KEYRING_OPENS && target_is_open(job))
		return STATUS_OK;
	if (role == KEYRING_LISTENS)
		key_log_warn(job);
	if (!job->front->guest)
		return begin(job, role, job_go_on);
	return job->front->guest->want_keys(job) == 0
	    ? JOB_RUNNING
	    : job_fail(job, STATUS_INTERNAL, "out of memory");
}

int
keyring_collect(struct job *job, void (*done)(struct job *job, int status))
{
	return begin(job, keyring_role_of(job->command), done);
}
