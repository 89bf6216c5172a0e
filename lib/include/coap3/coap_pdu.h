/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages: the constants of the protocol, and how a message is put together,
 * read and taken apart (RFC 7252 section 3, RFC 8323 section 3, RFC 8974).
 */
#ifndef COAP_PDU_H
#define COAP_PDU_H

#include <coap3/coap_forward_decls.h>
#include <coap3/coap_option.h>
#include <coap3/coap_str.h>

/* A message ID, 0 to 65535, or COAP_INVALID_MID. */
typedef int coap_mid_t;

#define COAP_INVALID_MID           (-1)
#define COAP_INVALID_TID           COAP_INVALID_MID
#define COAP_DEFAULT_PORT          5683
#define COAPS_DEFAULT_PORT         5684
#define COAP_DEFAULT_MTU           1152
#define COAP_BERT_BASE             1152
#define COAP_TOKEN_DEFAULT_MAX     8
#define COAP_TOKEN_EXT_MAX         65804
#define COAP_DEFAULT_MAX_AGE       60
#define COAP_DEFAULT_HOP_LIMIT     16
#define COAP_RXBUFFER_SIZE         1472
#define COAP_DEFAULT_URI_WELLKNOWN ".well-known/core"
#define COAP_PAYLOAD_START         0xFF

/* Option numbers: registered by IANA, see coapx_option_by_number(). */
#define COAP_OPTION_IF_MATCH       1
#define COAP_OPTION_URI_HOST       3
#define COAP_OPTION_ETAG           4
#define COAP_OPTION_IF_NONE_MATCH  5
#define COAP_OPTION_OBSERVE        6
#define COAP_OPTION_URI_PORT       7
#define COAP_OPTION_LOCATION_PATH  8
#define COAP_OPTION_OSCORE         9
#define COAP_OPTION_URI_PATH       11
#define COAP_OPTION_CONTENT_FORMAT 12
#define COAP_OPTION_MAXAGE         14
#define COAP_OPTION_URI_QUERY      15
#define COAP_OPTION_HOP_LIMIT      16
#define COAP_OPTION_ACCEPT         17
#define COAP_OPTION_Q_BLOCK1       19
#define COAP_OPTION_LOCATION_QUERY 20
#define COAP_OPTION_EDHOC          21
#define COAP_OPTION_BLOCK2         23
#define COAP_OPTION_BLOCK1         27
#define COAP_OPTION_SIZE2          28
#define COAP_OPTION_Q_BLOCK2       31
#define COAP_OPTION_PROXY_URI      35
#define COAP_OPTION_PROXY_SCHEME   39
#define COAP_OPTION_SIZE1          60
#define COAP_OPTION_ECHO           252
#define COAP_OPTION_NORESPONSE     258
#define COAP_OPTION_RTAG           292

/* Options of signalling messages, RFC 8323 section 5, RFC 8974 section 2. */
#define COAP_SIGNALING_OPTION_MAX_MESSAGE_SIZE      2
#define COAP_SIGNALING_OPTION_BLOCK_WISE_TRANSFER   4
#define COAP_SIGNALING_OPTION_EXTENDED_TOKEN_LENGTH 6
#define COAP_SIGNALING_OPTION_CUSTODY               2
#define COAP_SIGNALING_OPTION_ALTERNATIVE_ADDRESS   2
#define COAP_SIGNALING_OPTION_HOLD_OFF              4
#define COAP_SIGNALING_OPTION_BAD_CSM_OPTION        2

/* 404 to the code 4.04, and the 4 of it. */
#define COAP_RESPONSE_CODE(N)  (((N) / 100 << 5) | (N) % 100)
#define COAP_RESPONSE_CLASS(C) (((C) >> 5) & 0xFF)
#define COAP_PDU_IS_EMPTY(pdu) (coap_pdu_get_code(pdu) == 0)
#define COAP_PDU_IS_REQUEST(pdu) \
	(coap_pdu_get_code(pdu) > 0 && coap_pdu_get_code(pdu) < 32)
#define COAP_PDU_IS_RESPONSE(pdu) \
	(coap_pdu_get_code(pdu) >= 64 && coap_pdu_get_code(pdu) < 224)
#define COAP_PDU_IS_SIGNALING(pdu) (coap_pdu_get_code(pdu) >= 224)

/* Content-Formats, see coapx_format_by_number(). */
#define COAP_MEDIATYPE_TEXT_PLAIN                  0
#define COAP_MEDIATYPE_APPLICATION_LINK_FORMAT     40
#define COAP_MEDIATYPE_APPLICATION_XML             41
#define COAP_MEDIATYPE_APPLICATION_OCTET_STREAM    42
#define COAP_MEDIATYPE_APPLICATION_RDF_XML         43
#define COAP_MEDIATYPE_APPLICATION_EXI             47
#define COAP_MEDIATYPE_APPLICATION_JSON            50
#define COAP_MEDIATYPE_APPLICATION_CBOR            60
#define COAP_MEDIATYPE_APPLICATION_CWT             61
#define COAP_MEDIATYPE_APPLICATION_COAP_GROUP_JSON 256
#define COAP_MEDIATYPE_APPLICATION_COSE_SIGN       98
#define COAP_MEDIATYPE_APPLICATION_COSE_SIGN1      18
#define COAP_MEDIATYPE_APPLICATION_COSE_ENCRYPT    96
#define COAP_MEDIATYPE_APPLICATION_COSE_ENCRYPT0   16
#define COAP_MEDIATYPE_APPLICATION_COSE_MAC        97
#define COAP_MEDIATYPE_APPLICATION_COSE_MAC0       17
#define COAP_MEDIATYPE_APPLICATION_COSE_KEY        101
#define COAP_MEDIATYPE_APPLICATION_COSE_KEY_SET    102
#define COAP_MEDIATYPE_APPLICATION_SENML_JSON      110
#define COAP_MEDIATYPE_APPLICATION_SENSML_JSON     111
#define COAP_MEDIATYPE_APPLICATION_SENML_CBOR      112
#define COAP_MEDIATYPE_APPLICATION_SENSML_CBOR     113
#define COAP_MEDIATYPE_APPLICATION_SENML_EXI       114
#define COAP_MEDIATYPE_APPLICATION_SENSML_EXI      115
#define COAP_MEDIATYPE_APPLICATION_SENML_XML       310
#define COAP_MEDIATYPE_APPLICATION_SENSML_XML      311
#define COAP_MEDIATYPE_APPLICATION_DOTS_CBOR       271
#define COAP_MEDIATYPE_APPLICATION_ACE_CBOR        19
#define COAP_MEDIATYPE_APPLICATION_OSCORE          10001
#define COAP_MEDIATYPE_APPLICATION_MB_CBOR_SEQ     272

typedef enum coap_pdu_code_t {
	COAP_EMPTY_CODE = 0,
	COAP_REQUEST_CODE_GET = 1,
	COAP_REQUEST_CODE_POST = 2,
	COAP_REQUEST_CODE_PUT = 3,
	COAP_REQUEST_CODE_DELETE = 4,
	COAP_REQUEST_CODE_FETCH = 5,
	COAP_REQUEST_CODE_PATCH = 6,
	COAP_REQUEST_CODE_IPATCH = 7,
	COAP_RESPONSE_CODE_CREATED = COAP_RESPONSE_CODE(201),
	COAP_RESPONSE_CODE_DELETED = COAP_RESPONSE_CODE(202),
	COAP_RESPONSE_CODE_VALID = COAP_RESPONSE_CODE(203),
	COAP_RESPONSE_CODE_CHANGED = COAP_RESPONSE_CODE(204),
	COAP_RESPONSE_CODE_CONTENT = COAP_RESPONSE_CODE(205),
	COAP_RESPONSE_CODE_CONTINUE = COAP_RESPONSE_CODE(231),
	COAP_RESPONSE_CODE_BAD_REQUEST = COAP_RESPONSE_CODE(400),
	COAP_RESPONSE_CODE_UNAUTHORIZED = COAP_RESPONSE_CODE(401),
	COAP_RESPONSE_CODE_BAD_OPTION = COAP_RESPONSE_CODE(402),
	COAP_RESPONSE_CODE_FORBIDDEN = COAP_RESPONSE_CODE(403),
	COAP_RESPONSE_CODE_NOT_FOUND = COAP_RESPONSE_CODE(404),
	COAP_RESPONSE_CODE_NOT_ALLOWED = COAP_RESPONSE_CODE(405),
	COAP_RESPONSE_CODE_NOT_ACCEPTABLE = COAP_RESPONSE_CODE(406),
	COAP_RESPONSE_CODE_INCOMPLETE = COAP_RESPONSE_CODE(408),
	COAP_RESPONSE_CODE_CONFLICT = COAP_RESPONSE_CODE(409),
	COAP_RESPONSE_CODE_PRECONDITION_FAILED = COAP_RESPONSE_CODE(412),
	COAP_RESPONSE_CODE_REQUEST_TOO_LARGE = COAP_RESPONSE_CODE(413),
	COAP_RESPONSE_CODE_UNSUPPORTED_CONTENT_FORMAT = COAP_RESPONSE_CODE(415),
	COAP_RESPONSE_CODE_UNPROCESSABLE = COAP_RESPONSE_CODE(422),
	COAP_RESPONSE_CODE_TOO_MANY_REQUESTS = COAP_RESPONSE_CODE(429),
	COAP_RESPONSE_CODE_INTERNAL_ERROR = COAP_RESPONSE_CODE(500),
	COAP_RESPONSE_CODE_NOT_IMPLEMENTED = COAP_RESPONSE_CODE(501),
	COAP_RESPONSE_CODE_BAD_GATEWAY = COAP_RESPONSE_CODE(502),
	COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE = COAP_RESPONSE_CODE(503),
	COAP_RESPONSE_CODE_GATEWAY_TIMEOUT = COAP_RESPONSE_CODE(504),
	COAP_RESPONSE_CODE_PROXYING_NOT_SUPPORTED = COAP_RESPONSE_CODE(505),
	COAP_RESPONSE_CODE_HOP_LIMIT_REACHED = COAP_RESPONSE_CODE(508),
	COAP_SIGNALING_CODE_CSM = 0xE1,
	COAP_SIGNALING_CODE_PING = 0xE2,
	COAP_SIGNALING_CODE_PONG = 0xE3,
	COAP_SIGNALING_CODE_RELEASE = 0xE4,
	COAP_SIGNALING_CODE_ABORT = 0xE5,
} coap_pdu_code_t;

typedef enum coap_proto_t {
	COAP_PROTO_NONE = 0,
	COAP_PROTO_UDP = 1,
	COAP_PROTO_DTLS = 2,
	COAP_PROTO_TCP = 3,
	COAP_PROTO_TLS = 4,
	COAP_PROTO_WS = 5,
	COAP_PROTO_WSS = 6,
	COAP_PROTO_LAST = 7,
} coap_proto_t;

typedef enum coap_pdu_type_t {
	COAP_MESSAGE_CON = 0,
	COAP_MESSAGE_NON = 1,
	COAP_MESSAGE_ACK = 2,
	COAP_MESSAGE_RST = 3,
} coap_pdu_type_t;

typedef enum coap_request_t {
	COAP_REQUEST_GET = 1,
	COAP_REQUEST_POST = 2,
	COAP_REQUEST_PUT = 3,
	COAP_REQUEST_DELETE = 4,
	COAP_REQUEST_FETCH = 5,
	COAP_REQUEST_PATCH = 6,
	COAP_REQUEST_IPATCH = 7,
} coap_request_t;

typedef enum coap_pdu_signaling_proto_t {
	COAP_SIGNALING_CSM = 0xE1,
	COAP_SIGNALING_PING = 0xE2,
	COAP_SIGNALING_PONG = 0xE3,
	COAP_SIGNALING_RELEASE = 0xE4,
	COAP_SIGNALING_ABORT = 0xE5,
} coap_pdu_signaling_proto_t;

/*
 * The words for a response code, such as "Not Found" for 4.04; NULL for other
 * codes and unregistered ones. It lives as long as the process.
 */
COAP_API const char *coap_response_phrase(unsigned char code);

/*
 * A new message with this message ID, of at most size bytes of token, options,
 * marker and payload. It belongs to the caller until coap_send() takes it; else
 * coap_delete_pdu() frees it. NULL when out of memory or an argument is not
 * valid.
 */
COAP_API coap_pdu_t *coap_pdu_init(coap_pdu_type_t type, coap_pdu_code_t code,
    coap_mid_t mid, size_t size);

/*
 * The same with the session's next message ID and its largest size. NULL also
 * when session is NULL.
 */
COAP_API coap_pdu_t *coap_new_pdu(coap_pdu_type_t type, coap_pdu_code_t code,
    coap_session_t *session);

/* Frees a message that was not sent; NULL is allowed. */
COAP_API void coap_delete_pdu(coap_pdu_t *pdu);

/*
 * A new message with type, code and options of old_pdu, with the next message
 * ID and the largest size of session, and with a token of its own. Options that
 * drop_options names (NULL: none) are left out; the payload is not copied. NULL
 * when out of memory or it does not fit.
 */
COAP_API coap_pdu_t *coap_pdu_duplicate(const coap_pdu_t *old_pdu,
    coap_session_t *session, size_t token_length, const uint8_t *token,
    coap_opt_filter_t *drop_options);

/*
 * Reads one whole message of length bytes, framed as proto has it (RFC 7252
 * section 3, RFC 8323 sections 3.2 and 4.2), into pdu, which comes from
 * coap_pdu_init() and loses what it had. Extended tokens (RFC 8974) are
 * accepted. The size given to coap_pdu_init() does not limit what is read. 1,
 * or 0 when data is not a valid message or memory is out.
 */
COAP_API int coap_pdu_parse(coap_proto_t proto, const uint8_t *data,
    size_t length, coap_pdu_t *pdu);

/*
 * The functions that add copy what they are given, which must not lie in the
 * same message. Each fails, with a line in the log, when the message would get
 * larger than it may be or memory is out, and leaves it then as it was.
 */

/*
 * Sets the token, of 0 to 65804 bytes; more than 8 only when the peer supports
 * RFC 8974. 1; or 0, also when there is a token, an option or a payload
 * already.
 */
COAP_API int coap_add_token(coap_pdu_t *pdu, size_t len, const uint8_t *data);

/*
 * Adds an option, behind all whose number is not larger: any order of calls is
 * right, ascending numbers are fastest. Whether it may be repeated, and how
 * long it may be, is not checked. Returns the bytes it takes in the message; 0
 * on an error, also when there is a payload already or len is over 65804.
 */
COAP_API size_t coap_add_option(coap_pdu_t *pdu, coap_option_num_t number,
    size_t len, const uint8_t *data);

/*
 * Sets the payload, once and after everything else. No bytes are no payload and
 * succeed. 1 or 0.
 */
COAP_API int coap_add_data(coap_pdu_t *pdu, size_t len, const uint8_t *data);

/*
 * Makes room for a payload of len bytes, zeroed, for the caller to write
 * before anything else is done with pdu. NULL on an error and when len is 0.
 */
COAP_API uint8_t *coap_add_data_after(coap_pdu_t *pdu, size_t len);

/*
 * The payload, inside pdu and valid until it is changed or freed. 1; 0 when
 * there is none: *len is then 0 and *data NULL.
 */
COAP_API int coap_get_data(const coap_pdu_t *pdu, size_t *len,
    const uint8_t **data);

/*
 * The same for a message that is a part of a larger body: the bytes begin at
 * *offset of *total. For a whole body these are 0 and *len.
 */
COAP_API int coap_get_data_large(const coap_pdu_t *pdu, size_t *len,
    const uint8_t **data, size_t *offset, size_t *total);

/*
 * The header. For pdu NULL the getters return COAP_EMPTY_CODE,
 * COAP_MESSAGE_CON, an empty token and COAP_INVALID_MID, the setters do
 * nothing. Type and message ID mean nothing on TCP, TLS and WebSockets.
 */
COAP_API coap_pdu_code_t coap_pdu_get_code(const coap_pdu_t *pdu);
COAP_API void coap_pdu_set_code(coap_pdu_t *pdu, coap_pdu_code_t code);
COAP_API coap_pdu_type_t coap_pdu_get_type(const coap_pdu_t *pdu);
COAP_API void coap_pdu_set_type(coap_pdu_t *pdu, coap_pdu_type_t type);
/* The bytes live in pdu until it is changed or freed. */
COAP_API coap_bin_const_t coap_pdu_get_token(const coap_pdu_t *pdu);
COAP_API coap_mid_t coap_pdu_get_mid(const coap_pdu_t *pdu);
COAP_API void coap_pdu_set_mid(coap_pdu_t *pdu, coap_mid_t mid);

#endif
