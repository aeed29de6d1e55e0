/* SPDX-License-Identifier: MIT */
/* HTTP requests; see http.h. */
#include "http.h"
#include <string.h>
#include <strings.h>

/* A slice of the request. */
struct slice {
	char const *at;
	size_t      size;
};

static bool is_slice(struct slice slice, char const *text)
{
	return slice.size == strlen(text) && strncasecmp(slice.at, text, slice.size) == 0;
}

static bool copy(struct slice slice, char *to, size_t size)
{
	if (slice.size >= size || memchr(slice.at, '\0', slice.size))
		return false;
	memcpy(to, slice.at, slice.size);
	to[slice.size] = '\0';
	return true;
}

static struct slice trim(struct slice slice)
{
	while (slice.size && strchr(" \t", slice.at[0])) {
		slice.at++;
		slice.size--;
	}
	while (slice.size && strchr(" \t", slice.at[slice.size - 1]))
		slice.size--;
	return slice;
}

/* A token of RFC 9110, section 5.6.2, of at least one character. */
static bool is_token(struct slice slice)
{
	for (size_t i = 0; i < slice.size; i++) {
		unsigned char const c = (unsigned char)slice.at[i];

		if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c))
			return false;
	}
	return slice.size;
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool http_decode(char *text, bool is_form)
{
	char *to = text;

	for (char const *from = text; *from; from++) {
		int byte = (unsigned char)*from;

		if (byte == '%') {
			int const high = hex(from[1]), low = high < 0 ? -1 : hex(from[2]);

			if (low < 0 || !(high | low))
				return false;
			byte = high << 4 | low;
			from += 2;
		} else if (byte == '+' && is_form) {
			byte = ' ';
		}
		*to++ = (char)byte;
	}
	*to = '\0';
	return true;
}

bool http_field(char const *form, size_t form_size, char const *name, char *to, size_t size)
{
	size_t const length = strlen(name);

	while (form_size) {
		char const  *end  = memchr(form, '&', form_size);
		size_t const part = end ? (size_t)(end - form) : form_size;

		if (part > length && memcmp(form, name, length) == 0 && form[length] == '=')
			return copy((struct slice) { form + length + 1, part - length - 1 }, to, size) && http_decode(to, true);
		form += part + (end ? 1 : 0);
		form_size -= part + (end ? 1 : 0);
	}
	return false;
}

/* GET /path?query HTTP/1.1 */
static int parse_line(struct slice line, struct http_request *request)
{
	char const *first = memchr(line.at, ' ', line.size), *second;
	struct slice method, target, version;
	char        *query;

	if (!first)
		return 400;
	method = (struct slice) { line.at, (size_t)(first - line.at) };
	target = (struct slice) { first + 1, line.size - method.size - 1 };
	second = memchr(target.at, ' ', target.size);
	if (!second || !is_token(method))
		return 400;
	version = (struct slice) { second + 1, line.size - (size_t)(second + 1 - line.at) };
	target.size = (size_t)(second - target.at);
	if (version.size != 8 || memcmp(version.at, "HTTP/", 5) || version.at[6] != '.')
		return 400;
	if (version.at[5] != '1' || (version.at[7] != '0' && version.at[7] != '1'))
		return 505;
	request->is_old = version.at[7] == '0';
	request->keeps = !request->is_old;
	request->method = is_slice(method, "GET") ? HTTP_GET : is_slice(method, "HEAD") ? HTTP_HEAD : is_slice(method, "POST") ? HTTP_POST : HTTP_OTHER;
	if (target.size > HTTP_TARGET_MAX)
		return 414;
	for (size_t i = 0; i < target.size; i++) {
		if ((unsigned char)target.at[i] <= ' ' || (unsigned char)target.at[i] >= 0x7f)
			return 400;
	}
	if (!copy(target, request->path, sizeof(request->path)) || request->path[0] != '/')
		return 400;
	query = strchr(request->path, '?');
	if (query) {
		memcpy(request->query, query + 1, strlen(query));
		*query = '\0';
	}
	return http_decode(request->path, false) ? 0 : 400;
}

static int parse_length(struct slice value, struct http_request *request, bool *is_there)
{
	size_t size = 0;

	if (!value.size || *is_there)
		return 400;
	for (size_t i = 0; i < value.size; i++) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return 400;
		size = size * 10 + (size_t)(value.at[i] - '0');
		if (size > HTTP_BODY_MAX)
			return 413;
	}
	request->body_size = size;
	*is_there = true;
	return 0;
}

static int parse_header(struct slice line, struct http_request *request, bool *has_length)
{
	char const *colon = memchr(line.at, ':', line.size);
	struct slice name, value;

	if (!colon)
		return 400;
	name = (struct slice) { line.at, (size_t)(colon - line.at) };
	value = trim((struct slice) { colon + 1, line.size - name.size - 1 });
	/* Also a line that goes on the one before it, which is obsolete, and a blank before the colon, which is refused. */
	if (!is_token(name) || memchr(value.at, '\0', value.size) || memchr(value.at, '\r', value.size))
		return 400;
	if (is_slice(name, "Content-Length"))
		return parse_length(value, request, has_length);
	if (is_slice(name, "Transfer-Encoding"))
		return 501;
	if (is_slice(name, "Host"))
		return request->host[0] || !value.size || !copy(value, request->host, sizeof(request->host)) ? 400 : 0;
	if (is_slice(name, "Origin"))
		return copy(value, request->origin, sizeof(request->origin)) ? 0 : 400;
	if (is_slice(name, "Connection"))
		request->keeps = is_slice(value, "close") ? false : is_slice(value, "keep-alive") ? true : request->keeps;
	else if (is_slice(name, "Expect"))
		request->expects_continue = is_slice(value, "100-continue");
	else if (is_slice(name, "X-Banyan"))
		request->has_mark = true;
	return 0;
}

int http_parse(char const *data, size_t size, struct http_request *request)
{
	size_t const looked = size < HTTP_HEAD_MAX ? size : HTTP_HEAD_MAX;
	size_t       at = 0;
	bool         has_length = false;
	int          status = 0;

	if (!memmem(data, looked, "\r\n\r\n", 4))
		return size >= HTTP_HEAD_MAX ? 431 : -1;
	*request = (struct http_request) { .method = HTTP_OTHER };
	for (unsigned line_number = 0; !status; line_number++) {
		char const  *end  = memmem(data + at, looked - at, "\r\n", 2);
		struct slice line = { data + at, (size_t)(end - (data + at)) };

		at += line.size + 2;
		if (!line.size && line_number)
			break;
		status = line_number ? parse_header(line, request, &has_length) : parse_line(line, request);
	}
	if (status)
		return status;
	request->head_size = at;
	if (!request->is_old && !request->host[0])
		return 400;
	return request->method == HTTP_POST && !has_length ? 411 : 0;
}

char const *http_reason(int status)
{
	static struct { int status; char const *reason; } const reasons[] = {
		{ 200, "OK" }, { 202, "Accepted" }, { 400, "Bad Request" }, { 403, "Forbidden" }, { 404, "Not Found" }, { 405, "Method Not Allowed" },
		{ 408, "Request Timeout" }, { 409, "Conflict" }, { 411, "Length Required" }, { 413, "Content Too Large" }, { 414, "URI Too Long" },
		{ 431, "Request Header Fields Too Large" }, { 501, "Not Implemented" }, { 503, "Service Unavailable" }, { 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "Error";
}
