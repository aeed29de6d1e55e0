/* SPDX-License-Identifier: MIT */
/*
 * DMA memory of a session. It is RAM from one RAM session, which the client's session account pays for and which gets from there what
 * is missing, no more; what is free goes back. Behind an IOMMU each buffer is mapped in whole windows of 2 MiB of its own, so the
 * page tables for it are the buffer's, and come and go with it.
 */
#include "client.h"

#include <base/cap_alloc.h>
#include <cap_session/cap_session.h>

enum { TABLE_CAPS = 3, BUFFER_CAPS = 1 };    /* a dataspace, and its region */

struct dma_buffer {
	struct list_link  of_dma;
	uint64_t          address;       /* for the device */
	struct dma_memory memory;
	struct dma_memory tables;        /* of the IOMMU; size 0 without one */
};

/* --- Quota --- */

static struct account dma_account(struct dma const *dma) { return (struct account) { dma->ram.connection.cap }; }

/* Sees to it that so much is free in the RAM session. OUT_OF_RAM, OUT_OF_CAPS: the client has too little. */
static enum status fund(struct client *client, uint64_t bytes, uint64_t caps)
{
	struct dma          *dma = &client->dma;
	struct account_state now;
	uint64_t             free_bytes, free_caps;

	if (!dma->ram.connection.id)
		RPC_TRY(client_connect(client, &dma->ram.connection, &ram_type, NULL));
	RPC_TRY(account_info(dma_account(dma), &now));
	free_bytes = now.ram_limit - now.ram_used;
	free_caps = now.caps_limit - now.caps_used;
	if (bytes <= free_bytes && caps <= free_caps)
		return STATUS_OK;
	return connection_upgrade(&dma->ram.connection, bytes > free_bytes ? bytes - free_bytes : 0, caps > free_caps ? caps - free_caps : 0);
}

/* Gives back to the client's session what is free. Memory that somebody still has mapped is not. */
static void refund(struct client *client)
{
	struct account       session = session_account(&client->session.session);
	struct cap_session   caps    = { .connection.cap = client->dma.ram.connection.cap };
	struct account_state now;
	enum status          status  = account_info(dma_account(&client->dma), &now);

	if (status == STATUS_OK)
		status = ram_transfer_quota(&client->dma.ram, session, now.ram_limit - now.ram_used);
	if (status == STATUS_OK)
		status = cap_session_transfer_quota(&caps, session, now.caps_limit - now.caps_used);
	if (status != STATUS_OK)
		log_warning("cannot give quota back to \"%s\" before its session ends: %s", client_label(client), status_name(status));
}

/* --- Buffers --- */

/* Where `size` bytes fit between the buffers that there are, and what they come before. NOT_FOUND: nowhere. */
static enum status find_place(struct dma *dma, uint64_t size, uint64_t *address, struct list_link **before)
{
	*address = DOMAIN_FIRST;
	*before = &dma->buffers.head;
	list_for_each (buffer, &dma->buffers, struct dma_buffer, of_dma) {
		if (buffer->address - *address >= align_up(size, DOMAIN_WINDOW)) {
			*before = &buffer->of_dma;
			return STATUS_OK;
		}
		*address = buffer->address + align_up(buffer->memory.size, DOMAIN_WINDOW);
	}
	return is_within(*address, size, DOMAIN_END) ? STATUS_OK : STATUS_NOT_FOUND;
}

/* The IOMMU's part. On an error nothing stays but the domain. */
static enum status map(struct client *client, struct dma_buffer *buffer, struct list_link **before)
{
	struct dma    *dma    = &client->dma;
	uint64_t const tables = domain_table_bytes(buffer->memory.size);

	RPC_TRY(find_place(dma, buffer->memory.size, &buffer->address, before));
	RPC_TRY(fund(client, tables + PAGE_SIZE, TABLE_CAPS));
	RPC_TRY(dma_memory_alloc_table(&buffer->tables, &dma->ram, tables));
	domain_map(&dma->domain, buffer->address, &buffer->memory, &buffer->tables);
	return STATUS_OK;
}

/* The domain of a confined client is made with its first buffer. */
static enum status need_domain(struct client *client)
{
	struct dma *dma = &client->dma;

	if (client->may != PCI_DMA_CONFINED || dma->domain.iommu)
		return STATUS_OK;
	RPC_TRY(fund(client, domain_top_bytes(client->function->iommu) + PAGE_SIZE, TABLE_CAPS));
	return domain_create(&dma->domain, client->function, &dma->ram);
}

static void free_buffer(struct client *client, struct dma_buffer *buffer)
{
	struct dma *dma = &client->dma;

	if (buffer->tables.size)
		domain_unmap(&dma->domain, buffer->address, buffer->memory.size);
	dma_memory_free(&buffer->tables, &dma->ram);
	dma_memory_free(&buffer->memory, &dma->ram);
	heap_free(session_heap(&client->session.session), buffer);
}

static enum status make_buffer(struct client *client, struct dma_buffer *buffer, uint64_t size)
{
	struct dma       *dma    = &client->dma;
	struct list_link *before = &dma->buffers.head;

	RPC_TRY(need_domain(client));
	RPC_TRY(fund(client, size, BUFFER_CAPS));
	RPC_TRY(dma_memory_alloc(&buffer->memory, &dma->ram, size));
	if (dma->domain.iommu)
		RPC_TRY(map(client, buffer, &before));
	else
		buffer->address = buffer->memory.physical;
	list_insert_before(before, &buffer->of_dma);
	return STATUS_OK;
}

static enum status check_may(struct client *client, char const *what)
{
	if (client->may != PCI_DMA_NONE)
		return STATUS_OK;
	if (client_counts(client))
		log_warning("\"%s\" asks for %s: %s", client_label(client), what, client_denial(client));
	return STATUS_DENIED;
}

enum status dma_alloc(struct pci_session *session, uint64_t size, struct cap *memory, uint64_t *address)
{
	struct client     *client = client_of(session);
	struct dma_buffer *buffer;
	enum status        status;

	if (!size || !align_up_checked(size, PAGE_SIZE, &size))
		return STATUS_INVALID;
	RPC_TRY(check_may(client, "DMA memory"));
	RPC_TRY(heap_new(session_heap(&session->session), &buffer));
	status = make_buffer(client, buffer, size);
	if (status != STATUS_OK) {
		free_buffer(client, buffer);
		return status;
	}
	*memory = buffer->memory.memory.cap;
	*address = buffer->address;
	return STATUS_OK;
}

enum status dma_free(struct pci_session *session, uint64_t address)
{
	struct client *client = client_of(session);

	list_for_each (buffer, &client->dma.buffers, struct dma_buffer, of_dma) {
		if (buffer->address != address)
			continue;
		list_remove(&buffer->of_dma);
		free_buffer(client, buffer);
		refund(client);
		return STATUS_OK;
	}
	return STATUS_NOT_FOUND;
}

enum status dma_bus_master(struct pci_session *session, bool on)
{
	struct client *client = client_of(session);

	if (on)
		RPC_TRY(check_may(client, "bus mastering"));
	if (on && client->function->is_stopped)
		return STATUS_DENIED;
	function_command(client->function, on ? COMMAND_MASTER : 0, on ? 0 : COMMAND_MASTER);
	return STATUS_OK;
}

void dma_close(struct client *client)
{
	struct dma *dma = &client->dma;

	domain_destroy(&dma->domain);
	list_for_each_safe (buffer, &dma->buffers, struct dma_buffer, of_dma) {
		list_remove(&buffer->of_dma);
		dma_memory_free(&buffer->tables, &dma->ram);
		dma_memory_free(&buffer->memory, &dma->ram);
	}
	dma_memory_free(&dma->domain.top, &dma->ram);
	if (dma->ram.connection.id)
		ram_close(&dma->ram);
}
