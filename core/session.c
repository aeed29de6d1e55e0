/* SPDX-License-Identifier: MIT */
/* Opening sessions at core, and their ids; see session.h. */
#include <core/session.h>

#include <base/string.h>
#include <cap_session/cap_session.h>
#include <core/claims.h>
#include <core/core.h>
#include <core/grant.h>
#include <core/io_mem.h>
#include <core/io_port.h>
#include <core/irq.h>
#include <core/log.h>
#include <core/pd.h>
#include <core/rom.h>
#include <core/thread.h>
#include <core/trace.h>
#include <ram/ram.h>
#include <signal/signal.h>

enum {
	SESSIONS      = 2048,
	SESSION_BITS  = 11,
	TABLE_FRAMES  = SESSIONS * sizeof(uint32_t) / PAGE_SIZE,
};

#define FREE_SLOT (1u << 31)    /* with the next free slot; else the record number of the account */

static uint32_t *table;
static uint32_t first_free, generation;

void session_init(void)
{
	uint64_t frame;

	if (account_charge(&core_account, TABLE_FRAMES, 0) != STATUS_OK || memory_alloc(&core_memory, TABLE_FRAMES, 1, &frame) != STATUS_OK)
		core_fail("too little memory for the table of sessions");
	core_extra_pages += TABLE_FRAMES;
	table = ram_at(paddr_of_frame(frame));
	for (uint32_t i = 0; i < SESSIONS; i++)
		table[i] = FREE_SLOT | (i + 1);
}

struct account *session_lookup(uint32_t id)
{
	uint32_t entry = table[id % SESSIONS];
	struct account *account = entry & FREE_SLOT ? NULL : record_at(entry);

	return account && account->id == id ? account : NULL;
}

static void remember(struct account *account)
{
	uint32_t slot = first_free;

	first_free = table[slot] & ~FREE_SLOT;
	table[slot] = record_number(account);
	generation = generation % ((1u << (32 - SESSION_BITS)) - 1) + 1;
	account->id = generation << SESSION_BITS | slot;
}

void session_forget(uint32_t id)
{
	if (!id)
		return;
	assert(session_lookup(id));
	table[id % SESSIONS] = FREE_SLOT | first_free;
	first_free = id % SESSIONS;
}

/* What a session is made from. */
struct opening {
	struct label             label;
	void const              *args;     /* of the size that the interface has, aligned */
	uint32_t                 affinity;
	struct rom_module const *module;   /* ROM */
};

/* What it needs from its donation, and how it is made; for accounts that are sessions themselves there is nothing to make. */
struct service {
	struct rpc_type const *type;
	void        (*need)(struct opening const *request, uint64_t *pages, uint64_t *caps);
	enum status (*check)(struct opening *request);
	enum status (*create)(struct account *account, struct opening const *request);
};

static void need_session(struct opening const *request, uint64_t *pages, uint64_t *caps)
{
	*caps = PLACES_SESSION;
}

static void need_log(struct opening const *request, uint64_t *pages, uint64_t *caps)
{
	*caps = log_places(request->label.size);
}

static void need_pd(struct opening const *request, uint64_t *pages, uint64_t *caps)
{
	*pages = PD_PAGES;
	*caps = pd_places(request->label.size);
}

static enum status create_log(struct account *account, struct opening const *request)
{
	struct log *log;

	return log_create(account, &request->label, &log);
}

static enum status check_rom(struct opening *request)
{
	request->module = rom_module_of_label(request->label.text);
	return request->module ? STATUS_OK : STATUS_NOT_FOUND;
}

static enum status create_rom(struct account *account, struct opening const *request)
{
	struct rom *rom;

	return rom_create(account, request->module, &rom);
}

static uint64_t rm_pages(struct opening const *request)
{
	uint64_t size = ((struct rm_args const *)request->args)->size;

	return size / PAGE_SIZE + (size % PAGE_SIZE != 0);
}

static enum status check_rm(struct opening *request)
{
	return rm_pages(request) <= RM_PAGES_MAX ? STATUS_OK : STATUS_INVALID;
}

static void need_rm(struct opening const *request, uint64_t *pages, uint64_t *caps)
{
	*caps = PLACES_RM + (rm_pages(request) ? PLACES_DATASPACE : 0);
}

static enum status create_rm(struct account *account, struct opening const *request)
{
	struct rm *rm;

	return rm_create(account, rm_pages(request), &rm);
}

static enum status check_cpu(struct opening *request)
{
	return ((struct cpu_args const *)request->args)->priority < PRIORITIES && request->affinity & core_cpus ? STATUS_OK : STATUS_INVALID;
}

static enum status create_cpu(struct account *account, struct opening const *request)
{
	struct cpu_args const *args = request->args;
	struct cpu *cpu;

	RPC_TRY(object_create(account, PLACES_SESSION, 0, RECORD_CPU, &cpu));
	cpu_init(cpu, args->priority, request->affinity);
	kernel_gate_create(place_address(&cpu->record, 0), core_thread, badge_of(&cpu->record, 0));
	return STATUS_OK;
}

static enum status create_pd(struct account *account, struct opening const *request)
{
	struct pd *pd;

	return pd_create(account, &request->label, &pd);
}

static void need_trace(struct opening const *request, uint64_t *pages, uint64_t *caps)
{
	*caps = trace_places(request->label.size);
}

static enum status create_trace(struct account *account, struct opening const *request)
{
	struct trace *trace;

	return trace_create(account, &request->label, &trace);
}

static void need_irq(struct opening const *request, uint64_t *pages, uint64_t *caps)
{
	*caps = PLACES_IRQ;
}

static enum status check_irq(struct opening *request)
{
	return irq_check(request->args, request->label.text);
}

static enum status create_irq(struct account *account, struct opening const *request)
{
	struct irq *irq;

	return irq_create(account, request->args, request->label.text, &irq);
}

static void need_io_mem(struct opening const *request, uint64_t *pages, uint64_t *caps)
{
	*caps = PLACES_IO_MEM + PLACES_DATASPACE;
}

static enum status check_io_mem(struct opening *request)
{
	return io_mem_check(request->args, request->label.text);
}

static enum status create_io_mem(struct account *account, struct opening const *request)
{
	struct io_mem *io_mem;

	return io_mem_create(account, request->args, &io_mem);
}

static void need_io_port(struct opening const *request, uint64_t *pages, uint64_t *caps)
{
	*caps = PLACES_IO_PORT;
}

static enum status check_io_port(struct opening *request)
{
	return io_port_check(request->args, request->label.text);
}

static enum status create_io_port(struct account *account, struct opening const *request)
{
	struct io_port *io_port;

	return io_port_create(account, request->args, &io_port);
}

/* The account is the session. */
static enum status create_ram(struct account *account, struct opening const *request)
{
	if (grant_holds(request->label.text, GRANT_DMA, 0, 0))
		account->gates |= 1 << ACCOUNT_DMA;
	return STATUS_OK;
}

static struct service const services[] = {
	{ &log_type, need_log, NULL, create_log },
	{ &rom_type, need_session, check_rom, create_rom },
	{ &rm_type, need_rm, check_rm, create_rm },
	{ &cpu_type, need_session, check_cpu, create_cpu },
	{ &pd_type, need_pd, NULL, create_pd },
	{ &irq_type, need_irq, check_irq, create_irq },
	{ &trace_type, need_trace, NULL, create_trace },
	{ &io_mem_type, need_io_mem, check_io_mem, create_io_mem },
	{ &io_port_type, need_io_port, check_io_port, create_io_port },
	{ .type = &ram_type, .create = create_ram }, { .type = &cap_session_type }, { .type = &signal_type },
};

struct cap session_cap(struct account *account)
{
	struct record *oldest = list_object(list_last(&account->objects), struct record, of_account);

	/* Whatever else was made from the account came later and stands before it. */
	if (oldest && oldest->type >= RECORD_LOG)
		return cap_of(oldest, oldest->type == RECORD_PD ? PD_GATE : 0);
	return account_cap(account, ACCOUNT_USE);
}

static struct service const *find_service(char const *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(services); i++)
		if (string_equal(services[i].type->name, name))
			return &services[i];
	return NULL;
}

/* Why core refuses, or OK; `needs` is then what the session takes from its donation. */
static enum status check(struct service const *service, struct session_open_args const *args, struct opening *request,
                         struct session_status *needs)
{
	uint64_t pages = 0, caps = 0;

	if (!service)
		return STATUS_NOT_FOUND;
	if (args->hash != service->type->hash) {
		if (claims_denial_counts())
			core_print("service %s: \"%s\" was built against another version of its interface", service->type->name, request->label.text);
		return STATUS_VERSION;
	}
	if (args->args.size != service->type->args_size || (service->type->args_valid && !service->type->args_valid(request->args)))
		return STATUS_PROTOCOL;
	if (service->check)
		RPC_TRY(service->check(request));
	if (service->need)
		service->need(request, &pages, &caps);
	needs->ram = pages << PAGE_SHIFT;
	needs->caps = caps;
	return args->ram < needs->ram || args->caps < caps ? STATUS_NEEDS : STATUS_OK;
}

enum status session_open(struct session_open_args const *args, struct label const *label, struct account *payer, uint32_t *id,
                         struct session_status *status, struct cap *session)
{
	struct service const *service = find_service(args->service);
	_Alignas(uint64_t) uint8_t copy[sizeof(args->args.data)];    /* in the message it is not aligned */
	struct opening request = { .label = *label, .args = copy, .affinity = args->affinity };
	struct account_split split = { .label = label->text, .pages = args->ram >> PAGE_SHIFT, .caps = args->caps, .splitter = payer };
	struct account *account;

	*status = (struct session_status) { .state = SESSION_STATE_REFUSED };
	memcpy(copy, args->args.data, sizeof(copy));
	if (!is_aligned(args->ram, PAGE_SIZE))
		return STATUS_INVALID;
	status->reason = check(service, args, &request, status);
	if (status->reason != STATUS_OK)
		return STATUS_OK;
	if (first_free == SESSIONS)
		return STATUS_BUSY;
	RPC_TRY(account_split(payer, &split, &account));
	remember(account);
	if (service->create) {
		enum status created = service->create(account, &request);

		/* Its donation suffices; but the places can be too scattered, or the kernel denies. There is nothing in the account yet. */
		if (created != STATUS_OK) {
			enum status destroyed = account_destroy(account);

			assert(destroyed == STATUS_OK);
			status->reason = created;
			status->ram = status->caps = 0;
			return created == STATUS_OUT_OF_CAPS ? created : STATUS_OK;
		}
	}
	*id = account->id;
	*status = (struct session_status) { .state = SESSION_STATE_OPEN };
	*session = session_cap(account);
	return STATUS_OK;
}
