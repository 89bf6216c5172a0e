/* SPDX-License-Identifier: BSD-2-Clause */
/* Content-Formats, their media types and their short names. */
#include "wire/registry.h"

#include <stdbool.h>
#include <stdlib.h>
#include <strings.h>

#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))
#define N_ALIASES (sizeof(aliases) / sizeof(aliases[0]))

/*
 * In order of number: media type, parameters, coding, source. A row from a
 * draft is assigned, but its document is not an RFC yet; temporary ones say so.
 */
static const coapx_format_info_t formats[] = {
	{ 0, "text/plain", "charset=utf-8", NULL, "RFC 2046, 3676, 5147" },
	{ 16, "application/cose", "cose-type=\"cose-encrypt0\"", NULL,
	    "RFC 9052" },
	{ 17, "application/cose", "cose-type=\"cose-mac0\"", NULL, "RFC 9052" },
	{ 18, "application/cose", "cose-type=\"cose-sign1\"", NULL,
	    "RFC 9052" },
	{ 19, "application/ace+cbor", NULL, NULL, "RFC 9200" },
	{ 21, "image/gif", NULL, NULL, "W3C" },
	{ 22, "image/jpeg", NULL, NULL, "ISO 10918-5" },
	{ 23, "image/png", NULL, NULL, "PNG" },
	{ 40, "application/link-format", NULL, NULL, "RFC 6690" },
	{ 41, "application/xml", NULL, NULL, "RFC 3023" },
	{ 42, "application/octet-stream", NULL, NULL, "RFC 2045, 2046" },
	{ 47, "application/exi", NULL, NULL, "W3C EXI" },
	{ 50, "application/json", NULL, NULL, "RFC 8259" },
	{ 51, "application/json-patch+json", NULL, NULL, "RFC 6902" },
	{ 52, "application/merge-patch+json", NULL, NULL, "RFC 7396" },
	{ 60, "application/cbor", NULL, NULL, "RFC 8949" },
	{ 61, "application/cwt", NULL, NULL, "RFC 8392" },
	{ 62, "application/multipart-core", NULL, NULL, "RFC 8710" },
	{ 63, "application/cbor-seq", NULL, NULL, "RFC 8742" },
	{ 64, "application/edhoc+cbor-seq", NULL, NULL, "RFC 9528" },
	{ 65, "application/cid-edhoc+cbor-seq", NULL, NULL, "RFC 9528" },
	{ 96, "application/cose", "cose-type=\"cose-encrypt\"", NULL,
	    "RFC 9052" },
	{ 97, "application/cose", "cose-type=\"cose-mac\"", NULL, "RFC 9052" },
	{ 98, "application/cose", "cose-type=\"cose-sign\"", NULL, "RFC 9052" },
	{ 101, "application/cose-key", NULL, NULL, "RFC 9052" },
	{ 102, "application/cose-key-set", NULL, NULL, "RFC 9052" },
	{ 110, "application/senml+json", NULL, NULL, "RFC 8428" },
	{ 111, "application/sensml+json", NULL, NULL, "RFC 8428" },
	{ 112, "application/senml+cbor", NULL, NULL, "RFC 8428" },
	{ 113, "application/sensml+cbor", NULL, NULL, "RFC 8428" },
	{ 114, "application/senml-exi", NULL, NULL, "RFC 8428" },
	{ 115, "application/sensml-exi", NULL, NULL, "RFC 8428" },
	{ 140, "application/yang-data+cbor", "id=sid", NULL, "RFC 9254" },
	{ 256, "application/coap-group+json", NULL, NULL, "RFC 7390" },
	{ 257, "application/concise-problem-details+cbor", NULL, NULL,
	    "RFC 9290" },
	{ 258, "application/swid+cbor", NULL, NULL, "RFC 9393" },
	{ 259, "application/pkixcmp", NULL, NULL, "RFC 9482, 9811" },
	{ 260, "application/yang-sid+json", NULL, NULL, "RFC 9595" },
	{ 261, "application/ace-groupcomm+cbor", NULL, NULL, "RFC 9594" },
	{ 262, "application/ace-trl+cbor", NULL, NULL, "RFC 9770" },
	{ 263, "application/eat+cwt", NULL, NULL, "RFC 9782" },
	{ 264, "application/eat+jwt", NULL, NULL, "RFC 9782" },
	{ 265, "application/eat-bun+cbor", NULL, NULL, "RFC 9782" },
	{ 266, "application/eat-bun+json", NULL, NULL, "RFC 9782" },
	{ 267, "application/eat-ucs+cbor", NULL, NULL, "RFC 9782" },
	{ 268, "application/eat-ucs+json", NULL, NULL, "RFC 9782" },
	{ 269, "application/coap-eap", NULL, NULL, "RFC 9820" },
	{ 270, "application/suit-report+cose", NULL, NULL,
	    "draft-ietf-suit-report" },
	{ 271, "application/dots+cbor", NULL, NULL, "RFC 9132" },
	{ 272, "application/missing-blocks+cbor-seq", NULL, NULL, "RFC 9177" },
	{ 273, "application/cmw+cbor", NULL, NULL, "draft-ietf-rats-msg-wrap" },
	{ 274, "application/cmw+json", NULL, NULL, "draft-ietf-rats-msg-wrap" },
	{ 275, "application/cmw+cose", NULL, NULL, "draft-ietf-rats-msg-wrap" },
	{ 276, "application/cmw+jws", NULL, NULL, "draft-ietf-rats-msg-wrap" },
	{ 277, "application/scitt-statement+cose", NULL, NULL, "RFC 9943" },
	{ 278, "application/scitt-receipt+cose", NULL, NULL, "RFC 9943" },
	{ 279, "application/statuslist+cwt", NULL, NULL,
	    "draft-ietf-oauth-status-list" },
	{ 280, "application/pkcs7-mime", "smime-type=server-generated-key",
	    NULL, "RFC 7030, 8551, 9148" },
	{ 281, "application/pkcs7-mime", "smime-type=certs-only", NULL,
	    "RFC 8551, 9148" },
	{ 284, "application/pkcs8", NULL, NULL, "RFC 5958, 8551, 9148" },
	{ 285, "application/csrattrs", NULL, NULL, "RFC 7030, 9148" },
	{ 286, "application/pkcs10", NULL, NULL, "RFC 5967, 8551, 9148" },
	{ 287, "application/pkix-cert", NULL, NULL, "RFC 2585, 9148" },
	{ 290, "application/aif+cbor", NULL, NULL, "RFC 9237" },
	{ 291, "application/aif+json", NULL, NULL, "RFC 9237" },
	{ 292, "application/aif+cbor", "toid=CRI-local-part", NULL,
	    "draft-ietf-core-href" },
	{ 293, "application/sd-cwt", NULL, NULL,
	    "draft-ietf-spice-sd-cwt (temporary, expires 2026-12-08)" },
	{ 294, "application/kb+cwt", NULL, NULL,
	    "draft-ietf-spice-sd-cwt (temporary, expires 2026-12-08)" },
	{ 295, "application/measured-component+cbor", NULL, NULL,
	    "draft-ietf-rats-eat-measured-component" },
	{ 296, "application/measured-component+json", NULL, NULL,
	    "draft-ietf-rats-eat-measured-component" },
	{ 297, "application/aif+cbor", "toid=oscore-gname; tperm=oscore-gperm",
	    NULL, "draft-ietf-ace-key-groupcomm-oscore" },
	{ 298, "application/aif+json", "toid=oscore-gname; tperm=oscore-gperm",
	    NULL, "draft-ietf-ace-key-groupcomm-oscore" },
	{ 310, "application/senml+xml", NULL, NULL, "RFC 8428" },
	{ 311, "application/sensml+xml", NULL, NULL, "RFC 8428" },
	{ 320, "application/senml-etch+json", NULL, NULL, "RFC 8790" },
	{ 322, "application/senml-etch+cbor", NULL, NULL, "RFC 8790" },
	{ 340, "application/yang-data+cbor", NULL, NULL, "RFC 9254" },
	{ 341, "application/yang-data+cbor", "id=name", NULL, "RFC 9254" },
	{ 432, "application/td+json", NULL, NULL, "W3C WoT TD 1.1" },
	{ 433, "application/tm+json", NULL, NULL, "W3C WoT TD 1.1" },
	{ 434, "application/sdf+json", NULL, NULL, "RFC 9880" },
	{ 553, "application/dns-message", NULL, NULL, "RFC 8484, RFC 9953" },
	{ 601, "application/uccs+cbor", NULL, NULL, "RFC 9781" },
	{ 836, "application/voucher+cose", NULL, NULL,
	    "draft-ietf-anima-constrained-voucher (temporary, expires "
	    "2027-04-12)" },
	{ 10000, "application/vnd.ocf+cbor", NULL, NULL, "OCF" },
	{ 10001, "application/oscore", NULL, NULL, "RFC 8613" },
	{ 10002, "application/javascript", NULL, NULL, "RFC 4329" },
	{ 10003, "application/eat+cwt",
	    "eat_profile=\"tag:psacertified.org,2023:psa#tfm\"", NULL,
	    "RFC 9783 (PSA token)" },
	{ 10004, "application/eat+cwt",
	    "eat_profile=\"tag:psacertified.org,2019:psa#legacy\"", NULL,
	    "RFC 9783 (PSA token)" },
	{ 10005, "application/eat+cwt", "eat_profile=2.16.840.1.113741.1.16.1",
	    NULL, "RFC 9782, Intel CoRIM profile" },
	{ 10006, "application/vnd.oms.cellular-cose-content+cbor", NULL, NULL,
	    "OMS Group" },
	{ 10007, "application/syslog-msg", NULL, NULL, "IANA media types" },
	{ 10570, "application/toc+cbor", NULL, NULL, "TCG DICE CE binding" },
	{ 10571, "application/ce+cbor", NULL, NULL, "TCG DICE CE binding" },
	{ 10572, "application/toc+cbor", "profile=2.16.840.1.113741.1.16.1",
	    NULL, "TCG, Intel profile" },
	{ 10573, "application/ce+cbor", "profile=2.16.840.1.113741.1.16.1",
	    NULL, "TCG, Intel profile" },
	{ 11050, "application/json", NULL, "deflate", "RFC 8259, 9110" },
	{ 11060, "application/cbor", NULL, "deflate", "RFC 8949, 9110" },
	{ 11542, "application/vnd.oma.lwm2m+tlv", NULL, NULL, "OMA LwM2M 1.0" },
	{ 11543, "application/vnd.oma.lwm2m+json", NULL, NULL,
	    "OMA LwM2M 1.0" },
	{ 11544, "application/vnd.oma.lwm2m+cbor", NULL, NULL,
	    "OMA LwM2M 1.2" },
	{ 12000, "text/plain", "charset=utf-8", "zstd", "vendor registration" },
	{ 12041, "application/xml", NULL, "zstd", "vendor registration" },
	{ 12050, "application/json", NULL, "zstd", "vendor registration" },
	{ 20000, "text/css", NULL, NULL, "RFC 2318" },
	{ 20001, "application/vnd.as207960.vas.config+jer", NULL, NULL,
	    "vendor registration" },
	{ 20002, "application/vnd.as207960.vas.config+uper", NULL, NULL,
	    "vendor registration" },
	{ 20003, "application/vnd.as207960.vas.tap+jer", NULL, NULL,
	    "vendor registration" },
	{ 20004, "application/vnd.as207960.vas.tap+uper", NULL, NULL,
	    "vendor registration" },
	{ 30000, "image/svg+xml", NULL, NULL, "W3C SVG" },
};

/* The one list of short names, in order of number. */
static const struct format_alias {
	const char *name;
	uint16_t number;
} aliases[] = {
	{ "text", 0 },
	{ "cose-encrypt0", 16 },
	{ "cose-mac0", 17 },
	{ "cose-sign1", 18 },
	{ "ace+cbor", 19 },
	{ "gif", 21 },
	{ "jpeg", 22 },
	{ "png", 23 },
	{ "link", 40 },
	{ "link-format", 40 },
	{ "xml", 41 },
	{ "octets", 42 },
	{ "octet-stream", 42 },
	{ "binary", 42 },
	{ "exi", 47 },
	{ "json", 50 },
	{ "json-patch", 51 },
	{ "json-patch+json", 51 },
	{ "merge-patch", 52 },
	{ "merge-patch+json", 52 },
	{ "cbor", 60 },
	{ "cwt", 61 },
	{ "multipart", 62 },
	{ "cbor-seq", 63 },
	{ "edhoc", 64 },
	{ "cid-edhoc", 65 },
	{ "cose-encrypt", 96 },
	{ "cose-mac", 97 },
	{ "cose-sign", 98 },
	{ "cose-key", 101 },
	{ "cose-key-set", 102 },
	{ "senml+json", 110 },
	{ "sensml+json", 111 },
	{ "senml+cbor", 112 },
	{ "sensml+cbor", 113 },
	{ "senml-exi", 114 },
	{ "sensml-exi", 115 },
	{ "yang+cbor", 140 },
	{ "group+json", 256 },
	{ "problem", 257 },
	{ "swid+cbor", 258 },
	{ "eat+cwt", 263 },
	{ "eat+jwt", 264 },
	{ "dots+cbor", 271 },
	{ "missing-blocks", 272 },
	{ "pkcs8", 284 },
	{ "csrattrs", 285 },
	{ "pkcs10", 286 },
	{ "pkix-cert", 287 },
	{ "aif+cbor", 290 },
	{ "aif+json", 291 },
	{ "senml+xml", 310 },
	{ "sensml+xml", 311 },
	{ "senml-etch+json", 320 },
	{ "senml-etch+cbor", 322 },
	{ "td+json", 432 },
	{ "tm+json", 433 },
	{ "sdf+json", 434 },
	{ "dns", 553 },
	{ "ocf+cbor", 10000 },
	{ "oscore", 10001 },
	{ "javascript", 10002 },
	{ "syslog", 10007 },
	{ "lwm2m+tlv", 11542 },
	{ "lwm2m+json", 11543 },
	{ "lwm2m+cbor", 11544 },
	{ "css", 20000 },
	{ "svg", 30000 },
};

static int
compare_format(const void *key, const void *row)
{
	const coapx_format_info_t *info = row;
	unsigned number = *(const unsigned *)key;

	return number < info->number ? -1 : number > info->number;
}

const coapx_format_info_t *
coapx_format_by_number(unsigned number)
{
	return bsearch(&number, formats, N_FORMATS, sizeof(formats[0]),
	    compare_format);
}

const coapx_format_info_t *
coapx_format_at(size_t i)
{
	return i < N_FORMATS ? &formats[i] : NULL;
}

const char *
coapx_format_alias_at(size_t i, unsigned *number)
{
	if (i >= N_ALIASES)
		return NULL;
	if (number)
		*number = aliases[i].number;
	return aliases[i].name;
}

/*
 * Takes text off the front of *s, without regard to case; spaces and double
 * quotes count for nothing on both sides.
 */
static bool
take(const char **s, const char *text)
{
	const char *p = *s;

	for (;;) {
		p += strspn(p, " \"");
		text += strspn(text, " \"");
		if (*text == '\0')
			break;
		if (strncasecmp(p, text, 1) != 0)
			return false;
		p++;
		text++;
	}
	*s = p;
	return true;
}

/* TYPE [;PARAMETERS] [;coding=CODING] */
static bool
names_format(const char *name, const coapx_format_info_t *info)
{
	const char *rest;

	if (!take(&name, info->media_type))
		return false;
	rest = name;
	if (info->parameters && take(&rest, ";") &&
	    take(&rest, info->parameters))
		name = rest;
	rest = name;
	if (take(&rest, ";coding=") &&
	    take(&rest, info->coding ? info->coding : "identity"))
		name = rest;
	return *name == '\0';
}

static int
decimal(const char *s)
{
	unsigned value = 0;

	for (; *s >= '0' && *s <= '9'; s++) {
		value = value * 10 + (unsigned)(*s - '0');
		if (value > UINT16_MAX)
			return -1;
	}
	return *s == '\0' ? (int)value : -1;
}

int
coapx_format_by_name(const char *name)
{
	size_t i;

	if (!name || *name == '\0')
		return -1;
	if (*name >= '0' && *name <= '9')
		return decimal(name);
	for (i = 0; i < N_ALIASES; i++) {
		if (strcasecmp(aliases[i].name, name) == 0)
			return aliases[i].number;
	}
	for (i = 0; i < N_FORMATS; i++) {
		if (names_format(name, &formats[i]))
			return formats[i].number;
	}
	return -1;
}
