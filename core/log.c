/* SPDX-License-Identifier: MIT */
/* LOG sessions and core's own lines; see log.h. */
#include <core/log.h>

#include <base/string.h>

enum { CONSOLE_BYTES = 32, BYTES_A_STEP = 8 };

/* Whose line is open: a session, or NULL. */
static struct log *open_line;

unsigned log_places(size_t label_size) { return places_with_label(offsetof(struct log, label), label_size); }

enum status log_create(struct account *payer, struct label const *label, struct log **log)
{
	RPC_TRY(object_create_labelled(payer, RECORD_LOG, offsetof(struct log, label), label, log));
	(*log)->label_size = label->size;
	return STATUS_OK;
}

static void put(char const *text, size_t size)
{
	while (size) {
		unsigned taken = kernel_console(text, MIN(size, (size_t)CONSOLE_BYTES));

		text += taken;
		size -= taken;
	}
}

static void end_open_line(void)
{
	if (open_line)
		put("\n", 1);
	open_line = NULL;
}

void log_destroy(struct log *log)
{
	if (open_line == log)
		end_open_line();
	kernel_destroy(place_address(&log->record, 0));
	object_destroy(&log->record, 0);
}

/* Bytes of the character at `text`, as UTF-8 (RFC 3629, section 4); 0: none that is to reach a terminal: a control character, or what is malformed. */
static size_t character(unsigned char const *text, size_t size)
{
	/* By the first byte, up to `last`: how many there are, and what the second one can be. The controls U+0080 to U+009F are left out. */
	static struct { uint8_t last, bytes, low, high; } const kinds[] = {
		{ 0x08, 0, 0, 0 }, { 0x09, 1, 0, 0 }, { 0x1f, 0, 0, 0 }, { 0x7e, 1, 0, 0 }, { 0xc1, 0, 0, 0 }, { 0xc2, 2, 0xa0, 0xbf }, { 0xdf, 2, 0x80, 0xbf },
		{ 0xe0, 3, 0xa0, 0xbf }, { 0xec, 3, 0x80, 0xbf }, { 0xed, 3, 0x80, 0x9f }, { 0xef, 3, 0x80, 0xbf }, { 0xf0, 4, 0x90, 0xbf }, { 0xf3, 4, 0x80, 0xbf },
		{ 0xf4, 4, 0x80, 0x8f }, { 0xff, 0, 0, 0 },
	};
	unsigned kind = 0;

	while (text[0] > kinds[kind].last)
		kind++;
	if (kinds[kind].bytes > size || (kinds[kind].bytes > 1 && (text[1] < kinds[kind].low || text[1] > kinds[kind].high)))
		return 0;
	for (size_t i = 2; i < kinds[kind].bytes; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return kinds[kind].bytes;
}

/* Text without a newline, by pieces; '?' for each byte that a terminal is not to see. */
static void put_clean(char const *text, size_t size)
{
	char piece[CONSOLE_BYTES];
	size_t length = 0;

	while (size) {
		size_t bytes = character((unsigned char const *)text, size), taken = MAX(bytes, (size_t)1);

		if (length + taken > sizeof(piece)) {
			put(piece, length);
			length = 0;
		}
		memcpy(piece + length, bytes ? text : "?", taken);
		length += taken;
		text += taken;
		size -= taken;
	}
	if (length)
		put(piece, length);
}

static void put_label(char const *label)
{
	put("[", 1);
	put_clean(label, strlen(label));
	put("] ", 2);
}

/* What goes out is work, for the line is slow: a text of nothing but newlines is mostly labels. Returns how much has gone, in whole lines. */
static size_t write(struct log *log, char const *text, size_t size)
{
	size_t left = size;

	while (left && core_work) {
		size_t length = 0;

		while (length < left && text[length] != '\n')
			length++;
		if (open_line != log) {
			end_open_line();
			put_label(log->label);
			open_line = log;
		}
		put_clean(text, length);
		if (length < left) {
			end_open_line();
			length++;
		}
		text += length;
		left -= length;
		core_work -= MIN(core_work, (unsigned)(log->label_size + length) / BYTES_A_STEP + 1);
	}
	return size - left;
}

static enum status op_write(struct log_session *self, void const *text, size_t text_size)
{
	struct log *log = (struct log *)self;

	if (log->written >= text_size)
		log->written = 0; /* another text: the other one was not repeated */
	log->written += write(log, (char const *)text + log->written, text_size - log->written);
	if (log->written < text_size)
		return STATUS_AGAIN;
	log->written = 0;
	return STATUS_OK;
}

struct log_ops const log_operations = { .write = op_write };

static void put_line(char const *text, va_list arguments)
{
	char line[256];

	format_cut_list(line, sizeof(line), text, arguments);
	put_clean(line, strlen(line));
	put("\n", 1);
}

void log_line(char const *label, char const *text, ...)
{
	va_list arguments;

	end_open_line();
	put_label(label);
	va_start(arguments, text);
	put_line(text, arguments);
	va_end(arguments);
}

void core_print_plain(char const *text, ...)
{
	va_list arguments;

	end_open_line();
	va_start(arguments, text);
	put_line(text, arguments);
	va_end(arguments);
}

void core_print(char const *text, ...)
{
	va_list arguments;

	end_open_line();
	put("core: ", 6);
	va_start(arguments, text);
	put_line(text, arguments);
	va_end(arguments);
}

void core_fail(char const *text, ...)
{
	va_list arguments;

	end_open_line();
	put("core: ", 6);
	va_start(arguments, text);
	put_line(text, arguments);
	va_end(arguments);
	kernel_machine_end(MACHINE_EXIT_FAILURE);
}
