/* SPDX-License-Identifier: MIT */
/* Protection domains, see pd.h, and the operations of PD sessions. */
#include <core/pd.h>

#include <base/string.h>
#include <core/core.h>
#include <core/tables.h>

unsigned pd_places(size_t label_size)
{
	return MAX((unsigned)PLACES_PD, places_with_label(offsetof(struct pd, label), label_size));
}

static uint64_t new_frame(void)
{
	uint64_t frame;
	enum status status = memory_alloc(&core_memory, 1, 1, &frame);

	assert(status == STATUS_OK);
	return frame;
}

struct cap_frame *pd_cap_frame(struct pd const *pd, uint32_t n)
{
	struct cap_frame *far = ram_at((struct paddr) { paddr_of_frame(pd->cap_list).value + PAGE_SIZE / 2 });

	return n < PD_NEAR_FRAMES ? (struct cap_frame *)&pd->near[n] : &far[n - PD_NEAR_FRAMES];
}

/* Its pages have been charged to `payer`. */
static void add_cap_frame(struct pd *pd, struct account *payer)
{
	uint32_t n = pd->cap_count++;

	if (n == PD_NEAR_FRAMES) {
		pd->cap_list = new_frame();
		kernel_pd_grow(pd_object(pd), paddr_of_frame(pd->cap_list), FRAME_LIST);
	}
	*pd_cap_frame(pd, n) = (struct cap_frame) { new_frame(), record_number(payer) };
	kernel_pd_grow(pd_object(pd), paddr_of_frame(pd_cap_frame(pd, n)->frame), FRAME_CAPS);
}

/* The last one; the kernel has forgotten the table. */
static void free_cap_frame(struct pd *pd)
{
	uint32_t n = --pd->cap_count;
	struct cap_frame last = *pd_cap_frame(pd, n);

	memory_free(&core_memory, last.frame, 1);
	if (n == PD_NEAR_FRAMES)
		memory_free(&core_memory, pd->cap_list, 1);
	account_credit(record_at(last.payer), pd_cap_frame_pages(n), 0);
}

enum status pd_create(struct account *payer, struct label const *label, struct pd **pd)
{
	struct pd *made;

	RPC_TRY(object_create(payer, pd_places(label->size), PD_PAGES, RECORD_PD, &made));
	list_init(&made->threads);
	made->label_size = label->size;
	memcpy(made->label, label->text, label->size + 1);
	made->top = new_frame();
	made->near[0].frame = new_frame();
	made->cap_count = 1;
	kernel_pd_create(pd_object(made), paddr_of_frame(made->near[0].frame), paddr_of_frame(made->top));
	for (unsigned i = 0; i < PD_OWN_TABLES; i++)
		kernel_pd_grow(pd_object(made), paddr_of_frame(new_frame()), FRAME_TABLE);
	kernel_gate_create(place_address(&made->record, PD_GATE), core_thread, badge_of(&made->record, 0));
	*pd = made;
	return STATUS_OK;
}

enum status pd_bind_thread(struct pd *pd, struct thread *thread)
{
	if (thread->pd || thread->record.state != THREAD_STATE_NEW)
		return STATUS_BUSY;
	thread_bind(thread, pd);
	list_append(&pd->threads, &thread->of_pd);
	if (!(pd->flags & PD_BOUND)) {
		pd->flags |= PD_BOUND;
		pd->main = thread;
	}
	return STATUS_OK;
}

/* Does the badge of a gate of core's stand for something that is not about to end? */
static bool is_alive(uint64_t badge)
{
	unsigned bits;
	struct record *record = badge_record(badge, &bits);

	return record && !record->dying;
}

enum status pd_install(struct pd *pd, unsigned slot, struct rpc_cap const *cap)
{
	uint64_t selector = (uint64_t)slot * SLOT_SIZE;
	enum status status = STATUS_BAD_CAP;

	if (cap->kind == GOT_SLOT)
		status = kernel_cap_give(cap->cap.selector, pd_object(pd), selector);
	else if (cap->kind == GOT_OWN && is_alive(cap->badge))
		status = kernel_cap_give(GIVE_SENT(0), pd_object(pd), selector);
	if (status == STATUS_EXISTS)
		return STATUS_BUSY;
	return status == STATUS_OK ? STATUS_OK : STATUS_BAD_CAP;
}

/* Takes its page tables out. AGAIN: a slice is done. */
static enum status collect_tables(struct pd *pd)
{
	struct paddr frame;

	do
		if (!work_step())
			return STATUS_AGAIN;
	while (kernel_recycle(pd_object(pd)) == STATUS_AGAIN);
	while (kernel_pd_take(pd_object(pd), (struct vaddr) { 0 }, &frame) == STATUS_OK) {
		frame_list_push(&pd->tables, frame.value >> PAGE_SHIFT);
		if (!work_step())
			return STATUS_AGAIN;
	}
	return STATUS_OK;
}

/* Returns the page tables that it did not bring to the region map. */
static void leave_region_map(struct pd *pd)
{
	kernel_sync();
	while (pd->tables.count > PD_OWN_TABLES) {
		assert(pd->rm);
		frame_list_push(&pd->rm->spare, frame_list_pop(&pd->tables));
	}
	if (pd->rm)
		pd->rm->pd = NULL;
	pd->rm = NULL;
}

/* Ends the kernel's object, and frees the frames by which its table grew. AGAIN: a slice is done. */
static enum status end_object(struct pd *pd)
{
	while (!(pd->flags & PD_GONE)) {
		if (!work_step())
			return STATUS_AGAIN;
		if (kernel_destroy_slice(pd_object(pd)) == STATUS_OK)
			pd->flags |= PD_GONE;
	}
	kernel_sync();
	while (pd->cap_count > 1) {
		if (!work_step())
			return STATUS_AGAIN;
		free_cap_frame(pd);
	}
	return STATUS_OK;
}

static void free_own_frames(struct pd *pd)
{
	memory_free(&core_memory, pd->top, 1);
	memory_free(&core_memory, pd->near[0].frame, 1);
	for (unsigned i = 0; i < PD_OWN_TABLES; i++)
		memory_free(&core_memory, frame_list_pop(&pd->tables), 1);
}

enum status pd_destroy(struct pd *pd)
{
	pd->record.dying = true;
	while (!list_is_empty(&pd->threads)) {
		if (!work_step())
			return STATUS_AGAIN;
		RPC_TRY(thread_unbind(list_first_object(&pd->threads, struct thread, of_pd)));
	}
	if (!(pd->flags & PD_EMPTIED)) {
		RPC_TRY(collect_tables(pd));
		leave_region_map(pd);
		pd->flags |= PD_EMPTIED;
	}
	RPC_TRY(end_object(pd));
	free_own_frames(pd);
	kernel_destroy(place_address(&pd->record, PD_GATE));
	object_destroy(&pd->record, PD_PAGES);
	return STATUS_OK;
}

/* --- Operations --- */

static enum status op_bind_thread(struct pd_session *self, struct rpc_cap const *cap)
{
	struct thread *thread;

	RPC_TRY(cap_record(cap, RECORD_THREAD, 0, &thread));
	if (thread->cpu->record.dying)
		return STATUS_BAD_CAP;
	return pd_bind_thread((struct pd *)self, thread);
}

static enum status op_main_thread(struct pd_session *self, struct cap *cap)
{
	struct pd *pd = (struct pd *)self;

	if (!pd->main)
		return STATUS_NOT_FOUND;
	*cap = cap_of(&pd->main->record, THREAD_GATE);
	return STATUS_OK;
}

static enum status op_assign_parent(struct pd_session *self, struct rpc_cap const *parent)
{
	return pd_install((struct pd *)self, SLOT_PARENT, parent);
}

static enum status op_install(struct pd_session *self, uint32_t slot, struct rpc_cap const *capability)
{
	if (slot < SLOT_ACCOUNT || slot > SLOT_CPU)
		return STATUS_INVALID;
	return pd_install((struct pd *)self, slot, capability);
}

/* Only who cannot end before the domain may pay, for a capability frame cannot be taken from it: its account and those above. */
static bool may_pay(struct account const *payer, struct pd const *pd)
{
	for (struct account const *account = pd->record.account; account; account = account->record.account)
		if (account == payer)
			return true;
	return false;
}

static enum status op_grow_table(struct pd_session *self, struct rpc_cap const *pay, uint64_t *limit)
{
	struct pd *pd = (struct pd *)self;
	struct account *payer = pd->record.account;

	if (pay->kind != GOT_NULL)
		RPC_TRY(cap_record(pay, RECORD_ACCOUNT, ACCOUNT_USE, &payer));
	if (!may_pay(payer, pd))
		return STATUS_BAD_CAP;
	if (pd->cap_count == PD_CAP_FRAMES)
		return STATUS_OUT_OF_CAPS;
	RPC_TRY(account_charge(payer, pd_cap_frame_pages(pd->cap_count), 0));
	add_cap_frame(pd, payer);
	*limit = (uint64_t)pd->cap_count << PAGE_SHIFT;
	return STATUS_OK;
}

struct pd_ops const pd_operations = {
	.bind_thread = op_bind_thread, .main_thread = op_main_thread, .assign_parent = op_assign_parent, .install = op_install,
	.grow_table = op_grow_table,
};
