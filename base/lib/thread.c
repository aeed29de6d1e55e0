/* SPDX-License-Identifier: MIT */
/*
 * Threads of the own component. The stack is there before the thread, and goes after it. A thread runs what it is told to, then waits to
 * be told something else; who has joined it decides whether that will be.
 */
#include <base/thread.h>
#include <base/startup.h>
#include <base/cap_alloc.h>
#include <base/signal.h>
#include <base/string.h>

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

/* What creator and thread share, at the upper end of the stack: it stays when the struct local_thread goes. */
struct worker {
	struct local_thread *thread;    /* that it runs, or is to run */
	struct semaphore     ended;
};

static struct worker *worker_of(struct local_thread const *thread)
{
	return (struct worker *)align_down(thread->slot + STACK_SLOT_UTCB - sizeof(struct worker), 16);
}

/* --- The one that waits --- */

static struct {
	struct mutex        mutex;
	struct local_thread thread;     /* env NULL: there is none */
} spare;

static struct local_thread exchange_spare(struct local_thread other)
{
	struct local_thread before;

	mutex_lock(&spare.mutex);
	before = spare.thread;
	spare.thread = other;
	mutex_unlock(&spare.mutex);
	return before;
}

void local_thread_trim(void)
{
	struct local_thread thread = exchange_spare((struct local_thread) { .env = NULL });

	if (thread.env)
		local_thread_destroy(&thread);
}

/* Takes it if it is as the new one has to be. */
static bool take_spare(struct local_thread *thread)
{
	struct local_thread *found = &spare.thread;
	bool                 fits;

	mutex_lock(&spare.mutex);
	fits = found->env == thread->env && found->priority == thread->priority && found->affinity == thread->affinity && found->stack_bytes == thread->stack_bytes &&
	       string_equal(found->name, thread->name);
	if (fits) {
		*thread = *found;
		found->env = NULL;
	}
	mutex_unlock(&spare.mutex);
	return fits;
}

/* --- From creation to end --- */

/* The thread, ready to be started, on a stack of its own. Its wait context is the first that delivers to it. */
static enum status make(struct local_thread *t)
{
	struct thread_options options = { .priority = t->priority, .affinity = t->affinity, .heavy = component_is_heavy };
	enum status status;

	RPC_TRY(stack_create(t->env->account, t->stack_bytes, &t->slot, &t->stack));
	status = cpu_create_thread(&t->env->cpu, t->name, t->slot, &options, t->env->account, &t->thread);
	if (status == STATUS_OK)
		status = pd_bind_thread(&t->env->pd, t->thread);
	if (status == STATUS_OK)
		status = rm_add_client(&t->env->rm, t->thread);
	if (status == STATUS_OK)
		status = signal_alloc_context(&t->env->signal, t->thread, 0, &t->wait);
	if (status)
		local_thread_destroy(t);
	return status;
}

enum status local_thread_create_on(struct local_thread *thread, struct env *env, struct local_thread_want const *want)
{
	enum status status;

	*thread = (struct local_thread) { .env = env, .stack_bytes = want->stack_bytes, .priority = want->priority, .affinity = want->affinity };
	RPC_TRY(string_copy(thread->name, sizeof(thread->name), want->name));
	RPC_TRY(prepare_main(env));
	if (take_spare(thread))
		return STATUS_OK;
	status = make(thread);
	if (status == STATUS_OUT_OF_RAM || status == STATUS_OUT_OF_CAPS || status == STATUS_BUSY) {
		local_thread_trim();
		status = make(thread);
	}
	return status;
}

enum status local_thread_create(struct local_thread *thread, struct env *env, char const *name, uint32_t priority, size_t stack_bytes)
{
	struct local_thread_want want = { .name = name, .stack_bytes = stack_bytes, .priority = priority };

	return local_thread_create_on(thread, env, &want);
}

/* Nothing is delivered to this thread any more, and whoever called it is told. */
static void disconnect(struct local_thread *thread)
{
	struct platform_regs regs;
	enum status          status = thread_disconnect(thread->thread, true);

	assert(status == STATUS_OK);
	do {
		regs = (struct platform_regs) { .header = (uint64_t)SYS_FLAG_NOBLOCK << 24 };
		platform_invoke(PLATFORM_WAIT, &regs);
	} while (platform_status(regs.header) != STATUS_TIMEOUT);
}

/* What runs on the new thread. Its UTCB is its own from here on; `worker` is on its stack, and what it runs is only there until it has ended. */
static _Noreturn void run(struct worker *worker)
{
	uint64_t             *user = thread_utcb()->user;
	struct signal_context wait = worker->thread->wait;

	user[UTCB_USER_WAIT] = wait.cap.selector;
	for (;;) {
		worker->thread->entry(worker->thread);
		disconnect(worker->thread);
		semaphore_up(&worker->ended);
		while (signal_wait(wait, 0) != STATUS_OK) { }
	}
}

enum status local_thread_start(struct local_thread *thread, void (*entry)(struct local_thread *))
{
	struct worker *worker = worker_of(thread);

	thread->entry = entry;
	worker->thread = thread;
	if (thread->waits)
		return signal_submit(thread->wait);

	/* As after a call: the stack holds a return address, which is 0 and ends backtraces. */
	return thread_start(thread->thread, (uint64_t)run, (uint64_t)worker - sizeof(uint64_t), (uint64_t)worker);
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
	struct local_thread before;

	semaphore_down(&worker_of(thread)->ended);
	thread->waits = true;
	before = exchange_spare(*thread);
	if (before.env)
		local_thread_destroy(&before);
}
