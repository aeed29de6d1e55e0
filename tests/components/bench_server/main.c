/* SPDX-License-Identifier: MIT */
/* The server of the measurements: generated stubs on the main thread, bare loops on two others. */
#include <base/component.h>
#include <base/thread.h>
#include <bench/bench.h>

static struct local_thread echo_thread, cap_thread;
static struct cap          echo_gate, cap_gate;

static enum status add(struct bench_session *session, int32_t a, int32_t b, int32_t *sum)
{
	*sum = a + b;
	return STATUS_OK;
}

static uint32_t open_sessions;

static enum status sessions(struct bench_session *session, uint32_t *count)
{
	*count = open_sessions;
	return STATUS_OK;
}

static enum status opened(struct bench_session *session)
{
	open_sessions++;
	return STATUS_OK;
}

static void closed(struct bench_session *session)
{
	open_sessions--;
}

static enum status echo(struct bench_session *session, struct cap *gate)
{
	*gate = echo_gate;
	return STATUS_OK;
}

static enum status echo_cap(struct bench_session *session, struct cap *gate)
{
	*gate = cap_gate;
	return STATUS_OK;
}

/* Sends back as many words as came; those beyond the registers are in the UTCB already. */
static void run_echo(struct local_thread *thread)
{
	struct platform_regs regs = { 0 };

	for (;;) {
		platform_invoke(PLATFORM_REPLY_WAIT, &regs);
		regs.header &= 0xff00;
	}
}

static void run_cap(struct local_thread *thread)
{
	struct platform_regs regs = { 0 };

	for (;;) {
		platform_invoke(PLATFORM_REPLY_WAIT, &regs);
		thread_utcb()->send[0] = echo_gate.selector;
		regs.header = 1 << 16;
	}
}

static enum status start(struct env *env, struct local_thread *thread, void (*entry)(struct local_thread *), struct cap *gate)
{
	TRY(local_thread_create(thread, env, "echo", 0, 4096));
	TRY(cap_session_alloc(&env->cap_session, thread->thread, 1, gate));
	return local_thread_start(thread, entry);
}

static struct bench_service service = {
	.ops          = { .add = add, .sessions = sessions, .echo = echo, .echo_cap = echo_cap },
	.session_size = sizeof(struct bench_session),
	.open         = opened,
	.close        = closed,
};

enum status component_construct(struct env *env)
{
	TRY(start(env, &echo_thread, run_echo, &echo_gate));
	TRY(start(env, &cap_thread, run_cap, &cap_gate));
	return bench_provide(&service, env);
}
