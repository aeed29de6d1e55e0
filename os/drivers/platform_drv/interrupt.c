/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of a function, one IRQ session at core each: MSI-X vectors (PCI 3.0, 6.8.2), else one MSI (6.8.1), else its line. A message is a
 * write by the device, so who may not do DMA has the line alone.
 */
#include "client.h"
#include "machine.h"

#include <base/cap_alloc.h>

enum {
	MSIX_CONTROL = 2, MSIX_ENABLE = 1 << 15, MSIX_ALL_MASKED = 1 << 14,
	ENTRY_SIZE = 16, ENTRY_ADDRESS = 0, ENTRY_ADDRESS_HIGH = 4, ENTRY_DATA = 8, ENTRY_CONTROL = 12, ENTRY_MASKED = 1,
	MSI_CONTROL = 2, MSI_ADDRESS = 4, MSI_ENABLE = 1, MSI_MANY = 7 << 4, MSI_IS_64 = 1 << 7,
};

enum kind { NONE, LINE, MSI, MSIX };

static enum kind kind_of(struct client const *client)
{
	struct function const *function = client->function;
	bool const             messages = client->may != PCI_DMA_NONE;

	if (messages && function->msix.vectors && function->bars[function->msix.bar].address)
		return MSIX;
	if (messages && function->msi)
		return MSI;
	return function->line != UINT8_MAX ? LINE : NONE;
}

uint32_t interrupt_count(struct client const *client)
{
	enum kind const kind = kind_of(client);

	return kind == MSIX ? client->function->msix.vectors : kind != NONE;
}

/* --- MSI-X --- */

static struct registers entry_of(struct client *client, uint32_t index)
{
	return (struct registers) { client->msix.entries.at + ENTRY_SIZE * index };
}

/* Attaches the table; all its entries are masked then. On an error nothing stays. */
static enum status open_table(struct client *client)
{
	struct function const *function = client->function;
	struct msix const     *msix     = &function->msix;
	struct msix_table     *table    = &client->msix;
	uint64_t const         base     = function->bars[msix->bar].address + msix->table_offset;
	struct io_mem_args     args     = { .base = base, .size = (uint64_t)ENTRY_SIZE * msix->vectors };
	enum status            status;

	RPC_TRY(client_connect(client, &table->io_mem.connection, &io_mem_type, &args));
	status = io_mem_dataspace(&table->io_mem, &table->memory);
	if (status == STATUS_OK) {
		status = dataspace_attach(table->memory, RM_ACCESS_WRITE, session_account(&client->session.session), &table->attached);
		if (status != STATUS_OK)
			cap_release(table->memory.cap);
	}
	if (status != STATUS_OK) {
		io_mem_close(&table->io_mem);
		return status;
	}
	table->entries.at = (uintptr_t)table->attached + base % PAGE_SIZE;
	function_command(function, COMMAND_MEMORY, 0);
	for (uint32_t i = 0; i < msix->vectors; i++)
		registers_write32(entry_of(client, i), ENTRY_CONTROL, ENTRY_MASKED);
	return STATUS_OK;
}

static void enable_msix(struct client *client, struct interrupt const *interrupt, uint64_t address, uint32_t data)
{
	struct function const *function = client->function;
	struct registers       entry    = entry_of(client, interrupt->index);

	registers_write32(entry, ENTRY_ADDRESS, (uint32_t)address);
	registers_write32(entry, ENTRY_ADDRESS_HIGH, (uint32_t)(address >> 32));
	registers_write32(entry, ENTRY_DATA, data);
	registers_write32(entry, ENTRY_CONTROL, 0);
	config_write16(function->config, function->address, function->msix_at + MSIX_CONTROL, MSIX_ENABLE);
}

/* --- MSI --- */

static void enable_msi(struct function const *function, uint64_t address, uint32_t data)
{
	struct config_space *config  = function->config;
	unsigned const       at      = function->msi;
	uint32_t const       control = config_read16(config, function->address, at + MSI_CONTROL);
	unsigned             next    = at + MSI_ADDRESS + 4;

	config_write32(config, function->address, at + MSI_ADDRESS, (uint32_t)address);
	if (control & MSI_IS_64) {
		config_write32(config, function->address, next, (uint32_t)(address >> 32));
		next += 4;
	}
	config_write16(config, function->address, next, data);
	config_write16(config, function->address, at + MSI_CONTROL, (control & ~(uint32_t)MSI_MANY) | MSI_ENABLE);
}

/* --- The operation --- */

static struct interrupt *interrupt_at(struct client *client, uint32_t index)
{
	struct interrupt *unused = NULL;

	for (unsigned i = 0; i < PCI_INTERRUPTS; i++) {
		struct interrupt *interrupt = &client->interrupts[i];

		if (interrupt->irq.connection.id && interrupt->index == index)
			return interrupt;
		if (!interrupt->irq.connection.id && !unused)
			unused = interrupt;
	}
	return unused;
}

/* Has the function raise it from now on. */
static enum status enable(struct client *client, struct interrupt *interrupt, enum kind kind)
{
	uint64_t address = 0, data = 0;

	if (kind == LINE) {
		function_command(client->function, 0, COMMAND_NO_LINE);
		return STATUS_OK;
	}
	RPC_TRY(irq_message(&interrupt->irq, &address, &data));
	if (kind == MSIX)
		enable_msix(client, interrupt, address, (uint32_t)data);
	else
		enable_msi(client->function, address, (uint32_t)data);
	return STATUS_OK;
}

static void close_interrupt(struct interrupt *interrupt)
{
	cap_release(interrupt->line);
	irq_close(&interrupt->irq);
	interrupt->line = CAP_NULL;
}

/* core has told that the function sends messages, and its driver does not acknowledge them. One that has ended meanwhile left nothing to be stopped. */
static void handle_storm(struct handler *handler, uint64_t count)
{
	struct function *function = container_of(handler, struct function, stormed);

	if (function->owner)
		machine_stop(function, "interrupts storm");
}

/* Lines do not storm: core masks them. */
static enum status watch(struct client *client, struct interrupt *interrupt)
{
	struct function *function = client->function;

	if (cap_is_null(function->storm.cap)) {
		function->stormed.handle = handle_storm;
		RPC_TRY(ep_signal(&interrupt->irq.connection.env->ep, &function->stormed, &function->storm));
	}
	return irq_storm_handler(&interrupt->irq, function->storm);
}

static enum status open_interrupt(struct client *client, struct interrupt *interrupt, uint32_t index, struct signal_context handler)
{
	enum kind const kind = kind_of(client);
	struct irq_args args = { .number = kind == LINE ? client->function->line : 0, .mode = kind == LINE ? IRQ_MODE_BUS_DEFAULT : IRQ_MODE_MESSAGE };
	enum status     status;

	if (kind == MSIX && !client->msix.attached)
		RPC_TRY(open_table(client));
	interrupt->index = index;
	RPC_TRY(client_connect(client, &interrupt->irq.connection, &irq_type, &args));
	status = irq_bind(&interrupt->irq, handler, &interrupt->line);
	if (status == STATUS_OK && kind != LINE)
		status = watch(client, interrupt);
	if (status == STATUS_OK)
		status = enable(client, interrupt, kind);
	if (status != STATUS_OK)
		close_interrupt(interrupt);
	return status;
}

enum status interrupt_bind(struct pci_session *session, uint32_t index, struct rpc_cap const *handler, struct cap *line)
{
	struct client    *client    = client_of(session);
	struct interrupt *interrupt = interrupt_at(client, index);
	struct cap        context;
	enum status       status;

	if (index >= interrupt_count(client) || handler->kind != GOT_SLOT)
		return STATUS_INVALID;
	if (!interrupt)
		return STATUS_BUSY;
	RPC_TRY(rpc_cap_keep(handler, &context));
	if (interrupt->irq.connection.id) {
		struct cap same;

		status = irq_bind(&interrupt->irq, (struct signal_context) { context }, &same);
		if (status == STATUS_OK)
			cap_release(same);
	} else {
		status = open_interrupt(client, interrupt, index, (struct signal_context) { context });
	}
	cap_release(context);
	if (status == STATUS_NOT_FOUND)    /* of core: no such line */
		status = STATUS_DENIED;
	*line = interrupt->line;
	return status;
}

void interrupts_close(struct client *client)
{
	struct msix_table *table = &client->msix;

	for (unsigned i = 0; i < PCI_INTERRUPTS; i++)
		if (client->interrupts[i].irq.connection.id)
			close_interrupt(&client->interrupts[i]);
	if (!table->attached)
		return;
	dataspace_detach(table->attached);
	cap_release(table->memory.cap);
	io_mem_close(&table->io_mem);
	*table = (struct msix_table) { .attached = NULL };
}
