/* SPDX-License-Identifier: BSD-2-Clause */
/* What was chosen about the log, for those who write to it. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include <coap3/coap_debug.h>

/* The longest message with its NUL; what is longer is cut. */
#define LOG_LINE_MAX 8192

/* Whether a message of this level, also of the TLS library, would be logged. */
bool log_wanted(coap_log_t level);
/* As coap_set_show_pdu_output() and coap_enable_pdu_data_output() left it. */
bool log_pdu_to_stdio(void);
bool log_pdu_data(void);

#endif
