/* SPDX-License-Identifier: MIT */
/* Configuration space as memory. A bus is attached when it is first looked at: all 256 would take 128 pages of page tables. */
#include "config_space.h"

#include <base/attached.h>
#include <base/log.h>
#include <io_mem/io_mem.h>

#define BUS_SHIFT 20
#define BUS_SIZE  (1u << BUS_SHIFT)

struct ecam_space {
	struct config_space config;
	struct env         *env;
	struct io_mem       io_mem;
	struct dataspace    memory;
	struct registers    bus[256];    /* at 0: not attached */
};

/* The bus's registers. False: they cannot be had. */
static bool has_bus(struct ecam_space *ecam, unsigned bus)
{
	struct rm_attach_args args = { .offset = (uint64_t)(bus - ecam->config.first_bus) << BUS_SHIFT, .size = BUS_SIZE, .access = RM_ACCESS_WRITE };
	uint64_t              address;
	enum status           status;

	if (bus < ecam->config.first_bus || bus > ecam->config.last_bus)
		return false;
	if (ecam->bus[bus].at)
		return true;
	status = rm_attach(&ecam->env->rm, ecam->memory, &args, ecam->env->account, &address);
	if (status != STATUS_OK) {
		log_error("cannot attach the configuration space of bus %u: %s", bus, status_name(status));
		return false;
	}
	ecam->bus[bus].at = address;
	return true;
}

static uintptr_t register_at(struct ecam_space *ecam, uint16_t address, unsigned offset)
{
	return ecam->bus[address >> 8].at + (address & 0xffu) * ecam->config.size + offset;
}

static uint32_t read(struct config_space *config, uint16_t address, unsigned offset, unsigned size)
{
	struct ecam_space *ecam = container_of(config, struct ecam_space, config);
	uintptr_t          at;

	if (!has_bus(ecam, address >> 8))
		return UINT32_MAX;
	at = register_at(ecam, address, offset);
	return size == 1 ? *(uint8_t volatile *)at : size == 2 ? *(uint16_t volatile *)at : *(uint32_t volatile *)at;
}

static void write(struct config_space *config, uint16_t address, unsigned offset, unsigned size, uint32_t value)
{
	struct ecam_space *ecam = container_of(config, struct ecam_space, config);
	uintptr_t          at;

	if (!has_bus(ecam, address >> 8))
		return;
	at = register_at(ecam, address, offset);
	if (size == 1)
		*(uint8_t volatile *)at = (uint8_t)value;
	else if (size == 2)
		*(uint16_t volatile *)at = (uint16_t)value;
	else
		*(uint32_t volatile *)at = value;
}

enum status config_ecam_init(struct env *env, struct ecam const *ecam, struct config_space **config)
{
	static struct ecam_space space;
	struct io_mem_args       args = {
		.base = ecam->base + ((uint64_t)ecam->first_bus << BUS_SHIFT), .size = (uint64_t)(ecam->last_bus - ecam->first_bus + 1) << BUS_SHIFT,
	};

	space = (struct ecam_space) {
		.config = { .read = read, .write = write, .size = 4096, .first_bus = ecam->first_bus, .last_bus = ecam->last_bus }, .env = env,
	};
	RPC_TRY(io_mem_open(&space.io_mem, env, "", &args));
	RPC_TRY(io_mem_dataspace(&space.io_mem, &space.memory));
	*config = &space.config;
	return STATUS_OK;
}
