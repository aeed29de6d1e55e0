/* SPDX-License-Identifier: MIT */
/* QEMU's edu device: registers, an interrupt on demand, and a DMA engine with 4 KiB of memory. Source: docs/specs/edu of QEMU 7.2. */
#pragma once

#include "../check.h"

#include <base/cap_alloc.h>
#include <pci/pci.h>

enum edu_register {
	EDU_IDENT = 0x00, EDU_LIVENESS = 0x04, EDU_RAISED = 0x24, EDU_RAISE = 0x60, EDU_LOWER = 0x64,
	EDU_FROM = 0x80, EDU_TO = 0x88, EDU_COUNT = 0x90, EDU_COMMAND = 0x98,
};

enum { EDU_IDENT_VALUE = 0x010000ed, EDU_MEMORY = 0x40000, EDU_START = 1, EDU_TO_RAM = 2, EDU_SIZE = 1 << 20 };

struct edu {
	struct pci       pci;
	struct dataspace registers;
	void            *attached;
	uintptr_t        at;
};

static inline uint32_t edu_read(struct edu *edu, unsigned reg) { return *(uint32_t volatile *)(edu->at + reg); }
static inline void edu_write(struct edu *edu, unsigned reg, uint32_t value) { *(uint32_t volatile *)(edu->at + reg) = value; }
static inline void edu_write64(struct edu *edu, unsigned reg, uint64_t value) { *(uint64_t volatile *)(edu->at + reg) = value; }
static inline uint64_t edu_read64(struct edu *edu, unsigned reg) { return *(uint64_t volatile *)(edu->at + reg); }

/* Waits until it moves nothing any more. */
static inline MUST_CHECK enum status edu_wait(struct edu *edu)
{
	while (edu_read64(edu, EDU_COMMAND) & EDU_START)
		CHECK_STATUS(env_wait_news(edu->pci.connection.env, 0, time_now_ns() + 10 * TIME_NS_PER_MS), STATUS_TIMEOUT);
	return STATUS_OK;
}

/*
 * The session is open, and bus mastering off. Attaches the registers. The device cannot be reset: what an earlier driver has begun ends in nothing before
 * this one lets it access memory, else it would go to an address that is somebody else's by now.
 */
static inline MUST_CHECK enum status edu_attach(struct edu *edu, struct env *env)
{
	uint64_t start;

	TRY(pci_memory(&edu->pci, 0, 0, 0, PCI_CACHE_UNCACHED, &edu->registers, &start));
	TRY(dataspace_attach(edu->registers, RM_ACCESS_WRITE, env->account, &edu->attached));
	edu->at = (uintptr_t)edu->attached + start;
	CHECK(edu_read(edu, EDU_IDENT) == EDU_IDENT_VALUE);
	return edu_wait(edu);
}

static inline void edu_detach(struct edu *edu)
{
	dataspace_detach(edu->attached);
	cap_release(edu->registers.cap);
}

/* Begins to move `count` bytes between address `ram` and the device's memory. */
static inline void edu_begin(struct edu *edu, uint64_t ram, bool to_ram, uint64_t count)
{
	edu_write64(edu, EDU_FROM, to_ram ? EDU_MEMORY : ram);
	edu_write64(edu, EDU_TO, to_ram ? ram : EDU_MEMORY);
	edu_write64(edu, EDU_COUNT, count);
	edu_write64(edu, EDU_COMMAND, EDU_START | (to_ram ? EDU_TO_RAM : 0));
}

/* Moves `count` bytes between address `ram` and the device's memory, and waits until it is done, whatever came of it. */
static inline MUST_CHECK enum status edu_move(struct edu *edu, uint64_t ram, bool to_ram, uint64_t count)
{
	edu_begin(edu, ram, to_ram, count);
	return edu_wait(edu);
}
