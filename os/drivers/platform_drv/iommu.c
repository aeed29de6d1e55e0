/* SPDX-License-Identifier: MIT */
/*
 * VT-d units; see iommu.h. Each unit has one root table and a context table for each bus on which somebody has a domain, both from the driver's own
 * account. Tables are uncached memory, so that no unit needs to look into caches, and every change is followed by an invalidation of all that the
 * unit remembers: changes are rare, and nothing needs to be known about what it keeps.
 */
#include "iommu.h"

#include "function.h"
#include "vtd.h"

#include <base/attached.h>
#include <base/cap_alloc.h>
#include <base/log.h>
#include <base/signal.h>
#include <io_mem/io_mem.h>
#include <irq/irq.h>

struct iommu {
	struct vtd        vtd;
	struct io_mem     io_mem;
	struct dmar_unit  unit;
	uint64_t           *root;                  /* two words for each bus */
	struct vtd_context *contexts[256];         /* by bus; NULL: none yet */
	struct handler        faults;
	struct signal_context context;
	struct irq            irq;
	struct cap            line;
};

static struct {
	struct env   *env;
	struct ram   *ram;                         /* of the own account; grants dma */
	struct dmar   dmar;
	struct iommu *units[DMAR_UNITS];           /* NULL: cannot be used */
	void        (*blocked)(struct dma_fault const *fault);
} iommus;

/* --- Who translates for whom --- */

/* The address of what a scope names; false: there is no such bridge on the way. */
static bool follow(struct config_space *config, struct dmar_scope const *scope, uint16_t *address)
{
	unsigned bus = scope->bus;

	for (unsigned i = 0; i < scope->steps; i++) {
		unsigned const behind = bus;

		*address = (uint16_t)(bus << 8 | scope->path[i]);
		bus = config_read8(config, *address, PCI_SECONDARY_BUS);
		if (i + 1 < scope->steps && bus <= behind)
			return false;
	}
	return true;
}

static bool is_below(struct config_space *config, uint16_t bridge, uint16_t address)
{
	return address >> 8 >= (int)config_read8(config, bridge, PCI_SECONDARY_BUS) &&
	       address >> 8 <= (int)config_read8(config, bridge, PCI_SUBORDINATE_BUS);
}

struct iommu *iommu_of(struct function const *function)
{
	uint16_t named = 0;

	for (unsigned i = 0; i < iommus.dmar.scopes; i++) {
		struct dmar_scope const *scope = &iommus.dmar.scope[i];

		if (!follow(function->config, scope, &named))
			continue;
		if (named == function->source || (scope->below && is_below(function->config, named, function->source)))
			return iommus.units[scope->unit];
	}
	for (unsigned i = 0; i < iommus.dmar.units; i++)
		if (iommus.dmar.unit[i].all)
			return iommus.units[i];
	return NULL;
}

/* --- Domains --- */

static void forget(struct iommu *iommu)
{
	enum status status = vtd_invalidate(&iommu->vtd);

	if (status != STATUS_OK)
		log_error("the IOMMU at 0x%llx does not react: what it remembers may still be reachable", (unsigned long long)iommu->unit.base);
}

static struct vtd_context *context_of(struct domain const *domain)
{
	return &domain->iommu->contexts[domain->source >> 8][domain->source & 0xff];
}

/* The context table of a bus; it stays. */
static enum status need_contexts(struct iommu *iommu, unsigned bus)
{
	struct dma_memory table;

	if (iommu->contexts[bus])
		return STATUS_OK;
	RPC_TRY(dma_memory_alloc_table(&table, iommus.ram, TRANSLATION_TABLE));
	iommu->contexts[bus] = table.attached;
	iommu->root[2 * bus] = table.physical | VTD_PRESENT;
	return STATUS_OK;
}

uint64_t domain_top_bytes(struct iommu const *iommu) { return (uint64_t)(iommu->vtd.levels - 1) * TRANSLATION_TABLE; }

uint64_t domain_table_bytes(uint64_t size) { return align_up(size, DOMAIN_WINDOW) / DOMAIN_WINDOW * TRANSLATION_TABLE; }

/* Entries of the page directory, the lowest of the tables on top. */
static uint64_t *directory_of(struct domain const *domain)
{
	return (uint64_t *)domain->top.attached + (domain->iommu->vtd.levels - 2) * TRANSLATION_ENTRIES;
}

enum status domain_create(struct domain *domain, struct function const *function, struct ram *ram)
{
	struct iommu *iommu = function->iommu;
	struct domain made  = { .iommu = iommu, .source = function->source, .id = function->number };

	if (function->number >= iommu->vtd.domains)
		return STATUS_NOT_FOUND;
	RPC_TRY(need_contexts(iommu, function->source >> 8));
	RPC_TRY(dma_memory_alloc_table(&made.top, ram, domain_top_bytes(iommu)));
	translation_init(&(struct table_memory) { made.top.attached, made.top.physical, made.top.size }, iommu->vtd.levels - 1);
	*domain = made;
	*context_of(domain) = vtd_context_of(made.top.physical, iommu->vtd.levels, made.id);
	forget(iommu);
	return STATUS_OK;
}

void domain_map(struct domain *domain, uint64_t address, struct dma_memory const *memory, struct dma_memory const *tables)
{
	struct table_memory const own = { tables->attached, tables->physical, tables->size };

	translation_map(directory_of(domain), address, memory->physical, memory->size, &own);
	forget(domain->iommu);
}

void domain_unmap(struct domain *domain, uint64_t address, uint64_t size)
{
	translation_unmap(directory_of(domain), address, size);
	forget(domain->iommu);
}

void domain_destroy(struct domain *domain)
{
	if (!domain->iommu)
		return;
	*context_of(domain) = (struct vtd_context) { 0 };
	forget(domain->iommu);
	domain->iommu = NULL;
}

/* --- Faults --- */

static void handle_faults(struct handler *handler, uint64_t count)
{
	struct iommu    *iommu = container_of(handler, struct iommu, faults);
	struct dma_fault fault;

	/* Bounded: whoever makes more meanwhile waits for the next turn. */
	for (unsigned i = 0; i < iommu->vtd.faults && vtd_next_fault(&iommu->vtd, &fault); i++)
		iommus.blocked(&fault);
	irq_ack(iommu->line);
}

static enum status init_faults(struct iommu *iommu)
{
	uint64_t address, data;

	iommu->faults.handle = handle_faults;
	RPC_TRY(ep_signal(&iommus.env->ep, &iommu->faults, &iommu->context));
	RPC_TRY(irq_open(&iommu->irq, iommus.env, "", &(struct irq_args) { .mode = IRQ_MODE_MESSAGE }));
	RPC_TRY(irq_bind(&iommu->irq, iommu->context, &iommu->line));
	RPC_TRY(irq_message(&iommu->irq, &address, &data));
	vtd_fault_message(&iommu->vtd, address, (uint32_t)data);
	return STATUS_OK;
}

/* --- Start --- */

static enum status init_unit(struct iommu *iommu)
{
	struct dma_memory root;
	struct dataspace  memory;
	void             *registers;

	RPC_TRY(io_mem_open(&iommu->io_mem, iommus.env, "", &(struct io_mem_args) { .base = iommu->unit.base, .size = VTD_SIZE }));
	RPC_TRY(io_mem_dataspace(&iommu->io_mem, &memory));
	RPC_TRY(dataspace_attach(memory, RM_ACCESS_WRITE, iommus.env->account, &registers));
	RPC_TRY(vtd_init(&iommu->vtd, (struct registers) { (uintptr_t)registers }));
	RPC_TRY(dma_memory_alloc_table(&root, iommus.ram, TRANSLATION_TABLE));
	iommu->root = root.attached;
	RPC_TRY(init_faults(iommu));
	return vtd_enable(&iommu->vtd, root.physical);
}

/* Pages and caps for a root table and the context tables of so many buses, attached. */
enum { OWN_TABLES = 16, OWN_PAGES = OWN_TABLES + 1, OWN_CAPS = 3 * OWN_TABLES };

enum status iommus_init(struct env *env, struct ram *ram, struct dmar const *dmar, void (*blocked)(struct dma_fault const *fault))
{
	iommus.env = env;
	iommus.ram = ram;
	iommus.dmar = *dmar;
	iommus.blocked = blocked;
	if (dmar->units)
		RPC_TRY(connection_upgrade(&ram->connection, OWN_PAGES * PAGE_SIZE, OWN_CAPS));
	for (unsigned i = 0; i < dmar->units; i++) {
		struct iommu *iommu;
		enum status   status;

		RPC_TRY(heap_new(&env->heap, &iommu));
		iommu->unit = dmar->unit[i];
		status = init_unit(iommu);
		if (status == STATUS_OK)
			iommus.units[i] = iommu;
		else
			log_error("cannot use the IOMMU at 0x%llx: %s", (unsigned long long)iommu->unit.base, status_name(status));
	}
	return STATUS_OK;
}
