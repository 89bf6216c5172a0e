/* SPDX-License-Identifier: BSD-2-Clause */
/* The entries of the command table, each defined in the file of its command. */
#ifndef CLI_COMMANDS_COMMANDS_H
#define CLI_COMMANDS_COMMANDS_H

#include "cli/command.h"

struct job;

/* Prints the help of one command: what -h does. An exit status. */
int help_command(struct job *job, const struct command *command);

/* Sessions: session_*.c */
extern const struct command cmd_session_open;
extern const struct command cmd_session_list;
extern const struct command cmd_session_info;
extern const struct command cmd_session_get;
extern const struct command cmd_session_set;
extern const struct command cmd_session_data_set;
extern const struct command cmd_session_data_get;
extern const struct command cmd_session_data_unset;
extern const struct command cmd_session_data_list;
extern const struct command cmd_session_set_type;
extern const struct command cmd_session_reference;
extern const struct command cmd_session_release;
extern const struct command cmd_session_use;
extern const struct command cmd_session_rename;
extern const struct command cmd_session_wait;
extern const struct command cmd_session_reconnect;
extern const struct command cmd_session_disconnect;
extern const struct command cmd_session_close;

/* Requests */
extern const struct command cmd_get;
extern const struct command cmd_put;
extern const struct command cmd_post;
extern const struct command cmd_delete;
extern const struct command cmd_fetch;
extern const struct command cmd_patch;
extern const struct command cmd_ipatch;
extern const struct command cmd_request;
extern const struct command cmd_ping;

/* Observing: observe*.c */
extern const struct command cmd_observe;
extern const struct command cmd_observe_start;
extern const struct command cmd_observe_list;
extern const struct command cmd_observe_show;
extern const struct command cmd_observe_tail;
extern const struct command cmd_observe_diff;
extern const struct command cmd_observe_stop;

/* Discovery and places */
extern const struct command cmd_discover;
extern const struct command cmd_ls;
extern const struct command cmd_cd;
extern const struct command cmd_pwd;

/* Listening */
extern const struct command cmd_listen;
extern const struct command cmd_listen_list;
extern const struct command cmd_listen_stop;
extern const struct command cmd_serve;
extern const struct command cmd_demo;

/* For the hard days */
extern const struct command cmd_agent_start;
extern const struct command cmd_agent_stop;
extern const struct command cmd_agent_status;
extern const struct command cmd_decode;
extern const struct command cmd_resolve;
extern const struct command cmd_cert;

/* Helpers: helpers.c, explain.c, help.c, version.c */
extern const struct command cmd_sleep;
extern const struct command cmd_echo;
extern const struct command cmd_set;
extern const struct command cmd_source;
extern const struct command cmd_explain;
extern const struct command cmd_help;
extern const struct command cmd_version;
extern const struct command cmd_exit;

#endif
