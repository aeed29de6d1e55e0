# SPDX-License-Identifier: MIT
# What we build of lwIP: IPv4, TCP, UDP, and what goes with them. lwipopts.h configures it.
PORT = lwip
PORT_INCLUDE = src/include
PORT_SRC = src/core/init.c src/core/def.c src/core/dns.c src/core/inet_chksum.c src/core/ip.c src/core/mem.c src/core/memp.c src/core/netif.c src/core/pbuf.c \
	src/core/raw.c src/core/stats.c src/core/sys.c src/core/tcp.c src/core/tcp_in.c src/core/tcp_out.c src/core/timeouts.c src/core/udp.c \
	src/core/ipv4/dhcp.c src/core/ipv4/etharp.c src/core/ipv4/icmp.c src/core/ipv4/ip4_frag.c src/core/ipv4/ip4.c src/core/ipv4/ip4_addr.c \
	src/netif/ethernet.c
PORT_FLAGS = -I$(DIR)/freestanding
