/* SPDX-License-Identifier: MIT */
/*
 * nic_bridge: gives each client of NIC an Ethernet address of its own, and forwards frames between them and the uplink. The driver is a
 * client too (Uplink): when it goes, the clients see the link go down, and up again with the next one.
 */
#include "bridge.h"

#include <base/format.h>
#include <base/string.h>
#include <base/signal.h>
#include <uplink/uplink.h>

struct client {
	struct nic_session    session;   /* first: what the client talks to */
	struct port           port;
	struct signal_context changed;   /* submitted when the link comes or goes; null: none */
	uint32_t              number;
};

struct driver {
	struct uplink_session session;
	struct port           port;
	bool                  is_up;
};

static struct env *own_env;
static address_t   first_address;
static bool        link_was_up;

static struct nic_service    nic;
static struct uplink_service uplink;

#define nic_for_each(client) \
	tree_for_each (client, &nic.service.sessions, struct client, session.session.of_service)

/* --- Link --- */

static bool link_is_up(void)
{
	struct port *port = bridge_uplink();

	return port && container_of(port, struct driver, port)->is_up;
}

static void check_link(void)
{
	bool is_up = link_is_up();

	if (is_up == link_was_up)
		return;
	link_was_up = is_up;
	log_info("link %s", is_up ? "up" : "down");
	nic_for_each (client) {
		/* One that has gone is about to be closed. */
		if (!cap_is_null(client->changed.cap))
			(void)!signal_submit(client->changed);
	}
}

/* --- Ports --- */

static void frames_arrived(struct frame_sink *sink)
{
	bridge_work();
}

static void room_again(struct frame_source *source)
{
	bridge_work();
}

static void client_sink_broken(struct frame_sink *sink)
{
	session_end(&container_of(sink, struct client, port.in)->session.session);
}

static void client_source_broken(struct frame_source *source)
{
	session_end(&container_of(source, struct client, port.out)->session.session);
}

static void driver_sink_broken(struct frame_sink *sink)
{
	session_end(&container_of(sink, struct driver, port.in)->session.session);
}

static void driver_source_broken(struct frame_source *source)
{
	session_end(&container_of(source, struct driver, port.out)->session.session);
}

/* --- NIC --- */

static bool is_taken(uint32_t number)
{
	nic_for_each (client) {
		if (client->number == number)
			return true;
	}
	return false;
}

/* The lowest number that no client has: one that comes again alone has the address it had. Bound: sessions are limited by the table of capabilities. */
static uint32_t free_number(void)
{
	uint32_t number = 1;

	while (is_taken(number))
		number++;
	return number;
}

static enum status open_client(struct nic_session *session, struct nic_args const *args)
{
	struct client *client = container_of(session, struct client, session);

	client->port.in.arrived = frames_arrived;
	client->port.in.broken = client_sink_broken;
	client->port.out.broken = client_source_broken;
	TRY(port_init(&client->port, &own_env->ep, &session->session, (struct port_sizes) { args->tx_count, args->rx_count }));
	client->number = 0;
	client->number = free_number();
	client->port.address = first_address + client->number;
	bridge_add_client(&client->port);
	return STATUS_OK;
}

static void close_client(struct nic_session *session)
{
	struct client *client = container_of(session, struct client, session);

	bridge_remove(&client->port);
	port_fini(&client->port);
}

static enum status client_buffers(struct nic_session *session, struct cap *tx, struct cap *rx)
{
	struct client *client = container_of(session, struct client, session);

	*tx = client->port.in_buffer.memory.cap;
	*rx = client->port.out_buffer.memory.cap;
	return STATUS_OK;
}

static enum status client_start(struct nic_session *session, struct rpc_cap const *tx_wake, struct rpc_cap const *rx_wake, struct cap *tx,
                                struct cap *rx)
{
	struct client *client = container_of(session, struct client, session);

	TRY(port_start(&client->port, &session->session, tx_wake, rx_wake));
	*tx = client->port.in.stream.end.context.cap;
	*rx = client->port.out.stream.end.context.cap;
	return STATUS_OK;
}

static enum status client_address(struct nic_session *session, uint8_t address[static NIC_ADDRESS])
{
	address_t number = container_of(session, struct client, session)->port.address;

	for (unsigned i = NIC_ADDRESS; i-- > 0; number >>= 8)
		address[i] = (uint8_t)number;
	return STATUS_OK;
}

static enum status client_link(struct nic_session *session, bool *is_up)
{
	*is_up = link_is_up();
	return STATUS_OK;
}

static enum status client_link_signal(struct nic_session *session, struct rpc_cap const *changed)
{
	struct client *client = container_of(session, struct client, session);

	if (!cap_is_null(client->changed.cap))
		session_drop(&session->session, client->changed.cap);
	client->changed.cap = CAP_NULL;
	if (changed->kind == GOT_NULL)
		return STATUS_OK;
	return session_keep(&session->session, changed, &client->changed.cap);
}

static struct nic_service nic = {
	.ops          = { .buffers = client_buffers, .start = client_start, .address = client_address, .link = client_link,
	                  .link_signal = client_link_signal },
	.session_size = sizeof(struct client),
	.open         = open_client,
	.close        = close_client,
};

/* --- Uplink --- */

static enum status open_driver(struct uplink_session *session, struct uplink_args const *args)
{
	struct driver *driver = container_of(session, struct driver, session);

	driver->port.in.arrived = frames_arrived;
	driver->port.in.broken = driver_sink_broken;
	driver->port.out.room = room_again;
	driver->port.out.broken = driver_source_broken;
	driver->port.address = address_of(args->address);
	TRY(port_init(&driver->port, &own_env->ep, &session->session, (struct port_sizes) { args->rx_count, args->tx_count }));
	driver->is_up = true;
	bridge_add_uplink(&driver->port);
	check_link();
	return STATUS_OK;
}

static void close_driver(struct uplink_session *session)
{
	struct driver             *driver = container_of(session, struct driver, session);
	struct frame_source const *out    = &driver->port.out;
	uint32_t const             in     = frame_sink_pending(&driver->port.in);

	log_info("uplink gone: %u frames were on their way out, %u on their way in", out->stream.packets.out.used, in);
	bridge_remove(&driver->port);
	port_fini(&driver->port);
	check_link();
}

static enum status driver_buffers(struct uplink_session *session, struct cap *rx, struct cap *tx)
{
	struct driver *driver = container_of(session, struct driver, session);

	*rx = driver->port.in_buffer.memory.cap;
	*tx = driver->port.out_buffer.memory.cap;
	return STATUS_OK;
}

static enum status driver_start(struct uplink_session *session, struct rpc_cap const *rx_wake, struct rpc_cap const *tx_wake, struct cap *rx,
                                struct cap *tx)
{
	struct driver *driver = container_of(session, struct driver, session);

	TRY(port_start(&driver->port, &session->session, rx_wake, tx_wake));
	*rx = driver->port.in.stream.end.context.cap;
	*tx = driver->port.out.stream.end.context.cap;
	return STATUS_OK;
}

static enum status driver_link(struct uplink_session *session, bool is_up)
{
	container_of(session, struct driver, session)->is_up = is_up;
	check_link();
	return STATUS_OK;
}

static struct uplink_service uplink = {
	.ops          = { .buffers = driver_buffers, .start = driver_start, .link = driver_link },
	.session_size = sizeof(struct driver),
	.open         = open_driver,
	.close        = close_driver,
};

/* --- Configuration --- */

/* 16: none */
static unsigned hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : 16;
}

/* "02:00:00:00:00:00"; false: not an address of one interface. */
static bool parse_address(char const *text, address_t *address)
{
	*address = 0;
	for (unsigned i = 0; i < 3 * NIC_ADDRESS - 1; i++) {
		unsigned const digit = hex_digit(text[i]);
		if (i % 3 == 2 ? text[i] != ':' : digit == 16)
			return false;
		if (i % 3 != 2)
			*address = *address << 4 | digit;
	}
	return !text[3 * NIC_ADDRESS - 1] && !address_is_group(*address);
}

enum status component_construct(struct env *env)
{
	char text[3 * NIC_ADDRESS];

	own_env = env;
	TRY(node_string(env_config(env), "first_address", "02:00:00:00:00:00", text, sizeof(text)));
	if (!parse_address(text, &first_address)) {
		log_error("config: first_address=\"%s\" is no address of an interface: write six bytes in hex, as 02:00:00:00:00:00, the first one even", text);
		return STATUS_INVALID;
	}
	TRY(bridge_init(&env->ep));
	TRY(uplink_provide(&uplink, env));
	return nic_provide(&nic, env);
}
