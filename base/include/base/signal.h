/* SPDX-License-Identifier: MIT */
/*
 * Signal contexts by primitives of the platform page: submit one, or wait for one alone. What a thread waits for alone
 * should have no handler on that thread's entrypoint.
 */
#pragma once

#include <base/ep.h>
#include <base/platform.h>
#include <base/sync.h>

/* Never blocks. PEER_GONE: nobody receives it any more. */
static inline enum status signal_submit(struct signal_context context)
{
	struct platform_regs regs = { .target = context.cap.selector };

	platform_invoke(PLATFORM_SUBMIT, &regs);
	return platform_status(regs.header);
}

/*
 * Waits until `context`, which delivers to the running thread, was submitted, at most until `deadline_ns` (absolute; 0: for
 * ever). TIMEOUT, CANCELLED: not submitted. The call that this thread serves, if any, stays under way.
 */
static inline MUST_CHECK enum status signal_wait(struct signal_context context, uint64_t deadline_ns)
{
	unsigned             flags = SYS_FLAG_ONE | (deadline_ns ? SYS_FLAG_DEADLINE : 0);
	struct ep           *ep    = (struct ep *)thread_utcb()->user[UTCB_USER_EP];
	struct platform_regs regs  = { .header = (uint64_t)flags << 24, .target = context.cap.selector, .w = { deadline_ns } };

	platform_invoke(PLATFORM_WAIT, &regs);
	if (ep)
		ep_deadline_over(ep);
	return platform_status(regs.header);
}

/* The driver has dealt with its device: the next interrupt of `line` (from irq_bind) may come. */
static inline void irq_ack(struct cap line)
{
	struct platform_regs regs = { .target = line.selector };

	platform_invoke(PLATFORM_IRQ_ACK, &regs);
}
