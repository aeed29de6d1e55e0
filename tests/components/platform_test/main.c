/* SPDX-License-Identifier: MIT */
/*
 * Checks the service Platform as a client: with QEMU's edu device (registers, messages or a line, DMA), that the session is all that one has of it, and
 * that what it cost is back.
 */
#include "edu.h"
#include "virtio_rng.h"

enum { WAIT_S = 20, PATTERN = 0x5eed, MOVED = 2048 };

static struct test {
	struct env           *env;
	struct edu            edu;
	struct handler        unused;    /* signals are waited for one by one */
	struct signal_context interrupted;
	struct cap            line;
} self;

/* --- What it is --- */

static enum status check_identity(void)
{
	struct pci_device device;
	uint32_t          value, offset;

	TRY(pci_device(&self.edu.pci, &device));
	CHECK(device.vendor == 0x1234 && device.device == 0x11e8 && device.class_code == 0x00ff00 && device.interrupts == 1);
	TRY(pci_config_read(&self.edu.pci, 0, 4, &value));
	CHECK(value == 0x11e81234);
	CHECK_STATUS(pci_config_read(&self.edu.pci, 2, 4, &value), STATUS_INVALID);
	CHECK_STATUS(pci_config_read(&self.edu.pci, 0, 3, &value), STATUS_INVALID);
	CHECK_STATUS(pci_config_read(&self.edu.pci, 0, 0, &value), STATUS_INVALID);
	CHECK_STATUS(pci_config_read(&self.edu.pci, 4096, 4, &value), STATUS_INVALID);
	CHECK_STATUS(pci_config_read(&self.edu.pci, UINT32_MAX - 3, 4, &value), STATUS_INVALID);
	TRY(pci_capability(&self.edu.pci, 5, 0, &offset));
	CHECK(offset >= 0x40);
	CHECK_STATUS(pci_capability(&self.edu.pci, 5, offset, &offset), STATUS_NOT_FOUND);
	CHECK_STATUS(pci_capability(&self.edu.pci, 0x42, 0, &offset), STATUS_NOT_FOUND);
	return STATUS_OK;
}

static enum status check_windows(void)
{
	struct pci     *pci = &self.edu.pci;
	struct pci_bar  bar;
	struct dataspace memory;
	uint64_t        start;

	TRY(pci_bar(pci, 0, &bar));
	CHECK(bar.kind == PCI_BAR_KIND_MEMORY && bar.size == EDU_SIZE && bar.address);
	TRY(pci_bar(pci, 5, &bar));
	CHECK(bar.kind == PCI_BAR_KIND_NONE);
	CHECK_STATUS(pci_bar(pci, 6, &bar), STATUS_INVALID);
	CHECK_STATUS(pci_memory(pci, 1, 0, 0, PCI_CACHE_UNCACHED, &memory, &start), STATUS_INVALID);
	CHECK_STATUS(pci_memory(pci, 99, 0, 0, PCI_CACHE_UNCACHED, &memory, &start), STATUS_INVALID);
	CHECK_STATUS(pci_memory(pci, 0, EDU_SIZE, 0, PCI_CACHE_UNCACHED, &memory, &start), STATUS_INVALID);
	CHECK_STATUS(pci_memory(pci, 0, 0x1000, UINT64_MAX, PCI_CACHE_UNCACHED, &memory, &start), STATUS_INVALID);
	CHECK_STATUS(pci_ports(pci, 0, &memory.cap), STATUS_INVALID);
	TRY(edu_attach(&self.edu, self.env));
	edu_write(&self.edu, EDU_LIVENESS, PATTERN);
	CHECK(edu_read(&self.edu, EDU_LIVENESS) == (uint32_t)~PATTERN);

	/* The same again is the same; a part of it is in another window. */
	TRY(pci_memory(pci, 0, 0, 0, PCI_CACHE_UNCACHED, &memory, &start));
	cap_release(memory.cap);
	CHECK_STATUS(pci_memory(pci, 0, 0x1000, 0x1000, PCI_CACHE_UNCACHED, &memory, &start), STATUS_DENIED);
	return STATUS_OK;
}

/* --- Interrupts --- */

static enum status check_interrupt(void)
{
	for (unsigned i = 0; i < 3; i++) {
		edu_write(&self.edu, EDU_RAISE, 1u << i);
		CHECK_STATUS(signal_wait(self.interrupted, time_now_ns() + WAIT_S * TIME_NS_PER_S), STATUS_OK);
		CHECK(edu_read(&self.edu, EDU_RAISED) == 1u << i);
		edu_write(&self.edu, EDU_LOWER, 1u << i);
		irq_ack(self.line);
	}
	return STATUS_OK;
}

static enum status check_interrupts(void)
{
	struct pci *pci = &self.edu.pci;
	struct cap  same;

	CHECK_STATUS(pci_interrupt(pci, 1, self.interrupted, &self.line), STATUS_INVALID);
	CHECK_STATUS(pci_interrupt(pci, 0, (struct signal_context) { CAP_NULL }, &self.line), STATUS_INVALID);
	TRY(pci_interrupt(pci, 0, self.interrupted, &self.line));
	TRY(check_interrupt());
	TRY(pci_interrupt(pci, 0, self.interrupted, &same));
	cap_release(same);
	TRY(check_interrupt());
	return STATUS_OK;
}

/* --- DMA --- */

static enum status check_moves(struct dataspace memory, uint64_t address)
{
	uint32_t *words;
	void     *attached;

	TRY(dataspace_attach(memory, RM_ACCESS_WRITE, self.env->account, &attached));
	words = attached;
	for (unsigned i = 0; i < MOVED / 4; i++)
		words[i] = PATTERN * i;
	TRY(edu_move(&self.edu, address, false, MOVED));
	TRY(edu_move(&self.edu, address + 2 * PAGE_SIZE, true, MOVED));
	for (unsigned i = 0; i < MOVED / 4; i++)
		CHECK(words[2 * PAGE_SIZE / 4 + i] == PATTERN * i);
	dataspace_detach(attached);
	return STATUS_OK;
}

static enum status check_dma(void)
{
	struct pci      *pci = &self.edu.pci;
	struct dataspace memory[3];
	uint64_t         address[3];

	CHECK_STATUS(pci_dma_alloc(pci, 0, &memory[0], &address[0]), STATUS_INVALID);
	CHECK_STATUS(pci_dma_alloc(pci, UINT64_MAX, &memory[0], &address[0]), STATUS_INVALID);
	CHECK_STATUS(pci_dma_free(pci, 0x1000), STATUS_NOT_FOUND);
	for (unsigned i = 0; i < 3; i++) {
		TRY(pci_dma_alloc(pci, 2 * PAGE_SIZE + 1, &memory[i], &address[i]));
		CHECK(address[i] && address[i] % PAGE_SIZE == 0);
		for (unsigned j = 0; j < i; j++)
			CHECK(address[i] != address[j]);
	}
	TRY(pci_bus_master(pci, true));
	TRY(check_moves(memory[1], address[1]));
	TRY(pci_dma_free(pci, address[1]));
	CHECK_STATUS(pci_dma_free(pci, address[1]), STATUS_NOT_FOUND);
	cap_release(memory[1].cap);
	TRY(pci_dma_alloc(pci, 2 * PAGE_SIZE + 1, &memory[1], &address[1]));
	TRY(check_moves(memory[1], address[1]));
	TRY(check_moves(memory[2], address[2]));
	for (unsigned i = 0; i < 3; i++)
		cap_release(memory[i].cap);
	return STATUS_OK;
}

static enum status check_denied_dma(void)
{
	struct dataspace memory;
	uint64_t         address;

	CHECK_STATUS(pci_dma_alloc(&self.edu.pci, PAGE_SIZE, &memory, &address), STATUS_DENIED);
	CHECK_STATUS(pci_bus_master(&self.edu.pci, true), STATUS_DENIED);
	TRY(pci_bus_master(&self.edu.pci, false));
	return STATUS_OK;
}

/* --- A session --- */

static enum status check_edu(struct env *env)
{
	struct pci_args const args = { .dma_bytes = 9 * PAGE_SIZE, .buffers = 4, .windows = 1, .interrupts = 1 };
	bool const            has_dma = node_bool(env_config(self.env), "dma", true);

	TRY(pci_open(&self.edu.pci, self.env, "", &args));
	TRY(check_identity());
	TRY(check_windows());
	if (has_dma)
		TRY(check_dma());
	else
		TRY(check_denied_dma());
	TRY(check_interrupts());
	edu_detach(&self.edu);
	cap_release(self.line);
	return connection_end(&self.edu.pci.connection);
}

/* As often as the configuration says; each time costs nothing in the end. */
static enum status check_sessions(enum status (*check)(struct env *))
{
	uint64_t const rounds = node_u64(env_config(self.env), "rounds", 3, 1, 100);
	struct books   before = { .slots = 0 };

	for (uint64_t i = 0; i <= rounds; i++) {
		TRY(check(self.env));
		if (i)
			TRY(books_settle(self.env, &before));
		TRY(books_read(self.env, &before));
	}
	return test_passed();
}

/* --- Who gets what --- */

/* Asks for the device until the answer is `wanted`; the other one is DENIED or OK. */
static enum status open_until(struct pci *pci, enum status wanted)
{
	enum status status = pci_open(pci, self.env, "", &(struct pci_args) { .dma_bytes = PAGE_SIZE, .buffers = 1, .windows = 1 });

	while (status != wanted) {
		CHECK(status == STATUS_OK || status == STATUS_DENIED);
		if (status == STATUS_OK)
			TRY(connection_end(&pci->connection));
		CHECK_STATUS(env_wait_news(self.env, 0, time_now_ns() + 20 * TIME_NS_PER_MS), STATUS_TIMEOUT);
		status = pci_open(pci, self.env, "", &(struct pci_args) { .dma_bytes = PAGE_SIZE, .buffers = 1, .windows = 1 });
	}
	return STATUS_OK;
}

/* Waits until somebody has the device, and then until that one has gone. */
static enum status wait_for_device(void)
{
	struct pci pci;

	TRY(open_until(&pci, STATUS_DENIED));
	TRY(open_until(&pci, STATUS_OK));
	return test_passed();
}

static enum status check_denied(enum status expected)
{
	struct pci pci;

	CHECK_STATUS(pci_open(&pci, self.env, "", NULL), expected);
	return test_passed();
}

/* Has its device do DMA, and dies of a fault meanwhile. */
static enum status die(void)
{
	struct dataspace memory;
	uint64_t         address;

	TRY(open_until(&self.edu.pci, STATUS_OK));
	TRY(edu_attach(&self.edu, self.env));
	TRY(pci_dma_alloc(&self.edu.pci, PAGE_SIZE, &memory, &address));
	TRY(pci_bus_master(&self.edu.pci, true));
	edu_begin(&self.edu, address, true, MOVED);
	CHECK_STATUS(env_wait_news(self.env, 0, time_now_ns() + node_u64(env_config(self.env), "after_ms", 0, 0, 10000) * TIME_NS_PER_MS), STATUS_TIMEOUT);
	__builtin_trap();
}

/* Has its device write to its memory without end. If its server dies, it loses the registers, and dies too. */
static enum status write_for_ever(void)
{
	struct dataspace memory;
	uint64_t         address;

	TRY(pci_open(&self.edu.pci, self.env, "", &(struct pci_args) { .dma_bytes = PAGE_SIZE, .buffers = 1, .windows = 1 }));
	TRY(edu_attach(&self.edu, self.env));
	TRY(pci_dma_alloc(&self.edu.pci, PAGE_SIZE, &memory, &address));
	TRY(pci_bus_master(&self.edu.pci, true));
	for (unsigned moves = 1;; moves++) {
		TRY(edu_move(&self.edu, address, true, MOVED));
		if (moves == 3)
			log_info("the device writes");
	}
}

/* Takes free memory, looks whether something writes to it, and gives it back, without end. */
static enum status watch(void)
{
	enum { CHUNKS = 8, CHUNK = 128 << 10 };
	struct attached_ram chunk[CHUNKS];

	for (unsigned round = 1;; round++) {
		for (unsigned i = 0; i < CHUNKS; i++)
			TRY(attached_ram_init(&chunk[i], self.env->account, CHUNK));
		CHECK_STATUS(env_wait_news(self.env, 0, time_now_ns() + 30 * TIME_NS_PER_MS), STATUS_TIMEOUT);
		for (unsigned i = 0; i < CHUNKS; i++) {
			for (uint64_t volatile *word = chunk[i].address; word < (uint64_t *)chunk[i].address + CHUNK / sizeof(*word); word++)
				CHECK(!*word);
			attached_ram_fini(&chunk[i]);
		}
		if (round % 10 == 0)
			log_info("%u times all was mine", round);
	}
}

enum status component_construct(struct env *env)
{
	struct node const config = env_config(env);

	self.env = env;
	TRY(ep_signal(&env->ep, &self.unused, &self.interrupted));
	if (node_attribute_is(config, "role", "rng"))
		return check_sessions(virtio_rng_check);
	if (node_attribute_is(config, "role", "next"))
		return wait_for_device();
	if (node_attribute_is(config, "role", "denied"))
		return check_denied(STATUS_DENIED);
	if (node_attribute_is(config, "role", "nothing"))
		return check_denied(STATUS_NOT_FOUND);
	if (node_attribute_is(config, "role", "writes"))
		return write_for_ever();
	if (node_attribute_is(config, "role", "watches"))
		return watch();
	if (node_attribute_is(config, "role", "dies"))
		return die();
	return check_sessions(check_edu);
}
