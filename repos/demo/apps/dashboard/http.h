/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1.1 requests (RFC 9110, RFC 9112), read from bytes as they come, without any I/O. What is accepted is strict, and everything has a bound.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
	HTTP_HEAD_MAX   = 8192,         /* request line and headers */
	HTTP_TARGET_MAX = 255,
	HTTP_BODY_MAX   = 64 << 10,
};

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_OTHER };

struct http_request {
	enum http_method method;
	char             path[HTTP_TARGET_MAX + 1];     /* decoded, without the query; begins with '/' */
	char             query[HTTP_TARGET_MAX + 1];    /* as it is; empty: there is none */
	char             host[128];                     /* empty: HTTP/1.0 without one */
	char             origin[128];                   /* empty: not said */
	bool             has_mark;                      /* the header X-Banyan is there: no form or link of another site can send that */
	bool             keeps;                         /* the connection goes on afterwards */
	bool             expects_continue;
	bool             is_old;                        /* HTTP/1.0 */
	size_t           head_size;                     /* bytes up to the body */
	size_t           body_size;
};

/*
 * Looks at the first `size` bytes of a connection. 0: the head is complete, *request is filled. -1: more is needed. Otherwise the status of the answer that
 * refuses it (400, 411, 413, 414, 431, 501, 505), after which the connection ends.
 */
int http_parse(char const *data, size_t size, struct http_request *request);

/* "Not Found" */
char const *http_reason(int status);

/* Decodes %XX, and + if `is_form`, in place. False: malformed, or it contains a zero byte. */
bool http_decode(char *text, bool is_form);

/* The value of `name` in "a=1&b=2", decoded. False: it is not there, malformed, or does not fit. */
bool http_field(char const *form, size_t form_size, char const *name, char *to, size_t size);
