/* SPDX-License-Identifier: MIT */
/*
 * Windows to a function's registers: one IO_MEM or IO_PORT session at core each. The pages that hold the MSI-X table are not handed out: what
 * stands there is written to where it says, and could be any interrupt of the machine.
 */
#include "client.h"

#include <base/cap_alloc.h>

static struct window *find(struct client *client, struct window const *wanted)
{
	for (unsigned i = 0; i < PCI_WINDOWS; i++) {
		struct window *window = &client->windows[i];

		if (window->kind == wanted->kind && window->bar == wanted->bar && window->offset == wanted->offset && window->size == wanted->size)
			return window;
	}
	return NULL;
}

static struct window *find_unused(struct client *client)
{
	for (unsigned i = 0; i < PCI_WINDOWS; i++)
		if (client->windows[i].kind == BAR_NONE)
			return &client->windows[i];
	return NULL;
}

/* Does the range share a page with another window of the session? Core would deny it, but in words about the machine. */
static bool overlaps(struct client *client, struct window const *wanted)
{
	uint64_t const base  = client->function->bars[wanted->bar].address;
	uint64_t const first = align_down(base + wanted->offset, PAGE_SIZE), end = align_up(base + wanted->offset + wanted->size, PAGE_SIZE);

	for (unsigned i = 0; i < PCI_WINDOWS; i++) {
		struct window const *window = &client->windows[i];
		uint64_t const       start  = client->function->bars[window->bar].address + window->offset;

		if (window->kind == BAR_MEMORY && align_down(start, PAGE_SIZE) < end && first < align_up(start + window->size, PAGE_SIZE))
			return true;
	}
	return false;
}

/* Does the range share a page with the MSI-X table? */
static bool has_msix_table(struct function const *function, struct window const *window)
{
	struct msix const *msix  = &function->msix;
	uint64_t const     base  = function->bars[window->bar].address;
	uint64_t const     first = align_down(base + window->offset, PAGE_SIZE), end = base + window->offset + window->size;
	uint64_t const     table = align_down(base + msix->table_offset, PAGE_SIZE), table_end = base + msix->table_offset + 16ul * msix->vectors;

	return msix->vectors && window->bar == msix->bar && table < end && first < table_end;
}

static enum status deny(struct client *client, unsigned bar, char const *why)
{
	if (client_counts(client))
		log_warning("\"%s\" asks for a part of BAR %u of %s that %s", client_label(client), bar, client->function->name, why);
	return STATUS_DENIED;
}

/* What core makes of it; `to` is what find_unused gave. */
static enum status open_memory(struct client *client, struct window const *wanted, enum pci_cache cache, struct window *to)
{
	struct io_mem_args args = {
		.base = client->function->bars[wanted->bar].address + wanted->offset, .size = wanted->size,
		.cache = cache == PCI_CACHE_WRITE_COMBINED ? IO_MEM_CACHE_WRITE_COMBINED : IO_MEM_CACHE_UNCACHED,
	};
	struct window made = *wanted;
	enum status   status;

	RPC_TRY(client_connect(client, &made.io_mem.connection, &io_mem_type, &args));
	status = io_mem_dataspace(&made.io_mem, &made.memory);
	if (status != STATUS_OK) {
		io_mem_close(&made.io_mem);
		return status;
	}
	*to = made;
	return STATUS_OK;
}

enum status window_memory(struct pci_session *session, uint32_t index, uint64_t offset, uint64_t size, enum pci_cache cache, struct cap *memory,
                          uint64_t *start)
{
	struct client    *client = client_of(session);
	struct bar const *bar    = index < FUNCTION_BARS ? &client->function->bars[index] : NULL;
	struct window     wanted = { .kind = BAR_MEMORY, .bar = index, .offset = offset, .size = size };
	struct window    *window;

	if (!bar || bar->kind != BAR_MEMORY || offset >= bar->size)
		return STATUS_INVALID;
	if (!size)
		wanted.size = bar->size - offset;
	if (!is_within(offset, wanted.size, bar->size))
		return STATUS_INVALID;
	if (!bar->address)
		return STATUS_NOT_FOUND;
	if (has_msix_table(client->function, &wanted))
		return deny(client, index, "has pages of the MSI-X table: denied; ask for what is before or behind them");
	window = find(client, &wanted);
	if (!window && overlaps(client, &wanted))
		return deny(client, index, "shares a page with another window: denied; ask for both as one");
	if (!window) {
		window = find_unused(client);
		if (!window)
			return STATUS_BUSY;
		RPC_TRY(open_memory(client, &wanted, cache, window));
		function_command(client->function, COMMAND_MEMORY, 0);
	}
	*memory = window->memory.cap;
	*start = (bar->address + offset) % PAGE_SIZE;
	return STATUS_OK;
}

enum status window_ports(struct pci_session *session, uint32_t index, struct cap *ports)
{
	struct client     *client = client_of(session);
	struct bar const  *bar    = index < FUNCTION_BARS ? &client->function->bars[index] : NULL;
	struct window      wanted = { .kind = BAR_PORTS, .bar = index };
	struct window     *window;

	if (!bar || bar->kind != BAR_PORTS)
		return STATUS_INVALID;
	if (!bar->address)
		return STATUS_NOT_FOUND;
	window = find(client, &wanted);
	if (!window) {
		struct io_port_args args = { .base = (uint32_t)bar->address, .size = (uint32_t)bar->size };

		window = find_unused(client);
		if (!window)
			return STATUS_BUSY;
		RPC_TRY(client_connect(client, &wanted.io_port.connection, &io_port_type, &args));
		*window = wanted;
		function_command(client->function, COMMAND_PORTS, 0);
	}
	*ports = window->io_port.connection.cap;
	return STATUS_OK;
}

void windows_close(struct client *client)
{
	for (unsigned i = 0; i < PCI_WINDOWS; i++) {
		struct window *window = &client->windows[i];

		if (window->kind == BAR_MEMORY) {
			cap_release(window->memory.cap);
			io_mem_close(&window->io_mem);
		} else if (window->kind == BAR_PORTS) {
			io_port_close(&window->io_port);
		}
		window->kind = BAR_NONE;
	}
}
