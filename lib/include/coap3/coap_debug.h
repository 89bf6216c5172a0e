/* SPDX-License-Identifier: BSD-2-Clause */
/* Logging, and how addresses and messages are shown: coap_logging(3). */
#ifndef COAP_DEBUG_H
#define COAP_DEBUG_H

#include <coap3/coap_address.h>
#include <coap3/coap_forward_decls.h>
#include <coap3/coap_pdu.h>

typedef enum coap_log_t {
	COAP_LOG_EMERG = 0,
	COAP_LOG_ALERT = 1,
	COAP_LOG_CRIT = 2,
	COAP_LOG_ERR = 3,
	COAP_LOG_WARN = 4,
	COAP_LOG_NOTICE = 5,
	COAP_LOG_INFO = 6,
	COAP_LOG_DEBUG = 7,
	COAP_LOG_OSCORE = 8,
	/* Plus one of EMERG to DEBUG: a message of the TLS library. */
	COAP_LOG_DTLS_BASE = 9,
} coap_log_t;

/*
 * Takes a message in place of the library's own output: text that ends with
 * one newline, without time and level, good until the handler returns. It runs
 * on the thread that logs and should not log.
 */
typedef void (*coap_log_handler_t)(coap_log_t level, const char *message);

/* Arguments are only evaluated when the level is wanted. */
#define coap_log(level, ...)                                 \
	do {                                                 \
		if ((level) <= coap_get_log_level())         \
			coap_log_impl((level), __VA_ARGS__); \
	} while (0)
#define coap_log_emerg(...)  coap_log(COAP_LOG_EMERG, __VA_ARGS__)
#define coap_log_alert(...)  coap_log(COAP_LOG_ALERT, __VA_ARGS__)
#define coap_log_crit(...)   coap_log(COAP_LOG_CRIT, __VA_ARGS__)
#define coap_log_err(...)    coap_log(COAP_LOG_ERR, __VA_ARGS__)
#define coap_log_warn(...)   coap_log(COAP_LOG_WARN, __VA_ARGS__)
#define coap_log_info(...)   coap_log(COAP_LOG_INFO, __VA_ARGS__)
#define coap_log_notice(...) coap_log(COAP_LOG_NOTICE, __VA_ARGS__)
#define coap_log_debug(...)  coap_log(COAP_LOG_DEBUG, __VA_ARGS__)
#define coap_log_oscore(...) coap_log(COAP_LOG_OSCORE, __VA_ARGS__)

/* The most talkative level that is logged; COAP_LOG_WARN at the start. */
COAP_API coap_log_t coap_get_log_level(void);

/* Sets it, for the whole process; a level above OSCORE counts as OSCORE. */
COAP_API void coap_set_log_level(coap_log_t level);

/*
 * The same for messages of the TLS library, COAP_LOG_EMERG to COAP_LOG_DEBUG;
 * COAP_LOG_EMERG at the start. A higher level counts as DEBUG.
 */
COAP_API void coap_dtls_set_log_level(coap_log_t level);
COAP_API coap_log_t coap_dtls_get_log_level(void);

/*
 * The label of a level, four characters: "WARN", "ERR ", for messages of the
 * TLS library "Warn", "Err "; "????" for a number that is no level. Static.
 */
COAP_API const char *coap_log_level_desc(coap_log_t level);

/*
 * Sends all messages to handler, for the whole process; NULL brings the
 * library's own output back: one line a message with time and level, to
 * stderr up to CRIT, else to stdout. May be called at any time by any thread;
 * a message that is under way may still reach the former handler.
 */
COAP_API void coap_set_log_handler(coap_log_handler_t handler);

/* The name of this library. Static. */
COAP_API const char *coap_package_name(void);

/* The release of libcoap whose interface this library has. Static. */
COAP_API const char *coap_package_version(void);

/* The release of this library itself. Static. */
COAP_API const char *coap_package_build(void);

/*
 * Logs a message if its level is wanted; use the macros above. A newline at
 * the end is added where it is missing, other control characters but tab
 * become '?', since the text may hold what a peer sent, and what is longer
 * than 8 KiB is cut and ends with "...". errno is kept.
 */
COAP_API void coap_log_impl(coap_log_t level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * How coap_show_pdu() shows a message: 1 (at the start) prints it to stdout or
 * stderr, 0 logs it.
 */
COAP_API void coap_set_show_pdu_output(int use_fprintf);

/* Whether coap_show_pdu() shows the payload: 1 (at the start) or 0. */
COAP_API void coap_enable_pdu_data_output(int enable_data);

/*
 * Shows pdu in one line, as coap_set_show_pdu_output() says, if level is
 * wanted.
 */
COAP_API void coap_show_pdu(coap_log_t level, const coap_pdu_t *pdu);

/* Logs what coap_string_tls_version() says at level. */
COAP_API void coap_show_tls_version(coap_log_t level);

/*
 * Writes the TLS library of this build and its version, or that there is none,
 * to buffer, cut to bufsize bytes with the NUL. The result is buffer.
 */
COAP_API char *coap_string_tls_version(char *buffer, size_t bufsize);

/* The same about what that library can do: PSK, PKI, RPK and so on. */
COAP_API char *coap_string_tls_support(char *buffer, size_t bufsize);

/*
 * Writes address and port with a NUL: "192.0.2.1:5683",
 * "[fe80::1%eth0]:5683", or "(no address)" if there is neither. The result is
 * the length without the NUL; 0, and "" if there is any room, when size bytes
 * are too few. 80 bytes are always enough.
 */
COAP_API size_t coap_print_addr(const coap_address_t *address,
    unsigned char *buffer, size_t size);

/*
 * Writes the address alone, without port, brackets and zone, with a NUL. The
 * result is buffer, holding "" when size bytes are too few or there is no IP
 * address; NULL if size is 0. INET6_ADDRSTRLEN bytes are always enough.
 */
COAP_API const char *coap_print_ip_addr(const coap_address_t *address,
    char *buffer, size_t size);

/*
 * For tests: loses datagrams that the process sends from now on, as a network
 * would. loss_level is a percentage ("25%", of coap_prng()'s choice), or a list
 * of datagrams counted from 1 ("1,3,5-8", up to ten sets); "0%" or "0" stops
 * it. Streams lose nothing. 1; 0 if it is neither, and nothing changes.
 */
COAP_API int coap_debug_set_packet_loss(const char *loss_level);

#endif
