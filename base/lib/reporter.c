/* SPDX-License-Identifier: MIT */
/* Writing and reading reports in shared memory. Whoever writes may be dishonest: what the reader computes with, it reads once. */
#include <base/reporter.h>
#include <base/attached.h>
#include <base/cap_alloc.h>
#include <base/connection.h>
#include <base/cost.h>
#include <base/signal.h>
#include <base/string.h>

/* --- The session --- */

static enum status set_up(struct reporter *reporter)
{
	void       *address;
	enum status status;

	RPC_TRY(report_setup(&reporter->report, &reporter->memory, &reporter->written));
	status = dataspace_attach(reporter->memory, RM_ACCESS_WRITE, reporter->env->account, &address);
	if (status == STATUS_OK)
		reporter->buffer = address;
	return status;
}

/* The parent has decided. */
static void decided(struct reporter *reporter, enum status status)
{
	reporter->is_asked = false;
	if (status == STATUS_OK) {
		status = set_up(reporter);
		if (status != STATUS_OK)
			reporter_fini(reporter);
	}
	reporter->ready(reporter, status);
}

static enum status ask(struct reporter *reporter, struct session_status *last)
{
	struct rpc_cost const    cost = report_cost(&reporter->args);
	struct session_open_args args = {
		.hash = report_type.hash, .affinity = UINT32_MAX, .ram = MAX(cost.ram + COST_SESSION_RAM, last->ram), .caps = MAX(cost.caps + COST_SESSION_CAPS, last->caps),
	};

	args.ram = align_up(args.ram, PAGE_SIZE);
	RPC_TRY(string_copy(args.service, sizeof(args.service), report_type.name));
	RPC_TRY(string_copy(args.label, sizeof(args.label), reporter->label));
	args.args.size = sizeof(reporter->args);
	memcpy(args.args.data, &reporter->args, sizeof(reporter->args));
	return connection_ask(&reporter->report.connection, reporter->env, &args, (struct account) { CAP_NULL }, last);
}

/* Follows NEEDS a few times, as opening a session does. */
static void go_on(struct reporter *reporter, enum status status, struct session_status *last)
{
	for (unsigned i = 0; i < CONNECTION_NEEDS_MAX && status == STATUS_NEEDS; i++)
		status = ask(reporter, last);
	reporter->is_asked = status == STATUS_PENDING;
	if (!reporter->is_asked)
		decided(reporter, status);
}

static void handle_news(struct news_handler *handler, uint32_t bits)
{
	struct reporter      *reporter = container_of(handler, struct reporter, news);
	struct session_status last     = { .state = SESSION_STATE_NONE };

	if (reporter->is_asked)
		go_on(reporter, connection_poll(&reporter->report.connection, &last), &last);
}

void reporter_init(struct reporter *reporter, struct env *env, char const *label, size_t buffer_bytes,
                   void (*ready)(struct reporter *reporter, enum status status))
{
	struct session_status last = { .state = SESSION_STATE_NONE };

	*reporter = (struct reporter) {
		.env = env, .label = label, .args.buffer = buffer_bytes, .ready = ready, .news = { .bits = NEWS_SESSION, .handle = handle_news },
	};
	env_on_news(env, &reporter->news);
	go_on(reporter, ask(reporter, &last), &last);
}

void reporter_fini(struct reporter *reporter)
{
	if (!reporter->env)
		return;
	if (reporter->buffer)
		dataspace_detach(reporter->buffer);
	cap_release(reporter->memory.cap);
	cap_release(reporter->written.cap);
	connection_close(&reporter->report.connection);
	if (list_is_linked(&reporter->news.of_env))
		list_remove(&reporter->news.of_env);
	reporter->buffer = NULL;
	reporter->memory.cap = reporter->written.cap = CAP_NULL;
	reporter->is_asked = false;
}

/* --- Writing --- */

char *reporter_begin(struct reporter *reporter, size_t *size)
{
	struct report_buffer *buffer = reporter->buffer;

	if (!buffer)
		return NULL;
	__atomic_store_n(&buffer->count, buffer->count | 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	*size = reporter->args.buffer - sizeof(*buffer);
	return buffer->text;
}

void reporter_commit(struct reporter *reporter, size_t size)
{
	struct report_buffer *buffer = reporter->buffer;
	enum status           status;

	buffer->size = size;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&buffer->count, (buffer->count | 1) + 1, __ATOMIC_RELAXED);
	/* If nobody receives it any more, the session is LOST, which is news. */
	status = signal_submit(reporter->written);
	(void)status;
}

/* --- Reading --- */

enum status report_read(struct report_buffer const *buffer, size_t buffer_bytes, char *to, size_t size, size_t *length)
{
	uint64_t const before = __atomic_load_n(&buffer->count, __ATOMIC_RELAXED);
	uint64_t       used;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	used = __atomic_load_n(&buffer->size, __ATOMIC_RELAXED);
	if (before & 1)
		return STATUS_AGAIN;
	if (used > buffer_bytes - sizeof(*buffer))
		return STATUS_PROTOCOL;
	if (used > size)
		return STATUS_OVERFLOW;
	memcpy(to, buffer->text, used);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&buffer->count, __ATOMIC_RELAXED) != before)
		return STATUS_AGAIN;
	*length = used;
	return STATUS_OK;
}
