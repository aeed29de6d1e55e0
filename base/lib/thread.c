/* SPDX-License-Identifier: MIT */
/*
 * Threads of the own component. The stack is there before the thread (so is its wait context), and goes after it.
 */
#include <base/thread.h>
#include <base/cap_alloc.h>
#include <base/signal.h>

/* The main thread needs a wait context as soon as there is somebody to wait for. */
static enum status prepare_main(struct env *env)
{
	struct utcb          *utcb = thread_utcb();
	struct signal_context wait;

	if (utcb->user[UTCB_USER_WAIT])
		return STATUS_OK;
	RPC_TRY(signal_alloc_context(&env->signal, env->main_thread, 0, &wait));
	utcb->user[UTCB_USER_WAIT] = wait.cap.selector;
	return STATUS_OK;
}

/* The thread, ready to be started, on a stack that is there. */
static enum status make(struct local_thread *t, char const *name, uint32_t priority)
{
	enum status status;

	RPC_TRY(cpu_create_thread(&t->env->cpu, name, t->slot, priority, t->env->account, &t->thread));
	status = pd_bind_thread(&t->env->pd, t->thread);
	if (status == STATUS_OK)
		status = rm_add_client(&t->env->rm, t->thread);
	if (status == STATUS_OK)
		status = signal_alloc_context(&t->env->signal, t->thread, 0, &t->wait);
	return status;
}

enum status local_thread_create(struct local_thread *thread, struct env *env, char const *name, uint32_t priority, size_t stack_bytes)
{
	enum status status;

	*thread = (struct local_thread) { .env = env, .stack_bytes = stack_bytes };
	RPC_TRY(prepare_main(env));
	RPC_TRY(stack_create(env->account, stack_bytes, &thread->slot, &thread->stack));
	status = make(thread, name, priority);
	if (status)
		local_thread_destroy(thread);
	return status;
}

/* What runs first on the new thread. Its UTCB is its own from here on. */
static void run(struct local_thread *thread)
{
	struct platform_regs regs = { 0 };

	thread_utcb()->user[UTCB_USER_WAIT] = thread->wait.cap.selector;
	thread->entry(thread);
	semaphore_up(&thread->ended);
	platform_invoke(PLATFORM_THREAD_EXIT, &regs);
	__builtin_trap();
}

enum status local_thread_start(struct local_thread *thread, void (*entry)(struct local_thread *))
{
	/* As after a call: the stack holds a return address, which is 0 and ends backtraces. */
	uint64_t const sp = thread->slot + STACK_SLOT_UTCB - sizeof(uint64_t);

	thread->entry = entry;
	return thread_start(thread->thread, (uint64_t)run, sp, (uint64_t)thread);
}

void local_thread_destroy(struct local_thread *thread)
{
	enum status status = STATUS_OK;

	if (!cap_is_null(thread->wait.cap))
		status = signal_free_context(&thread->env->signal, thread->wait);
	assert(status == STATUS_OK);
	if (!cap_is_null(thread->thread.cap))
		status = cpu_kill_thread(&thread->env->cpu, thread->thread);
	assert(status == STATUS_OK);
	cap_release(thread->wait.cap);
	cap_release(thread->thread.cap);
	stack_destroy(thread->env->account, thread->slot, thread->stack_bytes, thread->stack);
	thread->wait.cap = thread->thread.cap = CAP_NULL;
}

void local_thread_join(struct local_thread *thread)
{
	semaphore_down(&thread->ended);
	local_thread_destroy(thread);
}
