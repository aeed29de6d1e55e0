/* SPDX-License-Identifier: MIT */
/*
 * Serves Keep and does not let go: of the buffer, which it has mapped twice, once at its client's expense and once at its own; of what it
 * was given, of which it makes copies; and, depending on its vice, of the session itself.
 */
#include <base/cap_alloc.h>
#include <base/component.h>
#include <base/thread.h>
#include <keep/keep.h>

enum { COPIES = 8, TOUCH_MS = 300, SPLITS = 3 };

struct hoard {
	struct keep_session session;    /* first: what the client talks to */
	struct attached_ram buffer;
	void               *again;      /* the same memory, mapped at the server's own expense */
};

static struct {
	struct env         *env;
	char                vice[8];
	struct handler      touch;
	uint32_t volatile  *mapped;     /* of a session that is over */
	struct local_thread helper;
	uint64_t volatile   turns;
} self;

static enum status buffer(struct keep_session *session, struct cap *memory)
{
	struct hoard *hoard = container_of(session, struct hoard, session);

	if (!hoard->buffer.address) {
		RPC_TRY(attached_ram_init(&hoard->buffer, session_account(&session->session), KEEP_BUFFER));
		RPC_TRY(dataspace_attach(hoard->buffer.memory, RM_ACCESS_WRITE, self.env->account, &hoard->again));
		memset(hoard->again, 1, KEEP_BUFFER);
	}
	*memory = hoard->buffer.memory.cap;
	return STATUS_OK;
}

/* Copies, in slots that the session knows nothing of. */
static enum status take(struct keep_session *session, struct rpc_cap const *thing)
{
	struct cap kept, copy;

	RPC_TRY(rpc_cap_keep(thing, &kept));
	for (unsigned i = 0; i < COPIES; i++) {
		struct platform_regs regs = { .target = kept.selector };

		RPC_TRY(cap_reserve(&copy));
		regs.w[0] = copy.selector;
		regs.w[1] = RIGHTS_ALL;
		platform_invoke(PLATFORM_CAP_COPY, &regs);
		RPC_TRY(platform_status(regs.header));
	}
	return STATUS_OK;
}

/* --- Spending what is lent --- */

/* Accounts of its own, and one of them for another component, if it had one. Nobody ever ends them. */
static enum status split(struct account lent)
{
	struct account_control control;
	struct account         use = lent;
	uint32_t               number;

	for (unsigned i = 0; i < SPLITS; i++) {
		RPC_TRY(account_split_from(self.env->account, use, i ? ACCOUNT_KIND_SESSION : ACCOUNT_KIND_COMPONENT, "mine",
		                           (SPLITS - i) * 4 * PAGE_SIZE, (SPLITS - i) * 6, &number, &control, &use));
	}
	return STATUS_OK;
}

/* A session at another server, which is never closed, with what the account has or with what another account made from it has. */
static enum status open_next(struct account lent, bool is_split)
{
	static struct keep        next;
	struct account_control    control;
	struct account            part = lent;
	struct dataspace          memory;
	void                     *address;

	if (is_split)
		RPC_TRY(account_split(lent, ACCOUNT_KIND_SESSION, "part", 16 * PAGE_SIZE, 40, &control, &part));
	RPC_TRY(connection_open_request(&next.connection, self.env, &(struct connection_request) { .type = &keep_type, .label = "next", .pay = part.cap }));
	RPC_TRY(keep_buffer(&next, &memory));
	return dataspace_attach(memory, RM_ACCESS_WRITE, self.env->account, &address);
}

static enum status spend(struct keep_session *session)
{
	struct account const lent = session_account(&session->session);

	if (string_equal(self.vice, "split"))
		return split(lent);
	if (string_equal(self.vice, "pay") || string_equal(self.vice, "repay"))
		return open_next(lent, self.vice[0] == 'r');
	return STATUS_UNSUPPORTED;
}

/* --- Closing --- */

static void spin(struct local_thread *thread)
{
	for (;;)
		self.turns++;
}

static void wait_for_ever(void)
{
	struct signal_context never;
	enum status           status = signal_alloc_context(&self.env->signal, self.env->main_thread, 0, &never);

	while (status == STATUS_OK)
		status = signal_wait(never, 0);
}

static void close(struct keep_session *session)
{
	if (string_equal(self.vice, "mute"))
		wait_for_ever();
	if (string_equal(self.vice, "spin")) {
		if (local_thread_create(&self.helper, self.env, "helper", 0, PAGE_SIZE) == STATUS_OK &&
		    local_thread_start(&self.helper, spin) == STATUS_OK)
			spin(NULL);
	}
	if (!string_equal(self.vice, "keep"))
		return;
	self.mapped = container_of(session, struct hoard, session)->again;
	ep_timeout(&self.env->ep, &self.touch, time_now_ns() + TOUCH_MS * TIME_NS_PER_MS);
}

/* The region is there still, but the memory went with the session. */
static void handle_touch(struct handler *handler, uint64_t count)
{
	log_error("what its client has back is still here: %u", *self.mapped);
}

static struct keep_service service = {
	.ops          = { .buffer = buffer, .take = take, .spend = spend },
	.session_size = sizeof(struct hoard),
	.close        = close,
};

enum status component_construct(struct env *env)
{
	self.env = env;
	self.touch.handle = handle_touch;
	TRY(node_string(env_config(env), "vice", "mute", self.vice, sizeof(self.vice)));
	return keep_provide(&service, env);
}
