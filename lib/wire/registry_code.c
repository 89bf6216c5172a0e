/* SPDX-License-Identifier: BSD-2-Clause */
/* Method, response and signalling codes. */
#include "wire/registry.h"

#include <stdlib.h>
#include <strings.h>

#define CODE(class, detail) ((class) << 5 | (detail))
#define N_CODES             (sizeof(codes) / sizeof(codes[0]))

/* In order of code. */
static const coapx_code_info_t codes[] = {
	{ CODE(0, 0), "Empty", "RFC 7252",
	    "no request and no response: a ping, an acknowledgement or a "
	    "Reset" },
	{ CODE(0, 1), "GET", "RFC 7252", "read the resource" },
	{ CODE(0, 2), "POST", "RFC 7252",
	    "let the resource process the payload" },
	{ CODE(0, 3), "PUT", "RFC 7252",
	    "create the resource or replace what it holds" },
	{ CODE(0, 4), "DELETE", "RFC 7252", "remove the resource" },
	{ CODE(0, 5), "FETCH", "RFC 8132",
	    "read the part of the resource that the payload asks for" },
	{ CODE(0, 6), "PATCH", "RFC 8132",
	    "change a part of the resource; not safe to repeat" },
	{ CODE(0, 7), "iPATCH", "RFC 8132",
	    "change a part of the resource; safe to repeat" },

	{ CODE(2, 1), "Created", "RFC 7252",
	    "a new resource is there now; Location-Path says where, if it is "
	    "not where you asked" },
	{ CODE(2, 2), "Deleted", "RFC 7252", "the resource is gone" },
	{ CODE(2, 3), "Valid", "RFC 7252",
	    "the copy that you hold under this ETag is still good" },
	{ CODE(2, 4), "Changed", "RFC 7252", "the resource was changed" },
	{ CODE(2, 5), "Content", "RFC 7252",
	    "the payload is what the resource holds" },
	{ CODE(2, 31), "Continue", "RFC 7959",
	    "the server took this block and waits for the next one" },

	{ CODE(4, 0), "Bad Request", "RFC 7252",
	    "the server does not understand the request; check path, query "
	    "and payload" },
	{ CODE(4, 1), "Unauthorized", "RFC 7252",
	    "the server wants to know who asks; use other credentials, or "
	    "repeat the request with the Echo value it sent" },
	{ CODE(4, 2), "Bad Option", "RFC 7252",
	    "the request has a critical option that the server does not know; "
	    "leave it out" },
	{ CODE(4, 3), "Forbidden", "RFC 7252",
	    "these credentials may not do this; ask for the right, or use "
	    "others" },
	{ CODE(4, 4), "Not Found", "RFC 7252",
	    "there is no such resource; look what there is in "
	    "/.well-known/core" },
	{ CODE(4, 5), "Method Not Allowed", "RFC 7252",
	    "the resource is there but does not take this method" },
	{ CODE(4, 6), "Not Acceptable", "RFC 7252",
	    "the resource has no such Content-Format; ask for another one, or "
	    "leave Accept out" },
	{ CODE(4, 8), "Request Entity Incomplete", "RFC 7959",
	    "blocks of the request are missing at the server; send it again "
	    "from the first block" },
	{ CODE(4, 9), "Conflict", "RFC 8132",
	    "the change does not fit what the resource holds now; read it and "
	    "try again" },
	{ CODE(4, 12), "Precondition Failed", "RFC 7252",
	    "If-Match or If-None-Match does not hold; the resource was changed "
	    "or exists already" },
	{ CODE(4, 13), "Request Entity Too Large", "RFC 7252",
	    "the payload is too large; Size1 gives the limit, and smaller "
	    "blocks may help" },
	{ CODE(4, 15), "Unsupported Content-Format", "RFC 7252",
	    "the resource does not take this Content-Format; send another "
	    "one" },
	{ CODE(4, 22), "Unprocessable Entity", "RFC 8132",
	    "the payload is well-formed, but the server cannot do what it "
	    "says; check its values" },
	{ CODE(4, 29), "Too Many Requests", "RFC 8516",
	    "you ask too often; wait as many seconds as Max-Age says" },

	{ CODE(5, 0), "Internal Server Error", "RFC 7252",
	    "something went wrong inside the server; its log may say what" },
	{ CODE(5, 1), "Not Implemented", "RFC 7252",
	    "the server does not know this method at all" },
	{ CODE(5, 2), "Bad Gateway", "RFC 7252",
	    "the proxy got an answer that it cannot use; try without the "
	    "proxy" },
	{ CODE(5, 3), "Service Unavailable", "RFC 7252",
	    "the server is too busy or under repair; wait as many seconds as "
	    "Max-Age says" },
	{ CODE(5, 4), "Gateway Timeout", "RFC 7252",
	    "the proxy got no answer in time; the device behind it may be "
	    "asleep or gone" },
	{ CODE(5, 5), "Proxying Not Supported", "RFC 7252",
	    "the server is no proxy for this URI; check the proxy, or leave "
	    "Proxy-Uri and Proxy-Scheme out" },
	{ CODE(5, 8), "Hop Limit Reached", "RFC 8768",
	    "the request went through too many proxies, perhaps in a circle; "
	    "the payload names them" },

	{ CODE(7, 1), "CSM", "RFC 8323",
	    "what the sender can do: message size, block-wise transfer, token "
	    "length" },
	{ CODE(7, 2), "Ping", "RFC 8323", "asks whether the peer is alive" },
	{ CODE(7, 3), "Pong", "RFC 8323", "the answer to a Ping" },
	{ CODE(7, 4), "Release", "RFC 8323",
	    "the peer wants the connection closed in an orderly way; open a "
	    "new one" },
	{ CODE(7, 5), "Abort", "RFC 8323",
	    "the peer gives the connection up; the payload may say why" },
};

static int
compare_code(const void *key, const void *row)
{
	const coapx_code_info_t *info = row;
	unsigned code = *(const unsigned *)key;

	return code < info->code ? -1 : code > info->code;
}

const coapx_code_info_t *
coapx_code_by_number(unsigned code)
{
	return bsearch(&code, codes, N_CODES, sizeof(codes[0]), compare_code);
}

const coapx_code_info_t *
coapx_code_at(size_t i)
{
	return i < N_CODES ? &codes[i] : NULL;
}

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* c.dd with c from 0 to 7 and dd from 00 to 31. */
static int
dotted_code(const char *s)
{
	int detail;

	if (s[0] < '0' || s[0] > '7' || s[1] != '.')
		return -1;
	if (!is_digit(s[2]) || !is_digit(s[3]) || s[4] != '\0')
		return -1;
	detail = (s[2] - '0') * 10 + (s[3] - '0');
	return detail <= 31 ? CODE(s[0] - '0', detail) : -1;
}

int
coapx_code_by_name(const char *name)
{
	size_t i;

	if (!name)
		return -1;
	for (i = 0; i < N_CODES; i++) {
		if (strcasecmp(codes[i].name, name) == 0)
			return codes[i].code;
	}
	return dotted_code(name);
}
