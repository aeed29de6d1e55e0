/* SPDX-License-Identifier: MIT */
/* LOG sessions and core's own lines; see log.h. */
#include <core/log.h>

#include <base/string.h>

enum { CONSOLE_BYTES = 32, BYTES_A_STEP = 8 };

/* Whose line is open: a session, or NULL. */
static struct log *open_line;

unsigned log_places(size_t label_size)
{
	return (offsetof(struct log, label) + label_size + 1 + GRANULE - 1) / GRANULE;
}

enum status log_create(struct account *payer, char const *label, struct log **log)
{
	size_t size = strlen(label);

	RPC_TRY(object_create(payer, log_places(size), 0, RECORD_LOG, log));
	(*log)->label_size = size;
	memcpy((*log)->label, label, size + 1);
	kernel_gate_create(place_address(&(*log)->record, 0), core_thread, badge_of(&(*log)->record, 0));
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

/* Text without a newline, by pieces. */
static void put_clean(char const *text, size_t size)
{
	char piece[CONSOLE_BYTES];

	while (size) {
		size_t length = MIN(size, sizeof(piece));

		for (size_t i = 0; i < length; i++) {
			unsigned char byte = text[i];

			piece[i] = (byte < ' ' && byte != '\t') || byte == 0x7f ? '?' : byte;
		}
		put(piece, length);
		text += length;
		size -= length;
	}
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
