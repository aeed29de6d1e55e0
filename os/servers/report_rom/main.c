/* SPDX-License-Identifier: MIT */
/*
 * Serves as ROM what others report. Its configuration says who may read whose report: a client of ROM names a report by its label, as a
 * <policy> says. The report lives in memory that its writer paid for and may change at any time; each reader has a copy of its own.
 */
#include <base/cap_alloc.h>
#include <base/component.h>
#include <base/node.h>
#include <base/reporter.h>
#include <base/string.h>
#include <rom_buffer/rom_buffer.h>

enum { LABEL = 256 };

struct writer {
	struct report_session session;      /* first: what the client talks to */
	struct attached_ram   buffer;
	size_t                size;         /* of the buffer, as it was asked for */
	struct handler        handler;
	struct signal_context written;
	bool                  complained;
};

struct reader {
	struct rom_buffer rom;              /* first: what the client talks to */
	char              report[LABEL];    /* the label of the writer */
};

static struct report_service reports;
static struct rom_service    roms;
static struct env           *own_env;

/* --- Readers --- */

/* The one who reports under that label; NULL: nobody does. */
static struct writer *writer_of(char const *label)
{
	service_for_each_session (session, &reports.service) {
		if (string_equal(session_label(session), label))
			return container_of(session, struct writer, session.session);
	}
	return NULL;
}

/* A report that cannot be read now is told again by its writer, or is none. What was there before stays. */
static size_t fill(struct rom_buffer *rom)
{
	struct reader *reader = container_of(rom, struct reader, rom);
	struct writer *writer = writer_of(reader->report);
	size_t         length = rom->size;
	enum status    status = STATUS_OK;

	if (writer)
		status = report_read(writer->buffer.address, writer->size, rom->memory.address, rom->memory.size, &length);
	if ((status == STATUS_OVERFLOW || status == STATUS_PROTOCOL) && !writer->complained) {
		log_warning("the report \"%s\" does not fit %zu bytes: %s", reader->report, rom->memory.size, status_name(status));
		writer->complained = true;
	}
	return length;
}

/* The policy for a reader; none: it may read nothing. */
static struct node policy_of(char const *label)
{
	node_for_each (policy, env_config(own_env), "policy") {
		if (node_attribute_is(policy, "label", label))
			return policy;
	}
	return node_none();
}

static enum status open_rom(struct rom_session *session)
{
	struct reader *reader = container_of(session, struct reader, rom.session);
	struct node    policy = policy_of(session_label(&session->session));

	if (!node_exists(policy)) {
		log_warning("no <policy label=\"%s\" report=\"...\"/>: this ROM is denied", session_label(&session->session));
		return STATUS_DENIED;
	}
	RPC_TRY(node_string(policy, "report", "", reader->report, sizeof(reader->report)));
	return rom_buffer_open(&reader->rom, node_bytes(policy, "buffer", 16 << 10, PAGE_SIZE, 1 << 20), fill);
}

/* --- Writers --- */

static void handle_written(struct handler *handler, uint64_t count)
{
	struct writer *writer = container_of(handler, struct writer, handler);

	service_for_each_session (session, &roms.service) {
		struct reader *reader = container_of(session, struct reader, rom.session.session);

		if (string_equal(reader->report, session_label(&writer->session.session)))
			rom_buffer_newer(&reader->rom);
	}
}

static enum status open_report(struct report_session *session, struct report_args const *args)
{
	struct writer *writer  = container_of(session, struct writer, session);
	struct account account = session_account(&session->session);
	struct signal  signals = { .connection.cap = account.cap };

	if (args->buffer <= sizeof(struct report_buffer) || args->buffer > 1 << 20)
		return STATUS_INVALID;
	writer->handler.handle = handle_written;
	writer->size = args->buffer;
	RPC_TRY(attached_ram_init(&writer->buffer, account, args->buffer));
	return signal_alloc_context(&signals, own_env->main_thread, (uint64_t)&writer->handler, &writer->written);
}

/* The rest goes with the session's account. */
static void close_report(struct report_session *session)
{
	struct writer *writer = container_of(session, struct writer, session);
	struct signal  signals = { .connection.cap = session_account(&session->session).cap };
	enum status    status = signal_free_context(&signals, writer->written);

	if (status != STATUS_OK)
		log_error("cannot free a signal: %s", status_name(status));
	cap_release(writer->written.cap);
	attached_ram_fini(&writer->buffer);
}

static void close_rom(struct rom_session *session)
{
	attached_ram_fini(&rom_buffer_of(session)->memory);
}

static enum status setup(struct report_session *session, struct cap *buffer, struct cap *written)
{
	struct writer *writer = container_of(session, struct writer, session);

	*buffer = writer->buffer.memory.cap;
	*written = writer->written.cap;
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	own_env = env;
	reports = (struct report_service) {
		.ops = { .setup = setup }, .session_size = sizeof(struct writer), .open = open_report, .close = close_report,
	};
	roms = (struct rom_service) { .ops = rom_buffer_ops, .session_size = sizeof(struct reader), .open = open_rom, .close = close_rom };
	TRY(report_provide(&reports, env));
	return rom_provide(&roms, env);
}
