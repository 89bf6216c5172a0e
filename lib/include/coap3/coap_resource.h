/* SPDX-License-Identifier: BSD-2-Clause */
/* Resources of a server. */
#ifndef COAP_RESOURCE_H
#define COAP_RESOURCE_H

#include <coap3/coap_forward_decls.h>
#include <coap3/coap_pdu.h>
#include <coap3/coap_str.h>

/* What coap_add_attr() takes over. */
#define COAP_ATTR_FLAGS_RELEASE_NAME  0x1
#define COAP_ATTR_FLAGS_RELEASE_VALUE 0x2

/*
 * Flags of coap_resource_init(). RELEASE_URI: the path is taken over.
 * NOTIFY_NON: notifications are NON, with a CON now and then (RFC 7641 section
 * 4.5); NOTIFY_CON: always CON; NOTIFY_NON_ALWAYS: never CON.
 * HAS_MCAST_SUPPORT: see coap_mcast_per_resource(); the LIB_... ones switch the
 * delay of RFC 7252 section 8.2 off, and say which answers to a multicast
 * request are kept back. FORCE_SINGLE_BODY: handlers get bodies
 * whole, also where the context has COAP_BLOCK_USE_LIBCOAP alone. OSCORE_ONLY:
 * 4.01 without it.
 */
#define COAP_RESOURCE_FLAGS_RELEASE_URI                 0x1
#define COAP_RESOURCE_FLAGS_NOTIFY_NON                  0x0
#define COAP_RESOURCE_FLAGS_NOTIFY_CON                  0x2
#define COAP_RESOURCE_FLAGS_NOTIFY_NON_ALWAYS           0x4
#define COAP_RESOURCE_FLAGS_HAS_MCAST_SUPPORT           0x8
#define COAP_RESOURCE_FLAGS_LIB_DIS_MCAST_DELAYS        0x10
#define COAP_RESOURCE_FLAGS_LIB_ENA_MCAST_SUPPRESS_2_05 0x20
#define COAP_RESOURCE_FLAGS_LIB_ENA_MCAST_SUPPRESS_2_XX 0x40
#define COAP_RESOURCE_FLAGS_LIB_DIS_MCAST_SUPPRESS_4_XX 0x80
#define COAP_RESOURCE_FLAGS_LIB_DIS_MCAST_SUPPRESS_5_XX 0x100
#define COAP_RESOURCE_FLAGS_FORCE_SINGLE_BODY           0x200
#define COAP_RESOURCE_FLAGS_OSCORE_ONLY                 0x400
/* See coap_resource_unknown_init2(). */
#define COAP_RESOURCE_HANDLE_WELLKNOWN_CORE 0x800

typedef unsigned int coap_print_status_t;

/* Flags in what coap_print_link() returns, and the length without them. */
#define COAP_PRINT_STATUS_MASK      0xF0000000u
#define COAP_PRINT_STATUS_ERROR     0x80000000u
#define COAP_PRINT_STATUS_TRUNC     0x40000000u
#define COAP_PRINT_OUTPUT_LENGTH(v) ((v) & ~COAP_PRINT_STATUS_MASK)

/*
 * Handles a request. query is its Uri-Query options joined by "&", NULL without
 * any. response has the request's token and type; set its code, then options,
 * then payload. A code left at 0.00 means no response, and an empty ACK for a
 * CON. All arguments belong to the library and are valid until the return; the
 * session may be referenced. See coap_handler(3).
 */
typedef void (*coap_method_handler_t)(coap_resource_t *resource,
    coap_session_t *session, const coap_pdu_t *request,
    const coap_string_t *query, coap_pdu_t *response);
/* Frees what coap_resource_set_userdata() was given. */
typedef void (*coap_resource_release_userdata_handler_t)(void *user_data);

/* Resources, see coap_resource(3) */

/*
 * A resource at uri_path, written without a leading slash, segments divided by
 * slashes; NULL or an empty path is the root. uri_path is copied; with
 * COAP_RESOURCE_FLAGS_RELEASE_URI it is taken over when this succeeds, and
 * freed with coap_delete_str_const(). The caller owns the resource until
 * coap_add_resource(). NULL when memory is short or the path is too long. See
 * coap_resource(3).
 */
COAP_API coap_resource_t *coap_resource_init(coap_str_const_t *uri_path,
    int flags);

/* As coap_resource_unknown_init2() without flags. */
COAP_API coap_resource_t *coap_resource_unknown_init(
    coap_method_handler_t put_handler);

/*
 * The resource that requests for unknown paths go to; one a context.
 * put_handler handles PUT, coap_register_request_handler() adds other methods.
 * With COAP_RESOURCE_HANDLE_WELLKNOWN_CORE it also gets GET for
 * .well-known/core. Ownership and NULL as for coap_resource_init().
 */
/* clang-format off */
COAP_API coap_resource_t *coap_resource_unknown_init2(
    coap_method_handler_t put_handler, int flags);
/* clang-format on */

/* As coap_resource_proxy_uri_init2() without flags. */
/* clang-format off */
COAP_API coap_resource_t *coap_resource_proxy_uri_init(
    coap_method_handler_t handler, size_t host_name_count,
    const char *host_name_list[]);
/* clang-format on */

/*
 * The resource that requests to be forwarded go to (RFC 7252 section 5.7.2):
 * those with Proxy-Uri or Proxy-Scheme, unless they name one of the
 * host_name_count hosts of host_name_list, which mean this server. The list is
 * copied. handler gets all methods, with whole bodies. Ownership as for
 * coap_resource_init(); one a context. NULL also without a handler. See
 * coap_proxy(3).
 */
/* clang-format off */
COAP_API coap_resource_t *coap_resource_proxy_uri_init2(
    coap_method_handler_t handler, size_t host_name_count,
    const char *host_name_list[], int flags);
/* clang-format on */

/*
 * The resource through which a reverse proxy (RFC 7252 section 5.7.3) gets all
 * requests but those with Proxy-Uri or Proxy-Scheme; it takes the place of the
 * unknown resource. The rest as for coap_resource_proxy_uri_init2().
 */
/* clang-format off */
COAP_API coap_resource_t *coap_resource_reverse_proxy_init(
    coap_method_handler_t handler, int flags);
/* clang-format on */

/*
 * The resource of the context with exactly this path; NULL when there is none
 * or an argument is NULL. It still belongs to the context.
 */
/* clang-format off */
COAP_API coap_resource_t *coap_get_resource_from_uri_path(
    coap_context_t *context, coap_str_const_t *uri_path);
/* clang-format on */

/* The path, owned by the resource and valid as long as it is. NULL for NULL. */
COAP_API coap_str_const_t *coap_resource_get_uri_path(
    coap_resource_t *resource);

/*
 * How observers are notified: one of COAP_RESOURCE_FLAGS_NOTIFY_NON,
 * _NOTIFY_CON and _NOTIFY_NON_ALWAYS (RFC 7641 section 4.5). NULL: nothing
 * happens.
 */
COAP_API void coap_resource_set_mode(coap_resource_t *resource, int mode);

/*
 * Keeps a pointer of the application's with the resource; see
 * coap_resource_release_userdata_handler(). NULL resource: nothing happens.
 */
COAP_API void coap_resource_set_userdata(coap_resource_t *resource, void *data);

/* What coap_resource_set_userdata() was given; NULL for NULL. */
COAP_API void *coap_resource_get_userdata(coap_resource_t *resource);

/*
 * Called with the user data of each resource of the context that is freed,
 * unless it is NULL. Without it the data is left alone.
 */
COAP_API void coap_resource_release_userdata_handler(coap_context_t *context,
    coap_resource_release_userdata_handler_t callback);

/*
 * Hands resource to the context, which serves it and frees it at its end. One
 * with the same path takes the place of the former, which is freed. When memory
 * is short there is a warning, and the caller still owns it. A NULL argument:
 * nothing happens.
 */
COAP_API void coap_add_resource(coap_context_t *context,
    coap_resource_t *resource);

/*
 * Takes the resource out of its context and frees it, with its attributes; one
 * that was never added is freed too, and context, which may be NULL, tells how
 * its user data is released. 1, or 0 for a NULL resource and one that is being
 * deleted already. Inside its own handler the memory stays until the handler is
 * done.
 */
COAP_API int coap_delete_resource(coap_context_t *context,
    coap_resource_t *resource);

/* Methods, see coap_handler(3) */

/* The older name of coap_register_request_handler(). */
COAP_API void coap_register_handler(coap_resource_t *resource,
    coap_request_t method, coap_method_handler_t handler);

/*
 * Who handles requests of that method; NULL: nobody, and the answer is 4.05. A
 * NULL resource: nothing happens; a method that does not exist: a warning. See
 * coap_resource(3).
 */
COAP_API void coap_register_request_handler(coap_resource_t *resource,
    coap_request_t method, coap_method_handler_t handler);

/* Attributes and links, see coap_attribute(3) */

/*
 * Adds an attribute to what .well-known/core says of the resource (RFC 6690
 * section 3). value may be NULL; quotes are part of it, they are not added.
 * Each is copied; with COAP_ATTR_FLAGS_RELEASE_NAME or _VALUE it is taken over
 * when this succeeds, and freed with coap_delete_str_const(). The attribute
 * belongs to the resource. NULL when resource or name is NULL, name is not a
 * token (RFC 8288 section 3) or memory is short. See coap_attribute(3).
 */
COAP_API coap_attr_t *coap_add_attr(coap_resource_t *resource,
    coap_str_const_t *name, coap_str_const_t *value, int flags);

/*
 * The first attribute of that name, owned by the resource; NULL when there is
 * none or an argument is NULL.
 */
COAP_API coap_attr_t *coap_find_attr(coap_resource_t *resource,
    coap_str_const_t *name);

/* The value, owned by the attribute; NULL when it has none, and for NULL. */
COAP_API coap_str_const_t *coap_attr_get_value(coap_attr_t *attribute);

/*
 * Writes the resource as a link (RFC 6690 section 2) into buf, without the
 * first *offset bytes. *len: in the size of buf, out the length of the whole
 * link. *offset: out what is still to skip. Returns the bytes written
 * (COAP_PRINT_OUTPUT_LENGTH()), with COAP_PRINT_STATUS_TRUNC when the link did
 * not fit, or COAP_PRINT_STATUS_ERROR for a NULL argument.
 */
COAP_API coap_print_status_t coap_print_link(const coap_resource_t *resource,
    unsigned char *buf, size_t *len, size_t *offset);

/*
 * Writes the links of all resources of the context, as for GET
 * .well-known/core, without the first offset bytes. query_filter, unless NULL,
 * selects as RFC 6690 section 4.1 says. *buflen: in the size of buf, out the
 * length of the whole text. Returns as coap_print_link().
 */
COAP_API coap_print_status_t coap_print_wellknown(coap_context_t *context,
    unsigned char *buf, size_t *buflen, size_t offset,
    const coap_string_t *query_filter);

/* The older name of coap_resource_notify_observers(). */
COAP_API int coap_resource_set_dirty(coap_resource_t *r,
    const coap_string_t *query);

#endif
