/* SPDX-License-Identifier: MIT */
/*
 * A host in an IP network, on lwIP's raw API. As `server` it echoes what comes to TCP port 7. As `client` it pings `to` so many times, then sends
 * `bytes` over each of `connections` TCP connections, checks what comes back, and closes.
 */
#include "../check.h"

#include <base/string.h>
#include <lwip/inet_chksum.h>
#include <lwip/prot/icmp.h>
#include <lwip/prot/ip4.h>
#include <lwip/raw.h>
#include <lwip/tcp.h>
#include <net/net.h>

enum { ECHO_PORT = 7, TICK_MS = 20, PING_SIZE = 1400, PING_AGAIN_TICKS = 25, CONNECTIONS_MAX = 2000 };

struct connection_of_client {
	struct tcp_pcb *pcb;
	uint64_t        sent, received;
};

static struct {
	struct env     *env;
	char            role[8];
	ip_addr_t       to;
	uint32_t        pings, connections, aborts;
	uint64_t        bytes;
	struct handler  tick;
	struct raw_pcb *raw;
	uint32_t        answered, ticks;
	uint32_t        opened, done, wrong, failed;
} self;

static uint8_t byte_at(uint64_t at)
{
	return (uint8_t)(at * 7 + (at >> 8) * 31);
}

/* --- Server --- */

/* What is to be sent back; freed as it is sent. */
static void echo(struct tcp_pcb *pcb, struct pbuf **rest)
{
	while (*rest && (*rest)->len <= tcp_sndbuf(pcb) && tcp_write(pcb, (*rest)->payload, (*rest)->len, TCP_WRITE_FLAG_COPY) == ERR_OK) {
		struct pbuf *first = *rest;

		tcp_recved(pcb, first->len);
		*rest = first->next;
		if (*rest)
			pbuf_ref(*rest);
		pbuf_free(first);
		tcp_arg(pcb, *rest);
	}
	tcp_output(pcb);
}

static err_t server_received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
	struct pbuf *rest = arg;

	if (!p)
		return tcp_close(pcb);
	if (rest)
		pbuf_cat(rest, p);
	else
		rest = p;
	tcp_arg(pcb, rest);
	echo(pcb, &rest);
	return ERR_OK;
}

static err_t server_sent(void *arg, struct tcp_pcb *pcb, u16_t size)
{
	struct pbuf *rest = arg;

	echo(pcb, &rest);
	return ERR_OK;
}

static void server_failed(void *arg, err_t error)
{
	if (arg)
		pbuf_free(arg);
}

static err_t server_accept(void *arg, struct tcp_pcb *pcb, err_t error)
{
	if (error != ERR_OK)
		return error;
	tcp_arg(pcb, NULL);
	tcp_recv(pcb, server_received);
	tcp_sent(pcb, server_sent);
	tcp_err(pcb, server_failed);
	return ERR_OK;
}

static enum status start_server(void)
{
	struct tcp_pcb *pcb = tcp_new();

	if (!pcb || tcp_bind(pcb, IP_ANY_TYPE, ECHO_PORT) != ERR_OK)
		return STATUS_OUT_OF_RAM;
	pcb = tcp_listen_with_backlog(pcb, 255);
	tcp_accept(pcb, server_accept);
	return STATUS_OK;
}

/* --- Client: pings --- */

static u8_t ping_received(void *arg, struct raw_pcb *pcb, struct pbuf *p, ip_addr_t const *from)
{
	struct icmp_echo_hdr header;

	if (pbuf_copy_partial(p, &header, sizeof(header), IP_HLEN) != sizeof(header) || header.type != ICMP_ER)
		return 0;
	if (lwip_ntohs(header.seqno) == (u16_t)self.answered) {
		for (u16_t i = 0; i < PING_SIZE; i++)
			self.wrong += pbuf_get_at(p, (u16_t)(IP_HLEN + sizeof(header) + i)) != byte_at(self.answered + i);
		self.answered++;
		self.ticks = 0;
		ep_timeout(&self.env->ep, &self.tick, time_now_ns());
	}
	pbuf_free(p);
	return 1;
}

static void ping(void)
{
	struct pbuf          *p = pbuf_alloc(PBUF_IP, sizeof(struct icmp_echo_hdr) + PING_SIZE, PBUF_RAM);
	struct icmp_echo_hdr *header;

	if (!p)
		return;
	header = p->payload;
	*header = (struct icmp_echo_hdr) { .type = ICMP_ECHO, .seqno = lwip_htons((u16_t)self.answered) };
	for (unsigned i = 0; i < PING_SIZE; i++)
		((uint8_t *)(header + 1))[i] = byte_at(self.answered + i);
	header->chksum = inet_chksum(header, p->len);
	raw_sendto(self.raw, p, &self.to);
	pbuf_free(p);
}

/* --- Client: connections --- */

static void end_connection(struct connection_of_client *connection)
{
	heap_free(&self.env->heap, connection);
	self.done++;
	if (self.done == self.connections)
		log_info("%u pings and %u connections of %lu bytes answered; %u wrong, %u failed", self.answered, self.done, self.bytes, self.wrong,
		         self.failed);
}

static void send_more(struct connection_of_client *connection)
{
	uint8_t data[2048];

	while (connection->sent < self.bytes) {
		size_t const room = MIN((size_t)tcp_sndbuf(connection->pcb), sizeof(data));
		size_t const size = MIN(room, self.bytes - connection->sent);

		for (size_t i = 0; i < size; i++)
			data[i] = byte_at(connection->sent + i);
		if (!size || tcp_write(connection->pcb, data, (u16_t)size, TCP_WRITE_FLAG_COPY) != ERR_OK)
			break;
		connection->sent += size;
	}
	tcp_output(connection->pcb);
}

static err_t client_sent(void *arg, struct tcp_pcb *pcb, u16_t size)
{
	send_more(arg);
	return ERR_OK;
}

static void client_failed(void *arg, err_t error)
{
	self.failed++;
	end_connection(arg);
}

/* Each third one is aborted at half of it. */
static bool is_to_abort(struct connection_of_client *connection)
{
	return self.aborts && self.done % self.aborts == 1 && connection->received > self.bytes / 2;
}

static err_t client_received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
	struct connection_of_client *connection = arg;

	if (!p) {
		tcp_arg(pcb, NULL);
		client_failed(connection, ERR_CLSD);
		tcp_abort(pcb);
		return ERR_ABRT;
	}
	for (struct pbuf *q = p; q; q = q->next) {
		for (u16_t i = 0; i < q->len; i++)
			self.wrong += ((uint8_t *)q->payload)[i] != byte_at(connection->received + i);
		connection->received += q->len;
	}
	tcp_recved(pcb, p->tot_len);
	pbuf_free(p);
	if (is_to_abort(connection)) {
		tcp_err(pcb, NULL);
		tcp_abort(pcb);
		end_connection(connection);
		return ERR_ABRT;
	}
	if (connection->received < self.bytes)
		return ERR_OK;
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	tcp_err(pcb, NULL);
	if (tcp_close(pcb) != ERR_OK)
		self.failed++;
	end_connection(connection);
	return ERR_OK;
}

static err_t client_connected(void *arg, struct tcp_pcb *pcb, err_t error)
{
	send_more(arg);
	return ERR_OK;
}

static bool open_connection(void)
{
	struct connection_of_client *connection;

	if (heap_new(&self.env->heap, &connection))
		return false;
	connection->pcb = tcp_new();
	if (!connection->pcb) {
		heap_free(&self.env->heap, connection);
		return false;
	}
	tcp_arg(connection->pcb, connection);
	tcp_recv(connection->pcb, client_received);
	tcp_sent(connection->pcb, client_sent);
	tcp_err(connection->pcb, client_failed);
	if (tcp_connect(connection->pcb, &self.to, ECHO_PORT, client_connected) != ERR_OK) {
		tcp_abort(connection->pcb);
		return true; /* it has failed, client_failed says */
	}
	return true;
}

/* --- What it does --- */

static void handle_tick(struct handler *handler, uint64_t count)
{
	ep_timeout(&self.env->ep, &self.tick, time_now_ns() + TICK_MS * TIME_NS_PER_MS);
	if (self.answered < self.pings) {
		if (self.ticks++ % PING_AGAIN_TICKS == 0)
			ping();
	} else {
		while (self.opened < self.connections && self.opened - self.done < 100 && open_connection())
			self.opened++;
	}
	net_flush();
}

static enum status start_client(struct node config)
{
	char text[16];

	TRY(node_string(config, "to", "", text, sizeof(text)));
	if (!ipaddr_aton(text, &self.to))
		return STATUS_INVALID;
	self.pings = (uint32_t)node_u64(config, "pings", 0, 0, 100000);
	self.connections = (uint32_t)node_u64(config, "connections", 0, 0, CONNECTIONS_MAX);
	self.bytes = node_bytes(config, "bytes", 0, 1, UINT32_MAX);
	self.aborts = (uint32_t)node_u64(config, "aborts", 0, 2, 1000);
	self.raw = raw_new(IP_PROTO_ICMP);
	if (!self.raw)
		return STATUS_OUT_OF_RAM;
	raw_recv(self.raw, ping_received, NULL);
	raw_bind(self.raw, IP_ADDR_ANY);
	self.tick.handle = handle_tick;
	handle_tick(&self.tick, 1);
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	struct node const config = env_config(env);

	self.env = env;
	TRY(node_string(config, "role", "server", self.role, sizeof(self.role)));
	TRY(net_start(env, node_child(config, "net"), NULL));
	return string_equal(self.role, "server") ? start_server() : start_client(config);
}
