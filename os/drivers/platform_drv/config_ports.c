/* SPDX-License-Identifier: MIT */
/* Configuration space by the ports 0xcf8 and 0xcfc. */
#include "config_space.h"

#include <base/log.h>
#include <io_port/io_port.h>

enum { PORT_ADDRESS = 0xcf8, PORT_DATA = 0xcfc };

#define ADDRESS_ENABLE (1u << 31)

struct port_space {
	struct config_space config;
	struct io_port      ports;
	bool                has_failed;
};

static void check(struct port_space *space, enum status status)
{
	if (status != STATUS_OK && !space->has_failed)
		log_error("cannot use the configuration ports: %s", status_name(status));
	space->has_failed |= status != STATUS_OK;
}

static void select(struct port_space *space, uint16_t address, unsigned offset)
{
	check(space, io_port_out32(&space->ports, PORT_ADDRESS, ADDRESS_ENABLE | (uint32_t)address << 8 | (offset & 0xfc)));
}

static uint32_t read(struct config_space *config, uint16_t address, unsigned offset, unsigned size)
{
	struct port_space *space = container_of(config, struct port_space, config);
	uint32_t const     port  = PORT_DATA + offset % 4;
	uint32_t           word  = UINT32_MAX;
	uint16_t           half  = UINT16_MAX;
	uint8_t            byte  = UINT8_MAX;

	if (offset >= config->size)
		return UINT32_MAX;
	select(space, address, offset);
	if (size == 4) {
		check(space, io_port_in32(&space->ports, port, &word));
		return word;
	}
	if (size == 2) {
		check(space, io_port_in16(&space->ports, port, &half));
		return half;
	}
	check(space, io_port_in8(&space->ports, port, &byte));
	return byte;
}

static void write(struct config_space *config, uint16_t address, unsigned offset, unsigned size, uint32_t value)
{
	struct port_space *space = container_of(config, struct port_space, config);
	uint32_t const     port  = PORT_DATA + offset % 4;

	if (offset >= config->size)
		return;
	select(space, address, offset);
	if (size == 4)
		check(space, io_port_out32(&space->ports, port, value));
	else if (size == 2)
		check(space, io_port_out16(&space->ports, port, (uint16_t)value));
	else
		check(space, io_port_out8(&space->ports, port, (uint8_t)value));
}

enum status config_ports_init(struct env *env, struct config_space **config)
{
	static struct port_space space = { .config = { .read = read, .write = write, .size = 256, .last_bus = 255 } };

	RPC_TRY(io_port_open(&space.ports, env, "", &(struct io_port_args) { .base = PORT_ADDRESS, .size = 8 }));
	*config = &space.config;
	return STATUS_OK;
}
