/* SPDX-License-Identifier: MIT */
/*
 * The world of a test. Frames come from the largest free range, in order; a test begins with the first one again, which it
 * may since the test before has shown that nothing of its own is left in them. The domain of a child:
 *
 *   0x200000  the program: text and rodata (copied once, the same frames in every child), .shared
 *   0x400000  a slot of 64 KiB for each of its threads: one page of stack, one with the UTCB
 */
#include "world.h"

#define STACKS         0x400000UL
#define OBJECTS_MAX    4096
#define OBJECT_FRAMES  128
#define DOMAIN_TABLES  5
#define SECOND         1000000000UL

extern char image_start[], image_rodata[], image_end[], shared_start[], shared_end[];

struct child self;

static uint64_t first_frame, next_frame, end_frame;
static uint64_t text_copy, rodata_copy, shared_frames;
static uint64_t object_frames[OBJECT_FRAMES];
static unsigned object_frame_count, granules_used;
static uint64_t objects[OBJECTS_MAX];                  /* gates, signals and the like */
static unsigned object_count;
static uint64_t pds[CHILDREN_MAX];
static unsigned pd_count;
static struct child children[CHILDREN_MAX];
static unsigned child_count;
static uint64_t pager, handler;
static uint64_t silence;                               /* a signal context that nobody submits */
static bool dirty;                                     /* the world before has not ended well: its frames are lost */

void *at(uint64_t phys) { return (void *)(CORE_RAM + phys); }

uint64_t frame(void)
{
	uint64_t f = next_frame;

	CHECK(next_frame < end_frame);
	next_frame += PAGE_SIZE;
	memset(at(f), 0, PAGE_SIZE);
	return f;
}

static uint64_t copy_of(char const *from, char const *to)
{
	uint64_t copy = next_frame;

	for (; from < to; from += PAGE_SIZE)
		memcpy(at(frame()), from, PAGE_SIZE);
	return copy;
}

void world_init(void)
{
	for (unsigned i = 0; i < info->range_count; i++) {
		struct info_range const *r = &info->ranges[i];
		if (r->kind == RANGE_FREE && r->size > end_frame - next_frame) {
			next_frame = r->base;
			end_frame = r->base + r->size;
		}
	}
	text_copy = copy_of(image_start, image_rodata);
	rodata_copy = copy_of(image_rodata, image_end);
	shared_frames = copy_of(shared_start, shared_end);
	op5(SYS_MAP, info->core_pd, (uint64_t)shared_start, shared_frames, (shared_end - shared_start) / PAGE_SIZE, MAP_WRITE);
	self = (struct child) { .pd = info->core_pd, .thread = info->core_thread, .utcb = utcb(), .domain = &self };
	first_frame = next_frame;
}

void world_begin(void)
{
	if (dirty)
		first_frame = next_frame;
	dirty = true;
	next_frame = first_frame;
	object_frame_count = object_count = pd_count = child_count = 0;
	granules_used = FRAME_GRANULES;
	self.next_slot = 1;
	memset(shared_start, 0, shared_end - shared_start);
	memset(utcb(), 0, sizeof(struct utcb));
	pager = gate_new(&self, BADGE_PAGER);
	handler = gate_new(&self, BADGE_HANDLER);
	silence = child_give(&self, signal_new(&self, 0));
}

uint64_t place(unsigned granules)
{
	if (granules_used + granules > FRAME_GRANULES) {
		CHECK(object_frame_count < OBJECT_FRAMES);
		uint64_t f = frame();
		OK(op1(SYS_FRAME_GIVE, f));
		object_frames[object_frame_count++] = f;
		granules_used = 1;
	}
	granules_used += granules;
	return object_frames[object_frame_count - 1] + (granules_used - granules) * GRANULE;
}

uint64_t note(uint64_t object)
{
	CHECK(object_count < OBJECTS_MAX);
	return objects[object_count++] = object;
}

uint64_t gate_new(struct child *c, uint64_t badge)
{
	uint64_t gate = place(GATE_GRANULES);

	OK(op3(SYS_GATE_CREATE, gate, c->thread, badge));
	return note(gate);
}

uint64_t signal_new(struct child *c, uint64_t badge)
{
	uint64_t signal = place(SIGNAL_GRANULES);

	OK(op3(SYS_SIGNAL_CREATE, signal, c->thread, badge));
	return note(signal);
}

static void map_all(uint64_t pd, char const *from, char const *to, uint64_t frames, unsigned attributes)
{
	for (uint64_t pages = (to - from) / PAGE_SIZE, done = 0; done < pages;) {
		uint64_t part = pages - done < MAP_PAGES_MAX ? pages - done : MAP_PAGES_MAX;
		OK(op5(SYS_MAP, pd, (uint64_t)from + done * PAGE_SIZE, frames + done * PAGE_SIZE, part, attributes));
		done += part;
	}
}

void pd_map_image(uint64_t pd)
{
	map_all(pd, image_start, image_rodata, text_copy, MAP_EXECUTE);
	map_all(pd, image_rodata, image_end, rodata_copy, 0);
	map_all(pd, shared_start, shared_end, shared_frames, MAP_WRITE);
}

uint64_t pd_new(void)
{
	uint64_t pd = place(PD_GRANULES);

	CHECK(pd_count < CHILDREN_MAX);
	OK(op3(SYS_PD_CREATE, pd, frame(), frame()));
	pds[pd_count++] = pd;
	for (unsigned i = 0; i < DOMAIN_TABLES; i++)
		OK(op3(SYS_PD_GROW, pd, frame(), FRAME_TABLE));
	pd_map_image(pd);
	return pd;
}

/* Where every child begins: what it is to do is in its UTCB. */
static void child_main(void)
{
	struct utcb *u = utcb();
	child_function *run = (child_function *)u->user[0];

	run(u->user[1]);
	for (;;)
		wait();
}

static struct child *thread_new(uint64_t pd, struct child *domain, child_function *run, unsigned priority)
{
	CHECK(child_count < CHILDREN_MAX);
	struct child *c = &children[child_count];
	uint64_t slot = STACKS + child_count * STACK_SLOT_SIZE, utcb_frame = frame();

	*c = (struct child) { .pd = pd, .thread = place(THREAD_GRANULES), .utcb = at(utcb_frame), .stack = frame(), .next_slot = 1 };
	c->domain = domain ? domain : c;
	c->entry = (uint64_t)child_main;
	c->sp = slot + STACK_SLOT_UTCB - 8;
	OK(op5(SYS_MAP, pd, slot + STACK_SLOT_UTCB, utcb_frame, 1, MAP_WRITE));
	OK(op5(SYS_MAP, pd, slot + STACK_SLOT_UTCB - PAGE_SIZE, c->stack, 1, MAP_WRITE));
	self.utcb->words[0] = 0;
	OK(op5(SYS_THREAD_CREATE, c->thread, pd, utcb_frame, c->entry, c->sp));
	child_count++;
	OK(op3(SYS_THREAD_SET, c->thread, THREAD_PAGER, pager));
	OK(op3(SYS_THREAD_SET, c->thread, THREAD_HANDLER, handler));
	OK(op3(SYS_THREAD_SET, c->thread, THREAD_PRIORITY, priority));
	c->utcb->user[0] = (uint64_t)run;
	return c;
}

struct child *child_new(child_function *run, unsigned priority) { return thread_new(pd_new(), NULL, run, priority); }

struct child *child_beside(struct child *other, child_function *run, unsigned priority)
{
	return thread_new(other->pd, other->domain, run, priority);
}

static struct child *move(struct child *c, unsigned cpu)
{
	OK(op3(SYS_THREAD_SET, c->thread, THREAD_CPU, cpu));
	return c;
}

struct child *child_on(unsigned cpu, child_function *run, unsigned priority) { return move(child_new(run, priority), cpu); }

struct child *child_beside_on(unsigned cpu, struct child *other, child_function *run, unsigned priority)
{
	return move(child_beside(other, run, priority), cpu);
}

struct child *child_run_on(unsigned cpu, child_function *run, unsigned priority, uint64_t object)
{
	struct child *c = child_on(cpu, run, priority);

	child_start(c, object ? child_give(c, object) : 0);
	return c;
}

void child_start(struct child *c, uint64_t argument)
{
	c->utcb->user[1] = argument;
	OK(thread_ctl(c, THREAD_START));
}

struct child *child_run(child_function *run, unsigned priority, uint64_t object)
{
	struct child *c = child_new(run, priority);

	child_start(c, object ? child_give(c, object) : 0);
	return c;
}

uint64_t child_give(struct child *c, uint64_t object)
{
	uint64_t selector = slot(c->domain->next_slot++);

	OK(op5(SYS_CAP_INSTALL, c->pd, selector, object, RIGHTS_ALL, 0));
	return selector;
}

uint64_t own_slot(void) { return slot(self.next_slot++); }

enum status destroy_counted(uint64_t object, unsigned *slices)
{
	enum status status;

	for (*slices = 1; (status = op1(SYS_DESTROY, object)) == STATUS_AGAIN && *slices < 1000000; ++*slices)
		;
	return status;
}

enum status destroy(uint64_t object)
{
	unsigned slices;

	return destroy_counted(object, &slices);
}

void kill_child(struct child *c) { OK(destroy(c->thread)); }

enum status thread_ctl(struct child *c, enum thread_ctl what)
{
	enum status status;

	do
		status = op2(SYS_THREAD_CTL, c->thread, what);
	while (status == STATUS_AGAIN);
	return status;
}

void sync(void)
{
	while (op1(SYS_SYNC, 0) == STATUS_AGAIN)
		;
}

uint64_t thread_state(struct child *c)
{
	struct msg m = sys(SYS_THREAD_INFO, c->thread, 0, 0, 0, 0);

	CHECK_IS(status_of(m), STATUS_OK);
	return m.w[0];
}

void run_for(uint64_t ns)
{
	struct msg m = wait_until(now() + ns);

	if (status_of(m) == STATUS_OK && kind_of(m) == MESSAGE_FAULT)
		test_fail_numbers(__FILE__, __LINE__, "a child faulted: ip", m.w[3], 0);
	CHECK_IS(status_of(m), STATUS_TIMEOUT);
}

void run_unheard(uint64_t ns)
{
	CHECK_IS(status_of(sys(SYS_WAIT | flags(SYS_FLAG_ONE | SYS_FLAG_DEADLINE), silence, now() + ns, 0, 0, 0)), STATUS_TIMEOUT);
}

void settle(void) { run_for(2000000); }

struct msg await(void)
{
	struct msg m = wait_until(now() + SECOND);

	CHECK_IS(status_of(m), STATUS_OK);
	return m;
}

/* An object that the test has destroyed itself is not there any more. */
static void end_object(uint64_t object)
{
	enum status status = destroy(object);

	CHECK(status == STATUS_OK || status == STATUS_INVALID);
}

static void take_frame(uint64_t f)
{
	uint64_t const *word = at(f);

	OK(op1(SYS_FRAME_TAKE, f));
	for (unsigned i = 0; i < PAGE_SIZE / sizeof(*word); i++)
		CHECK_IS(word[i], 0);
}

/* Threads first lose their callers, so that the objects that deliver to them can go. */
void world_end(void)
{
	for (unsigned i = 0; i < child_count; i++)
		op1(SYS_DESTROY, children[i].thread);
	for (unsigned i = 0; i < object_count; i++)
		end_object(objects[i]);
	for (unsigned i = 0; i < child_count; i++)
		end_object(children[i].thread);
	for (unsigned i = 0; i < pd_count; i++)
		end_object(pds[i]);
	for (unsigned n = 1; n < SLOTS_PER_FRAME; n++) {
		OK(cap_drop(slot(n)));
		CHECK_IS(sys(SYS_CAP_INFO, slot(n), 0, 0, 0, 0).w[0], CAP_NONE);
	}
	for (unsigned i = 0; i < object_frame_count; i++)
		take_frame(object_frames[i]);
	CHECK_IS(status_of(poll()), STATUS_TIMEOUT);
	dirty = false;
}
