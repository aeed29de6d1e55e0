/* SPDX-License-Identifier: MIT */
/* The server of the FPU measurement: a bare loop on a heavy thread. */
#include <base/component.h>
#include <bench/bench.h>

#include "../bench_fpu.h"

static struct local_thread echo_thread;
static struct cap          echo_gate;

static enum status add(struct bench_session *session, int32_t a, int32_t b, int32_t *sum)
{
	*sum = a + b;
	return STATUS_OK;
}

static enum status echo(struct bench_session *session, struct cap *gate)
{
	*gate = echo_gate;
	return STATUS_OK;
}

static void run_echo(struct local_thread *thread)
{
	static struct bench_tls tls;
	struct platform_regs    regs   = { 0 };
	enum status             status = bench_tls_init(&tls);

	assert(status == STATUS_OK);
	for (;;) {
		platform_invoke(PLATFORM_REPLY_WAIT, &regs);
		bench_use_fpu(regs.w[0]);
		regs.header &= 0xff00;
	}
}

static struct bench_service service = {
	.ops          = { .add = add, .echo = echo, .echo_cap = echo },
	.session_size = sizeof(struct bench_session),
};

enum status component_construct(struct env *env)
{
	TRY(local_thread_create(&echo_thread, env, "echo", 0, 4096));
	TRY(cap_session_alloc(&env->cap_session, echo_thread.thread, 1, &echo_gate));
	TRY(local_thread_start(&echo_thread, run_echo));
	return bench_provide(&service, env);
}
