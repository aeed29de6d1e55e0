/* SPDX-License-Identifier: MIT */
/* Has a device access memory that is not its driver's, and checks what becomes of it. */
#include "../platform_test/edu.h"

#include <victim/victim.h>

enum { MOVED = 2048, WORDS = MOVED / sizeof(uint32_t), OWN = 0x0ddba11 };

static struct test {
	struct env      *env;
	struct edu       edu;
	struct victim    victim;
	uint64_t         target;       /* the victim's page */
	bool             succeeds;     /* so it should */
	struct dataspace memory;       /* own */
	uint32_t        *words;
	uint64_t         address;      /* of it, for the device */
} self;

/* The device writes what it has to `target`, of which the victim must notice as much as is expected. */
static enum status check_write(uint64_t target)
{
	bool intact;

	TRY(edu_move(&self.edu, target, true, MOVED));
	TRY(victim_is_intact(&self.victim, &intact));
	CHECK(intact == !self.succeeds);
	return STATUS_OK;
}

/* The device reads the victim's page, and gives what it has then to its driver. */
static enum status check_read(void)
{
	bool is_victims = true;

	TRY(edu_move(&self.edu, self.target, false, MOVED));
	TRY(edu_move(&self.edu, self.address, true, MOVED));
	for (unsigned i = 0; i < WORDS; i++)
		is_victims &= self.words[i] == (VICTIM_PATTERN ^ i);
	CHECK(is_victims == self.succeeds);
	return STATUS_OK;
}

static enum status get_memory(void)
{
	void *attached;

	TRY(pci_dma_alloc(&self.edu.pci, PAGE_SIZE, &self.memory, &self.address));
	TRY(dataspace_attach(self.memory, RM_ACCESS_WRITE, self.env->account, &attached));
	self.words = attached;
	for (unsigned i = 0; i < WORDS; i++)
		self.words[i] = OWN + i;
	return STATUS_OK;
}

/* What has been given back cannot be reached any more: its content stays, seen through the mapping that is left. */
static enum status check_freed(void)
{
	bool is_same = true;

	TRY(pci_dma_free(&self.edu.pci, self.address));
	for (unsigned i = 0; i < WORDS; i++)
		self.words[i] = i;
	TRY(edu_move(&self.edu, self.address, true, MOVED));
	for (unsigned i = 0; i < WORDS; i++)
		is_same &= self.words[i] == i;
	CHECK(is_same == !self.succeeds);
	return STATUS_OK;
}

/* One blocked access after the other, until the server has had enough. */
static enum status storm(uint64_t count)
{
	uint32_t command;

	if (!count)
		return STATUS_OK;
	for (uint64_t i = 0; i < count; i++)
		TRY(edu_move(&self.edu, self.target, true, MOVED));
	TRY(pci_config_read(&self.edu.pci, 4, 2, &command));
	CHECK(!(command & 4));
	return STATUS_OK;
}

static enum status attack(void)
{
	TRY(pci_bus_master(&self.edu.pci, true));
	TRY(check_write(self.target));
	TRY(get_memory());
	TRY(edu_move(&self.edu, self.address, false, MOVED));
	TRY(check_write(self.target));
	TRY(check_write(self.target + PAGE_SIZE - MOVED));
	TRY(check_read());
	TRY(check_freed());
	return storm(node_u64(env_config(self.env), "storm", 0, 0, 1000));
}

static enum status check_denied(void)
{
	struct dataspace memory;
	uint64_t         address;

	CHECK_STATUS(pci_bus_master(&self.edu.pci, true), STATUS_DENIED);
	CHECK_STATUS(pci_dma_alloc(&self.edu.pci, PAGE_SIZE, &memory, &address), STATUS_DENIED);
	return check_write(self.target);
}

enum status component_construct(struct env *env)
{
	struct node const     config = env_config(env);
	struct pci_args const args   = { .dma_bytes = PAGE_SIZE, .buffers = 1, .windows = 1 };

	self.env = env;
	self.succeeds = node_attribute_is(config, "expect", "succeeds");
	TRY(victim_open(&self.victim, env, ""));
	TRY(victim_page(&self.victim, &self.target));
	TRY(pci_open(&self.edu.pci, env, "", &args));
	TRY(edu_attach(&self.edu, env));
	if (node_attribute_is(config, "expect", "denied"))
		TRY(check_denied());
	else
		TRY(attack());
	return test_passed();
}
