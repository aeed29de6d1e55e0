/* SPDX-License-Identifier: MIT */
/*
 * Configuration space of PCI functions: by ECAM, memory that has all of it (PCI Express 4.0, 7.2.2), or by the two ports, which reach the
 * first 256 bytes (PCI 3.0, 3.2.2.3.2). A function's address is bus << 8 | device << 3 | function.
 */
#pragma once

#include <base/env.h>

struct config_space {
	/* `size` is 1, 2 or 4 bytes, `offset` aligned to that. Where nothing answers, and beyond the end, all bits are set. */
	uint32_t (*read)(struct config_space *config, uint16_t address, unsigned offset, unsigned size);
	void     (*write)(struct config_space *config, uint16_t address, unsigned offset, unsigned size, uint32_t value);
	unsigned   size;                  /* of each function, in bytes */
	uint8_t    first_bus, last_bus;
};

static inline uint32_t config_read8(struct config_space *c, uint16_t address, unsigned offset)  { return c->read(c, address, offset, 1); }
static inline uint32_t config_read16(struct config_space *c, uint16_t address, unsigned offset) { return c->read(c, address, offset, 2); }
static inline uint32_t config_read32(struct config_space *c, uint16_t address, unsigned offset) { return c->read(c, address, offset, 4); }

static inline void config_write16(struct config_space *c, uint16_t address, unsigned offset, uint32_t value)
{
	c->write(c, address, offset, 2, value);
}

static inline void config_write32(struct config_space *c, uint16_t address, unsigned offset, uint32_t value)
{
	c->write(c, address, offset, 4, value);
}

/* Registers of a device, in the own address space. */
struct registers { uintptr_t at; };

static inline uint32_t registers_read32(struct registers r, unsigned offset) { return *(uint32_t volatile *)(r.at + offset); }
static inline uint64_t registers_read64(struct registers r, unsigned offset) { return *(uint64_t volatile *)(r.at + offset); }
static inline void registers_write32(struct registers r, unsigned offset, uint32_t value) { *(uint32_t volatile *)(r.at + offset) = value; }
static inline void registers_write64(struct registers r, unsigned offset, uint64_t value) { *(uint64_t volatile *)(r.at + offset) = value; }

/* The ways to it. Errors: those of IO_MEM and IO_PORT sessions. Each is there once. */
struct ecam { uint64_t base; uint8_t first_bus, last_bus; };    /* `base` is where bus 0 would be */

MUST_CHECK enum status config_ecam_init(struct env *env, struct ecam const *ecam, struct config_space **config);
MUST_CHECK enum status config_ports_init(struct env *env, struct config_space **config);
