/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one list of errors of the library. A number never changes its meaning;
 * new ones are added at the end. Functions of this library that return int
 * and say so return 0 or the negative of one of these.
 */
#ifndef COAPX_ERRORS_H
#define COAPX_ERRORS_H

/* X(name, number, text): the text completes "the request failed: ...". */
#define COAPX_ERRORS(X)                                                   \
	X(NOMEM, 1, "out of memory")                                      \
	X(INVAL, 2, "an argument is not valid")                           \
	X(NOTSUP, 3, "this build does not support it")                    \
	X(FORMAT, 4, "not a valid message")                               \
	X(TOOBIG, 5, "too large")                                         \
	X(AGAIN, 6, "would have to wait")                                 \
	X(STATE, 7, "not possible in this state")                         \
	X(CLOSED, 8, "the session is closed")                             \
	X(REFUSED, 9, "connection refused")                               \
	X(UNREACH, 10, "no route to the peer")                            \
	X(TIMEOUT, 11, "no answer in time")                               \
	X(RESOLVE, 12, "the name does not resolve")                       \
	X(RESET, 13, "the peer reset the connection")                     \
	X(PEER_CLOSED, 14, "the peer closed the connection")              \
	X(PEER_ABORT, 15, "the peer sent Abort")                          \
	X(PEER_RELEASE, 16, "the peer sent Release")                      \
	X(RST, 17, "the peer answered with Reset")                        \
	X(RETRIES, 18, "no acknowledgement after all retransmissions")    \
	X(NO_CSM, 19, "the peer sent no CSM")                             \
	X(BAD_CSM, 20, "the peer's CSM is not valid")                     \
	X(ADDRINUSE, 21, "the address is in use")                         \
	X(PERM, 22, "not permitted")                                      \
	X(SYS, 23, "a system call failed")                                \
	X(CANCELLED, 24, "cancelled")                                     \
	X(NOTFOUND, 25, "not found")                                      \
	X(EXISTS, 26, "exists already")                                   \
	X(BAD_RESPONSE, 27, "the response could not be used")             \
	X(URI, 28, "not a valid URI")                                     \
	X(LIMIT, 29, "a limit is reached")                                \
	X(PEER_TOOBIG, 30, "the peer sent a message larger than we take") \
	X(TLS, 31, "the secure handshake failed")                         \
	X(TLS_ALERT, 32, "the peer ended the handshake with an alert")    \
	X(TLS_VERSION, 33, "no common version of TLS")                    \
	X(TLS_CIPHER, 34, "no common cipher suite")                       \
	X(TLS_ALPN, 35, "the peer does not agree on the protocol coap")   \
	X(PSK_IDENTITY, 36, "the identity is not known")                  \
	X(PSK_KEY, 37, "the keys differ")                                 \
	X(NOT_TRUSTED, 38, "the peer's certificate is not trusted")       \
	X(NO_PEER_CERT, 39, "the peer sent no certificate")               \
	X(CERT_REQUIRED, 40, "the peer asks for a certificate of ours")   \
	X(CREDENTIALS, 41, "credentials that cannot be used")             \
	X(WS_UPGRADE, 42, "the WebSocket upgrade was refused")            \
	X(WS_PROTOCOL, 43, "the WebSocket server does not speak coap")    \
	X(WS_FRAME, 44, "not a valid WebSocket frame")                    \
	X(NO_MODULE, 45, "a module of this library cannot be loaded")     \
	X(NAME_UNKNOWN, 46, "the server does not know this name")         \
	X(MCAST, 47, "not possible with a multicast group")               \
	X(TLS_NO_ALPN, 48, "the server names no protocol (ALPN coap)")

enum coapx_error {
	COAP_E_OK = 0,
#define COAPX_ERROR_ENUM(name, number, text) COAP_E_##name = (number),
	COAPX_ERRORS(COAPX_ERROR_ENUM)
#undef COAPX_ERROR_ENUM
};

#endif
