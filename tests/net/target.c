/* SPDX-License-Identifier: MIT */
/* What the target says: how its own connections go on, what others do, which frames are for this host. */
#include "packet.h"

static struct frames_connection *connection_of(struct frames *f, uint32_t ip, uint16_t port)
{
	for (unsigned i = 0; i < FRAMES_CONNECTIONS; i++)
		if (f->connections[i].state != CONNECTION_FREE && f->connections[i].ip == ip && f->connections[i].port == port)
			return &f->connections[i];
	return NULL;
}

static void take_segment(struct frames *f, uint8_t const *frame, uint8_t *answer, size_t *answer_size)
{
	struct frames_connection *c     = connection_of(f, get32(frame + IP_TO_AT), get16(frame + L4 + 2));
	uint8_t const             flags = frame[L4 + 13];
	uint32_t const            data  = get16(frame + IP_SIZE_AT) - IP - (frame[L4 + 12] >> 4) * 4u + !!(flags & SYN) + !!(flags & FIN);
	uint32_t const            end   = get32(frame + L4 + 4) + data;

	if (!c)
		return;
	if (flags & RST) {
		if (c->state != CONNECTION_ENDING)
			set_state(c, CONNECTION_ENDING);
		else if (c->age >= ENDING_MIN)
			set_state(c, CONNECTION_FREE);
		return;
	}
	c->next = get32(frame + L4 + 8);
	if (c->state == CONNECTION_OPENING || (int32_t)(end - c->expected) > 0)
		c->expected = end;
	if (c->state == CONNECTION_OPENING) {
		set_state(c, CONNECTION_OPEN);
		f->opened++;
		*answer_size = make_segment(f, answer, &(struct segment) { .ip = c->ip, .port = c->port, .sequence = c->next, .acknowledged = c->expected,
		                                                           .flags = ACK, .window = 2920 });
	}
}

static void take_arp(struct frames *f, uint8_t const *frame, uint8_t *answer, size_t *answer_size)
{
	uint32_t const asked = get32(frame + ARP_TO_IP_AT);

	if (get32(frame + ARP_FROM_IP_AT) == f->ip)
		memcpy(f->target, frame + ARP_FROM_AT, 6);
	if (get16(frame + ARP_OPERATION_AT) != 1 || asked & MUTE)
		return;
	*answer_size = make_arp(f, answer, 2, asked);
}

static void note_other(struct frames *f, uint8_t const *frame)
{
	struct frames_other seen = { .ip = get32(frame + IP_TO_AT), .port = get16(frame + L4 + 2), .expected = get32(frame + L4 + 8) };

	seen.next = get32(frame + L4 + 4) + get16(frame + IP_SIZE_AT) - IP - (frame[L4 + 12] >> 4) * 4u;
	for (unsigned i = 0; i < FRAMES_OTHERS; i++) {
		if (f->others[i].ip == seen.ip && f->others[i].port == seen.port) {
			f->others[i] = seen;
			return;
		}
	}
	f->others[f->other++ % FRAMES_OTHERS] = seen;
}

bool frames_take(struct frames *f, uint8_t const *frame, size_t size, uint8_t answer[static FRAME_SPACE], size_t *answer_size)
{
	uint16_t const type = size >= ARP_SIZE ? get16(frame + TYPE_AT) : 0;
	uint8_t const  protocol = type == TYPE_IP ? frame[IP_PROTOCOL_AT] : 0;
	uint32_t       to;

	*answer_size = 0;
	if (type == TYPE_ARP && is_own(f, get32(frame + ARP_TO_IP_AT))) {
		take_arp(f, frame, answer, answer_size);
		return true;
	}
	if (type != TYPE_IP)
		return false;
	to = get32(frame + IP_TO_AT);
	if (is_own(f, to)) {
		if (protocol == IS_TCP && size >= L4 + TCP && get16(frame + L4) == f->port)
			take_segment(f, frame, answer, answer_size);
		if (protocol == IS_ICMP && !frame[L4] && size >= L4 + ICMP + sizeof(f->ponged) && get16(frame + IP_SIZE_AT) == IP + ICMP + sizeof(f->ponged))
			memcpy(&f->ponged, frame + L4 + ICMP, sizeof(f->ponged));
		return true;
	}
	if (protocol == IS_TCP && size >= L4 + TCP && get16(frame + L4) == f->port && to == f->gateway)
		note_other(f, frame);
	if (protocol == IS_UDP && size >= L4 + UDP + 8 && get16(frame + L4 + 2) == 67)
		f->dhcp_id = get32(frame + L4 + UDP + 4);
	return to != 0xffffffff && (to & ~0xffu) != (f->ip & ~0xffu);
}
