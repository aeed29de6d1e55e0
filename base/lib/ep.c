/* SPDX-License-Identifier: MIT */
/*
 * The entrypoint's loop. The way of a call through it is the hot path of every server: one primitive, one indirect call. All
 * else (signals, timeouts, the end) branches off from there.
 */
#include <base/ep.h>
#include <base/cap_alloc.h>
#include <base/env.h>
#include <base/rpc.h>
#include <base/sync.h>
#include <base/time.h>

/* --- Setting up --- */

enum status ep_init(struct ep *ep, struct cap thread, struct cap payer)
{
	struct utcb *utcb = thread_utcb();
	struct cap   slot;

	*ep = (struct ep) { .thread = thread, .payer = payer };
	for (unsigned i = 0; i < UTCB_CAPS; i++) {
		enum status status = cap_reserve(&slot);

		if (status) {
			ep_fini(ep);
			return status;
		}
		utcb->window[i] = slot.selector;
	}
	utcb->user[UTCB_USER_EP] = (uint64_t)ep;
	return STATUS_OK;
}

void ep_fini(struct ep *ep)
{
	struct utcb *utcb = thread_utcb();

	assert(tree_is_empty(&ep->timeouts));
	for (unsigned i = 0; i < UTCB_CAPS; i++) {
		cap_release((struct cap) { utcb->window[i] });
		utcb->window[i] = 0;
	}
	utcb->user[UTCB_USER_EP] = 0;
}

enum status ep_signal(struct ep *ep, struct handler *handler, struct signal_context *context)
{
	struct signal contexts = { .connection.cap = ep->payer };

	return signal_alloc_context(&contexts, (struct thread) { ep->thread }, (uint64_t)handler, context);
}

void ep_signal_end(struct ep *ep, struct signal_context context)
{
	struct signal contexts = { .connection.cap = ep->payer };
	enum status   status   = signal_free_context(&contexts, context);

	assert(status == STATUS_OK);
	cap_release(context.cap);
}

enum status ep_gate(struct ep *ep, struct account payer, struct rpc_object *object, struct cap *gate)
{
	struct cap_session gates = { .connection.cap = payer.cap };

	return cap_session_alloc(&gates, (struct thread) { ep->thread }, (uint64_t)object, gate);
}

void ep_gate_end(struct account payer, struct cap gate)
{
	struct cap_session gates  = { .connection.cap = payer.cap };
	enum status        status = cap_session_free(&gates, gate);

	assert(status == STATUS_OK);
	cap_release(gate);
}

/* --- Timeouts --- */

/*
 * The kernel keeps one deadline for the thread until a wait ends by it. One that is too early does no harm: so it stays when a timeout is cancelled, and is
 * only set anew for one that comes before it.
 */
static bool kernel_must_know(struct ep const *ep)
{
	struct tree_node const *first = tree_first(&ep->timeouts);

	return first && (!ep->deadline || first->key < ep->deadline);
}

void ep_timeout_cancel(struct ep *ep, struct handler *handler)
{
	if (handler->armed)
		tree_remove(&ep->timeouts, &handler->of_timeouts);
	handler->armed = false;
}

void ep_timeout(struct ep *ep, struct handler *handler, uint64_t at_ns)
{
	ep_timeout_cancel(ep, handler);

	/* Keys differ: of two for the same nanosecond, the second waits for the next one. */
	for (handler->of_timeouts.key = at_ns; tree_insert(&ep->timeouts, &handler->of_timeouts) != STATUS_OK; )
		handler->of_timeouts.key++;
	handler->armed = true;
	if (kernel_must_know(ep))
		ep->special |= EP_TIMEOUT;
}

/* Runs what is due, in order; a timeout set by one of them is not run at once, however early. */
static void run_due(struct ep *ep)
{
	uint64_t const now = time_now_ns();

	for (;;) {
		struct handler *handler = tree_object(tree_first(&ep->timeouts), struct handler, of_timeouts);

		if (!handler || handler->of_timeouts.key > now)
			return;
		ep_timeout_cancel(ep, handler);
		handler->handle(handler, 1);
	}
}

/* --- The loop --- */

/*
 * Runs what is due, and adds to the header and target of the next reply_wait what makes it return in time. With an answer to give that comes first, as
 * what is done in between would be done at the end of that call's chain, and could spoil the answer: the kernel gives it, and returns
 * before the next call if the time has come. Otherwise, who sets a timeout again at once leaves callers a turn.
 */
static __attribute__((noinline)) void prepare_wait(struct ep *ep, struct platform_regs *regs, bool answers)
{
	bool at_once = ep->special & EP_STOP;

	if (!answers && !at_once) {
		run_due(ep);
		at_once = (ep->special & EP_STOP) || (kernel_must_know(ep) && tree_first(&ep->timeouts)->key <= time_now_ns());
	}
	if (at_once) {
		regs->header |= (uint64_t)SYS_FLAG_NOBLOCK << 24;
		return;
	}
	ep->special &= ~(unsigned)EP_TIMEOUT;
	if (kernel_must_know(ep)) {
		regs->header |= (uint64_t)SYS_FLAG_DEADLINE << 24;
		regs->target = ep->deadline = tree_first(&ep->timeouts)->key;
	}
}

/* Everything but calls. There is no reply to it. */
static void handle_other(struct platform_regs *regs)
{
	enum status const status = platform_status(regs->header);

	if (status == STATUS_OK && platform_kind(regs->header) == MESSAGE_SIGNAL) {
		struct handler *handler = (struct handler *)regs->target;

		handler->handle(handler, regs->w[0]);
	}
	*regs = (struct platform_regs) { .header = 0 };
}

void ep_run(struct ep *ep)
{
	struct utcb         *utcb = thread_utcb();
	struct platform_regs regs = { .header = 0 };
	bool                 stopping, answers = false;

	for (;;) {
		stopping = false;
		if (__builtin_expect(ep->special, 0)) {
			struct platform_regs prepared = regs; /* so that `regs` itself can stay in registers */

			prepare_wait(ep, &prepared, answers);
			regs = prepared;
			stopping = ep->special & EP_STOP;
		}
		platform_invoke(PLATFORM_REPLY_WAIT, &regs);

		/* Status OK and kind RPC are both 0. */
		if (__builtin_expect(!(regs.header & 0xf000ff), 1)) {
			struct rpc_object *object = (struct rpc_object *)regs.target;
			struct rpc         rpc    = rpc_received(&regs, utcb);
			enum status        status = object->dispatch(object, &rpc);

			regs = rpc_reply(&rpc, status);
			answers = true;
			continue;
		}
		answers = false;
		if (platform_status(regs.header) == STATUS_TIMEOUT) {
			if (stopping)
				break;
			ep_deadline_over(ep);
		}
		struct platform_regs other = regs;

		handle_other(&other);
		regs = other;
	}
	ep->special &= ~(unsigned)EP_STOP;
}

void ep_stop(struct ep *ep)
{
	ep->special |= EP_STOP;
}
