/* SPDX-License-Identifier: MIT */
/* Packets as they are on the wire: IEEE 802.3, RFC 826 (ARP), RFC 791 (IP), RFC 768 (UDP), RFC 792 (ICMP), RFC 2131 (DHCP). */
#pragma once

#include <base/string.h>
#include <frames/frames.h>

#define PACKED __attribute__((packed))

enum { TYPE_IP = 0x0800, TYPE_ARP = 0x0806, PROTOCOL_ICMP = 1, PROTOCOL_UDP = 17, ECHO_REQUEST = 8, ECHO_REPLY = 0, ARP_REQUEST = 1, ARP_REPLY = 2 };

struct PACKED ethernet { uint8_t to[6], from[6]; uint16_t type; };
struct PACKED arp {
	uint16_t hardware, protocol;
	uint8_t  hardware_size, protocol_size;
	uint16_t operation;
	uint8_t  from[6];
	uint32_t from_ip;
	uint8_t  to[6];
	uint32_t to_ip;
};
struct PACKED ip { uint8_t version, service; uint16_t size, id, fragment; uint8_t hops, protocol; uint16_t checksum; uint32_t from, to; };
struct PACKED udp { uint16_t from, to, size, checksum; };
struct PACKED icmp { uint8_t type, code; uint16_t checksum, id, number; };
struct PACKED dhcp {
	uint8_t  operation, hardware, hardware_size, hops;
	uint32_t id;
	uint16_t seconds, flags;
	uint32_t client, yours, server, relay;
	uint8_t  address[16], name[64], file[128];
	uint32_t magic;
	uint8_t  options[60];
};

enum { DHCP_DISCOVER = 1, DHCP_OFFER = 2, DHCP_REQUEST = 3, DHCP_ACK = 5, DHCP_MAGIC = 0x63825363, DHCP_SERVER_PORT = 67, DHCP_CLIENT_PORT = 68 };

enum { ICMP_AT = sizeof(struct ethernet) + sizeof(struct ip), ICMP_DATA_MAX = FRAME_MAX - ICMP_AT - (int)sizeof(struct icmp) };

/* A frame, of any kind */
struct packet_buffer {
	union {
		uint8_t bytes[FRAME_MAX];
		struct ethernet ethernet;
		struct PACKED { struct ethernet e; struct arp body; } arp;
		struct PACKED { struct ethernet e; struct ip ip; struct icmp body; uint8_t data[ICMP_DATA_MAX]; } icmp;
		struct PACKED { struct ethernet e; struct ip ip; struct udp udp; struct dhcp body; } dhcp;
	};
	size_t size;
};

static inline uint16_t swap16(uint16_t value) { return __builtin_bswap16(value); }
static inline uint32_t swap32(uint32_t value) { return __builtin_bswap32(value); }

/* The sum of RFC 1071 over `size` bytes, on top of `sum`. */
static inline uint32_t checksum_add(uint32_t sum, void const *data, size_t size)
{
	uint8_t const *bytes = data;

	for (size_t i = 0; i < size; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	return sum;
}

/* As it stands in a packet; 0 for one that is right already. */
static inline uint16_t checksum_end(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return swap16((uint16_t)~sum);
}
