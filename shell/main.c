/* SPDX-License-Identifier: BSD-2-Clause */
/* The program: its options, and which front end runs. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/app.h"
#include "cli/commands/commands.h"
#include "cli/control/harden.h"
#include "cli/secrets/secret.h"
#include "cli/words/complete.h"
#include "cli/words/globals.h"
#include "cli/words/script.h"
#include "cli/words/vars.h"
#include "shell/prompt.h"

/* A usage error, before there is anything that could tell it otherwise. */
static int
usage_error(char *problem)
{
	fprintf(stderr, "coap-shell: %s\n",
	    problem ? problem : "out of memory");
	free(problem);
	return problem ? STATUS_USAGE : STATUS_INTERNAL;
}

/* --- defaults ------------------------------------------------------------ */

/* COAP_SHELL_SESSION, _FORMAT and _TIMEOUT. 0, or -1 and *problem. */
static int
read_environment(struct app *app, char **problem)
{
	const char *form = getenv("COAP_SHELL_FORMAT");
	const char *timeout = getenv("COAP_SHELL_TIMEOUT");
	int64_t ms;

	app->own.session_name = getenv("COAP_SHELL_SESSION");
	if (app->own.session_name && *app->own.session_name == '\0')
		app->own.session_name = NULL;
	app->control.path = getenv("COAP_SHELL_CONTROL");
	if (app->control.path && *app->control.path == '\0')
		app->control.path = NULL;
	if (form && *form != '\0' &&
	    !form_find(form, &app->own.defaults.form)) {
		*problem = text_format("COAP_SHELL_FORMAT: '%s' is none of "
				       "human, json, raw, hex, diag, none",
		    form);
		return -1;
	}
	if (timeout && *timeout != '\0') {
		ms = parse_duration(timeout);
		if (ms <= 0) {
			*problem = text_format("COAP_SHELL_TIMEOUT: '%s' is no "
					       "duration, such as "
					       "500ms, 5s or 2m",
			    timeout);
			return -1;
		}
		app->own.timeout_ms = (uint64_t)ms;
	}
	return 0;
}

static int
set_defaults(struct app *app, const struct args *args)
{
	const char *session = args_get(args, "session");
	char *problem = NULL;

	if (read_environment(app, &problem) < 0) {
		usage_error(problem);
		return STATUS_LOCAL;
	}
	if (globals_apply(args, &app->own.defaults, &app->own.timeout_ms,
		&problem) < 0)
		return usage_error(problem);
	if (session)
		app->own.session_name = session;
	app->own.session_asked = session != NULL;
	app->own.no_input = args_has(args, "no-input");
	app->control.off = args_has(args, "no-agent");
	if (args_get(args, "control"))
		app->control.path = args_get(args, "control");
	return STATUS_OK;
}

/* --- front ends ---------------------------------------------------------- */

static bool
is_uri(const char *word)
{
	return strstr(word, "://") != NULL;
}

static void
set_flags(struct script_source *source, const struct args *args)
{
	const char *name;
	size_t i;

	for (i = 0; i < args->n_options; i++) {
		name = args->options[i].option->name;
		if (strcmp(name, "keep-going") == 0)
			source->keep_going = true;
		else if (strcmp(name, "errexit") == 0)
			source->keep_going = false;
		else if (strcmp(name, "xtrace") == 0)
			source->xtrace = true;
	}
}

/* Commands from people, or from a pipe. */
static int
run_input(struct app *app, struct script_source *source)
{
	if (isatty(STDIN_FILENO))
		return prompt_run(app);
	return script_run_file(&app->own, "-", source);
}

/* `coap-shell URI [OPTION ...]`: opened, then commands. */
static int
run_uri(struct app *app, char *const *words, size_t n,
    struct script_source *source)
{
	char open[] = "open";
	char **all = calloc(n + 1, sizeof *all);
	struct script_source first = { .words = all, .n_words = n + 1 };
	int status;

	if (!all)
		return front_fail(&app->own, STATUS_INTERNAL, "out of memory");
	all[0] = open;
	for (size_t i = 0; i < n; i++)
		all[i + 1] = words[i];
	app->keep = true;
	status = script_run(&app->own, &first);
	free(all);
	return status == STATUS_OK ? run_input(app, source) : status;
}

static int
run_command(struct app *app, char *const *words, size_t n,
    struct script_source *source)
{
	int status;

	source->words = words;
	source->n_words = n;
	status = script_run(&app->own, source);
	if (status != STATUS_OK || !app->own.want_prompt ||
	    !isatty(STDIN_FILENO))
		return status;
	app->keep = true;
	return prompt_run(app);
}

/* What the words ask for. */
static int
run(struct app *app, const struct args *args, char *const *words, size_t n)
{
	struct script_source source = { .words = NULL };
	const char *list = args_get(args, "command");
	const char *file = args_get(args, "file");

	set_flags(&source, args);
	if (list && file)
		return front_fail(&app->own, STATUS_USAGE,
		    "-c and -f cannot be given together");
	if (list && n > 0)
		return front_fail(&app->own, STATUS_USAGE,
		    "'%s': -c takes all commands in one word", words[0]);
	if (!list && !file && n > 0) {
		if (!is_uri(words[0]))
			return run_command(app, words, n, &source);
		if (n == 1 || words[1][0] == '-')
			return run_uri(app, words, n, &source);
		return front_fail(&app->own, STATUS_USAGE,
		    "'%s' behind a URI; the command comes first: coap-shell "
		    "get %s",
		    words[1], words[0]);
	}
	app->keep = true;
	if (list) {
		source.text = list;
		source.name = "-c";
		return script_run(&app->own, &source);
	}
	if (!file)
		return run_input(app, &source);
	source.args = words;
	source.n_args = n;
	return script_run_file(&app->own, file, &source);
}

/* -h and -V. */
static int
run_word(struct app *app, const char *word)
{
	char *copy = strdup(word);
	struct script_source source = { .words = &copy, .n_words = 1 };
	int status;

	if (!copy)
		return front_fail(&app->own, STATUS_INTERNAL, "out of memory");
	status = script_run(&app->own, &source);
	free(copy);
	return status;
}

static int
run_app(const struct args *args, char *const *words, size_t n)
{
	struct app app = { .context = NULL };
	int status;

	sink_stdio(&app.own.sink, &app.terminal);
	status = set_defaults(&app, args);
	if (status != STATUS_OK)
		return status;
	status = app_open(&app);
	if (status == STATUS_OK) {
		if (args_has(args, "help"))
			status = run_word(&app, "help");
		else if (args_has(args, "version"))
			status = run_word(&app, "version");
		else
			status = run(&app, args, words, n);
	}
	app_close(&app);
	if (app.control.agent)
		agent_soften();
	return status;
}

/*
 * A socket must not become stdout: what is written there would go to the
 * peer. What was closed stays so for us: a read or a write fails.
 */
static int
hold_streams(void)
{
	static const int flags[] = { O_WRONLY, O_RDONLY, O_RDONLY };
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", flags[fd]) < 0)
			return -1;
	return 0;
}

static int
run_words(char *const *words, size_t n)
{
	struct args args;
	char *problem;
	size_t used;
	int status;

	if (args_parse_leading(&args, words, n, &used, &problem) < 0)
		status = usage_error(problem);
	else
		status = run_app(&args, words + used, n - used);
	args_free(&args);
	return status;
}

int
main(int argc, char **argv)
{
	char **words;
	int status;

	/* Before anything that takes time. */
	words = secret_take_args(argc, argv);
	if (!words || hold_streams() < 0)
		return STATUS_INTERNAL;
	signal(SIGPIPE, SIG_IGN);
	if (argc > 1 && strcmp(words[1], "__complete") == 0)
		status = complete_main(argc - 2, words + 2);
	else
		status = run_words(words + 1, argc > 1 ? (size_t)argc - 1 : 0);
	secret_free_args(argc, words);
	return status;
}
