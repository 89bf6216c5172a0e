/* SPDX-License-Identifier: BSD-2-Clause */
/* Option numbers, those of signalling messages too. */
#include "wire/registry.h"

#include <stdlib.h>
#include <strings.h>

#define OPT_EMPTY  COAPX_OPTION_EMPTY
#define OPT_OPAQUE COAPX_OPTION_OPAQUE
#define OPT_UINT   COAPX_OPTION_UINT
#define OPT_STRING COAPX_OPTION_STRING

/* The three low bits of meaning in a number, RFC 7252 section 5.4.6. */
#define CRITICAL(n)     ((n)&1)
#define UNSAFE(n)       (((n) >> 1) & 1)
#define NO_CACHE_KEY(n) (!UNSAFE(n) && !(((n)&0x1e) ^ 0x1c))

#define ROW(n, name, format, min, max, repeat, ref)                      \
	{                                                                \
		name, n, OPT_##format, min, max, CRITICAL(n), UNSAFE(n), \
		    NO_CACHE_KEY(n), repeat, ref                         \
	}

/* In a signalling message only the critical bit has a meaning. */
#define SIGNAL(n, name, format, min, max, repeat)                           \
	{                                                                   \
		name, n, OPT_##format, min, max, CRITICAL(n), 0, 0, repeat, \
		    "RFC 8323"                                              \
	}

#define N_OPTIONS (sizeof(options) / sizeof(options[0]))
#define N_SIGNALS (sizeof(signals) / sizeof(signals[0]))

/*
 * In order of number: name, format, shortest, longest, repeatable, source.
 * Where a source does not say, the row allows everything.
 */
static const coapx_option_info_t options[] = {
	ROW(1, "If-Match", OPAQUE, 0, 8, 1, "RFC 7252"),
	ROW(3, "Uri-Host", STRING, 1, 255, 0, "RFC 7252"),
	ROW(4, "ETag", OPAQUE, 1, 8, 1, "RFC 7252"),
	ROW(5, "If-None-Match", EMPTY, 0, 0, 0, "RFC 7252"),
	ROW(6, "Observe", UINT, 0, 3, 0, "RFC 7641"),
	ROW(7, "Uri-Port", UINT, 0, 2, 0, "RFC 7252"),
	ROW(8, "Location-Path", STRING, 0, 255, 1, "RFC 7252"),
	ROW(9, "OSCORE", OPAQUE, 0, 255, 0, "RFC 8613"),
	ROW(11, "Uri-Path", STRING, 0, 255, 1, "RFC 7252"),
	ROW(12, "Content-Format", UINT, 0, 2, 0, "RFC 7252"),
	ROW(13, "Uri-Path-Abbrev", UINT, 0, 4, 0,
	    "draft-ietf-core-uri-path-abbrev (not assigned yet)"),
	ROW(14, "Max-Age", UINT, 0, 4, 0, "RFC 7252"),
	ROW(15, "Uri-Query", STRING, 0, 255, 1, "RFC 7252"),
	ROW(16, "Hop-Limit", UINT, 1, 1, 0, "RFC 8768"),
	ROW(17, "Accept", UINT, 0, 2, 0, "RFC 7252"),
	ROW(19, "Q-Block1", UINT, 0, 3, 0, "RFC 9177"),
	ROW(20, "Location-Query", STRING, 0, 255, 1, "RFC 7252"),
	ROW(21, "EDHOC", EMPTY, 0, 0, 0, "RFC 9668"),
	ROW(23, "Block2", UINT, 0, 3, 0, "RFC 7959"),
	ROW(27, "Block1", UINT, 0, 3, 0, "RFC 7959"),
	ROW(28, "Size2", UINT, 0, 4, 0, "RFC 7959"),
	ROW(31, "Q-Block2", UINT, 0, 3, 1, "RFC 9177"),
	ROW(35, "Proxy-Uri", STRING, 1, 1034, 0, "RFC 7252"),
	ROW(39, "Proxy-Scheme", STRING, 1, 255, 0, "RFC 7252"),
	ROW(60, "Size1", UINT, 0, 4, 0, "RFC 7252"),
	ROW(235, "Proxy-Cri", OPAQUE, 1, 1023, 0, "draft-ietf-core-href"),
	ROW(239, "Proxy-Scheme-Number", UINT, 0, 3, 0, "draft-ietf-core-href"),
	ROW(252, "Echo", OPAQUE, 1, 40, 0, "RFC 9175"),
	ROW(258, "No-Response", UINT, 0, 1, 0, "RFC 7967"),
	ROW(292, "Request-Tag", OPAQUE, 0, 8, 1, "RFC 9175"),
	ROW(2049, "OCF-Accept-Content-Format-Version", UINT, 2, 2, 0, "OCF"),
	ROW(2053, "OCF-Content-Format-Version", UINT, 2, 2, 0, "OCF"),
	ROW(2055, "SCP82-Params", OPAQUE, 0, 65535, 1, "GlobalPlatform"),
	ROW(2056, "X-Admin-Protocol", OPAQUE, 0, 65535, 1, "GSMA SGP.32"),
};

/* In order of code and number. */
static const struct signal_option {
	uint8_t code;
	coapx_option_info_t info;
} signals[] = {
	{ COAP_SIGNALING_CODE_CSM,
	    SIGNAL(2, "Max-Message-Size", UINT, 0, 4, 0) },
	{ COAP_SIGNALING_CODE_CSM,
	    SIGNAL(4, "Block-Wise-Transfer", EMPTY, 0, 0, 0) },
	{ COAP_SIGNALING_CODE_CSM,
	    { "Extended-Token-Length", 6, OPT_UINT, 0, 3, 0, 0, 0, 0,
		"RFC 8974" } },
	{ COAP_SIGNALING_CODE_PING, SIGNAL(2, "Custody", EMPTY, 0, 0, 0) },
	{ COAP_SIGNALING_CODE_PONG, SIGNAL(2, "Custody", EMPTY, 0, 0, 0) },
	{ COAP_SIGNALING_CODE_RELEASE,
	    SIGNAL(2, "Alternative-Address", STRING, 1, 255, 1) },
	{ COAP_SIGNALING_CODE_RELEASE, SIGNAL(4, "Hold-Off", UINT, 0, 3, 0) },
	{ COAP_SIGNALING_CODE_ABORT,
	    SIGNAL(2, "Bad-CSM-Option", UINT, 0, 2, 0) },
};

/* Goes with every signalling code. */
static const coapx_option_info_t signal_oscore = {
	"OSCORE",
	9,
	OPT_OPAQUE,
	0,
	255,
	1,
	0,
	0,
	0,
	"RFC 8613",
};

static int
compare_option(const void *key, const void *row)
{
	const coapx_option_info_t *info = row;
	unsigned number = *(const unsigned *)key;

	return number < info->number ? -1 : number > info->number;
}

const coapx_option_info_t *
coapx_option_by_number(unsigned number)
{
	return bsearch(&number, options, N_OPTIONS, sizeof(options[0]),
	    compare_option);
}

const coapx_option_info_t *
coapx_option_by_name(const char *name)
{
	size_t i;

	if (!name)
		return NULL;
	for (i = 0; i < N_OPTIONS; i++) {
		if (strcasecmp(options[i].name, name) == 0)
			return &options[i];
	}
	return NULL;
}

const coapx_option_info_t *
coapx_option_at(size_t i)
{
	return i < N_OPTIONS ? &options[i] : NULL;
}

const coapx_option_info_t *
coapx_signaling_option(unsigned code, unsigned number)
{
	size_t i;

	if (COAP_RESPONSE_CLASS(code) != 7)
		return NULL;
	if (number == signal_oscore.number)
		return &signal_oscore;
	for (i = 0; i < N_SIGNALS; i++) {
		if (signals[i].code == code && signals[i].info.number == number)
			return &signals[i].info;
	}
	return NULL;
}
