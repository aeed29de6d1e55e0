/* SPDX-License-Identifier: MIT */
/* Making a thread. It starts with all registers zero but ip, sp and its argument, so nothing of anyone else is in them. */
#include <kernel/thread.h>

#include <kernel/x86_64/machine.h>


enum status thread_create(struct thread *core, struct frame const *args)
{
	uint64_t place = args->rdi, utcb = args->rdx, ip = args->r8, sp = args->r9;
	struct object *pd_object = object_at(args->rsi, OBJECT_PD), *object;

	if (!pd_object || utcb % UTCB_SIZE || !utcb || ip >= USER_END || sp >= USER_END)
		return STATUS_INVALID;
	if (object_create(place, THREAD_GRANULES, OBJECT_THREAD, &object))
		return STATUS_INVALID;

	struct thread *t = container_of(object, struct thread, object);
	t->pd = container_of(pd_object, struct pd, object);
	t->pd->threads++;
	t->utcb = phys_to_virt(utcb);
	t->state = THREAD_NEW;
	t->frame = (struct frame) {
		.rip = ip, .rsp = sp, .rdi = core ? core->utcb->words[0] : 0, .cs = USER_CS, .ss = USER_SS, .rflags = USER_FLAGS,
	};
	return STATUS_OK;
}
