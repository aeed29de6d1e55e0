/* SPDX-License-Identifier: MIT */
/*
 * Formatted text. One pass over the format: literal runs go to the sink as they are, each conversion is first decoded
 * into a `struct conversion` (the only place that knows the syntax), then its text is made in a small buffer (numbers) or
 * taken where it is (strings), then padded. Nothing is ever stored beyond the 20 digits of the longest number, so
 * there is no length that could not be printed.
 */
#include <base/format.h>
#include <base/assert.h>
#include <base/string.h>

enum length { LENGTH_CHAR, LENGTH_SHORT, LENGTH_INT, LENGTH_LONG };

struct conversion {
	bool        left, zero;    /* flags - and 0 */
	size_t      width;
	size_t      precision;     /* of %s; SIZE_MAX: none */
	enum length length;
	char        kind;          /* the letter */
};

/* A number in the format or, for `*`, an argument, which may be negative. */
static char const *decode_number(char const *at, va_list *arguments, long *number)
{
	if (*at == '*') {
		*number = va_arg(*arguments, int);
		return at + 1;
	}
	for (*number = 0; *at >= '0' && *at <= '9'; at++)
		*number = *number * 10 + (*at - '0');
	return at;
}

/* `at` stands behind the percent sign; returns what follows the conversion. */
static char const *decode(char const *at, va_list *arguments, struct conversion *c)
{
	long number;

	*c = (struct conversion) { .precision = SIZE_MAX, .length = LENGTH_INT };
	for (; *at == '-' || *at == '0'; at++) {
		c->left |= *at == '-';
		c->zero |= *at == '0';
	}
	at = decode_number(at, arguments, &number);
	c->left |= number < 0;
	c->width = (size_t)(number < 0 ? -number : number);
	if (*at == '.') {
		at = decode_number(at + 1, arguments, &number);
		c->precision = number < 0 ? SIZE_MAX : (size_t)number;
	}
	for (; *at == 'l' || *at == 'z' || *at == 'h'; at++) {
		if (*at == 'h')
			c->length = c->length == LENGTH_SHORT ? LENGTH_CHAR : LENGTH_SHORT;
		else
			c->length = LENGTH_LONG;
	}
	c->kind = *at;
	assert(c->kind);
	return at + 1;
}

static void put_repeated(struct format_sink *sink, char const (*block)[16], size_t count)
{
	for (; count > sizeof(*block); count -= sizeof(*block))
		sink->put(sink, *block, sizeof(*block));
	if (count)
		sink->put(sink, *block, count);
}

/* `sign` ("-", "0x" or "") stays before zeros and behind blanks. */
static void put_padded(struct format_sink *sink, struct conversion const *c, char const *sign, char const *text, size_t size)
{
	static char const blanks[16] = "                ", zeros[16] = "0000000000000000";
	size_t const      sign_size = strlen(sign);
	size_t const      padding   = c->width > sign_size + size ? c->width - sign_size - size : 0;

	if (!c->left && !c->zero)
		put_repeated(sink, &blanks, padding);
	if (sign_size)
		sink->put(sink, sign, sign_size);
	if (!c->left && c->zero)
		put_repeated(sink, &zeros, padding);
	if (size)
		sink->put(sink, text, size);
	if (c->left)
		put_repeated(sink, &blanks, padding);
}

static void put_number(struct format_sink *sink, struct conversion const *c, char const *sign, uint64_t number)
{
	char const *digits = c->kind == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	unsigned    base   = c->kind == 'x' || c->kind == 'X' || c->kind == 'p' ? 16 : 10;
	char        text[20];
	size_t      at = sizeof(text);

	do {
		text[--at] = digits[number % base];
		number /= base;
	} while (number);
	put_padded(sink, c, sign, text + at, sizeof(text) - at);
}

/* A variadic call widens what is shorter than int; the lengths narrow it again. */
static int64_t take_signed(va_list *arguments, enum length length)
{
	if (length == LENGTH_LONG)
		return va_arg(*arguments, long);

	int value = va_arg(*arguments, int);
	return length == LENGTH_CHAR ? (signed char)value : length == LENGTH_SHORT ? (short)value : value;
}

static uint64_t take_unsigned(va_list *arguments, enum length length)
{
	if (length == LENGTH_LONG)
		return va_arg(*arguments, unsigned long);

	unsigned value = va_arg(*arguments, unsigned);
	return length == LENGTH_CHAR ? (unsigned char)value : length == LENGTH_SHORT ? (unsigned short)value : value;
}

static void put_conversion(struct format_sink *sink, struct conversion *c, va_list *arguments)
{
	switch (c->kind) {
	case 's': {
		char const *text = va_arg(*arguments, char const *);
		text = text ? text : "(null)";
		c->zero = false;
		put_padded(sink, c, "", text, string_length_max(text, c->precision));
		break;
	}
	case 'c': {
		char character = (char)va_arg(*arguments, int);
		c->zero = false;
		put_padded(sink, c, "", &character, 1);
		break;
	}
	case 'd':
	case 'i': {
		int64_t number = take_signed(arguments, c->length);
		put_number(sink, c, number < 0 ? "-" : "", number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
		break;
	}
	case 'u':
	case 'x':
	case 'X':
		put_number(sink, c, "", take_unsigned(arguments, c->length));
		break;
	case 'p':
		put_number(sink, c, "0x", (uintptr_t)va_arg(*arguments, void *));
		break;
	case '%':
		sink->put(sink, "%", 1);
		break;
	default:
		assert(!"a conversion that format knows");
	}
}

void format_to_list(struct format_sink *sink, char const *text, va_list arguments)
{
	va_list list;

	va_copy(list, arguments);
	while (*text) {
		size_t run = 0;
		while (text[run] && text[run] != '%')
			run++;
		if (run)
			sink->put(sink, text, run);
		text += run;
		if (*text == '%') {
			struct conversion conversion;
			text = decode(text + 1, &list, &conversion);
			put_conversion(sink, &conversion, &list);
		}
	}
	va_end(list);
}

void format_to(struct format_sink *sink, char const *text, ...)
{
	va_list arguments;

	va_start(arguments, text);
	format_to_list(sink, text, arguments);
	va_end(arguments);
}

/* A sink into memory; keeps room for the terminator. */
struct buffer {
	struct format_sink sink;
	char              *to;
	size_t             size, used;    /* used < size, or both are 0 */
	bool               full;
};

static void buffer_put(struct format_sink *sink, char const *text, size_t size)
{
	struct buffer *buffer = container_of(sink, struct buffer, sink);
	size_t const   room   = buffer->size ? buffer->size - 1 - buffer->used : 0;

	if (size > room) {
		buffer->full = true;
		size = room;
	}
	if (size)
		memcpy(buffer->to + buffer->used, text, size);
	buffer->used += size;
}

enum status format_list(char *to, size_t size, char const *text, va_list arguments)
{
	struct buffer buffer = { .sink.put = buffer_put, .to = to, .size = size };

	format_to_list(&buffer.sink, text, arguments);
	if (!size)
		return STATUS_TOO_LONG;
	to[buffer.used] = 0;
	return buffer.full ? STATUS_TOO_LONG : STATUS_OK;
}

enum status format(char *to, size_t size, char const *text, ...)
{
	va_list arguments;

	va_start(arguments, text);
	enum status status = format_list(to, size, text, arguments);
	va_end(arguments);
	return status;
}

char const *format_cut_list(char *to, size_t size, char const *text, va_list arguments)
{
	static char const mark[] = "...";

	assert(size > 0);
	if (format_list(to, size, text, arguments) != STATUS_OK && size >= sizeof(mark))
		memcpy(to + size - sizeof(mark), mark, sizeof(mark));
	return to;
}

char const *format_cut(char *to, size_t size, char const *text, ...)
{
	va_list arguments;

	va_start(arguments, text);
	format_cut_list(to, size, text, arguments);
	va_end(arguments);
	return to;
}
