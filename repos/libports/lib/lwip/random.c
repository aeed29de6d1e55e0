/* SPDX-License-Identifier: MIT */
/*
 * Numbers that strangers must not guess: by the processor's generator (RDRAND; Intel SDM volume 1, 7.3.17). On a processor without one
 * they come from a hash of the time stamp counter, which is told on the log.
 */
#include "net_hooks.h"

#include <base/log.h>
#include <base/time.h>

enum { RDRAND_TRIES = 10 /* as the manual advises */ };

static struct {
	bool     is_set_up, has_rdrand;
	uint64_t key[2], count;
} secret;

/* --- SipHash-2-4 (Aumasson and Bernstein, 2012), of two words --- */

static uint64_t rotate(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static void sip_rounds(uint64_t v[static 4], unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++) {
		v[0] += v[1], v[1] = rotate(v[1], 13) ^ v[0], v[0] = rotate(v[0], 32);
		v[2] += v[3], v[3] = rotate(v[3], 16) ^ v[2];
		v[0] += v[3], v[3] = rotate(v[3], 21) ^ v[0];
		v[2] += v[1], v[1] = rotate(v[1], 17) ^ v[2], v[2] = rotate(v[2], 32);
	}
}

static uint64_t sip_hash(uint64_t const key[static 2], uint64_t first, uint64_t second)
{
	uint64_t const words[3] = { first, second, UINT64_C(16) << 56 };
	uint64_t       v[4]     = { key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
	                            key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573) };

	for (unsigned i = 0; i < 3; i++) {
		v[3] ^= words[i];
		sip_rounds(v, 2);
		v[0] ^= words[i];
	}
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* --- The processor's generator --- */

static bool has_rdrand(void)
{
	uint32_t eax = 1, ebx, ecx = 0, edx;

	__asm__("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	return ecx >> 30 & 1;
}

/* 0 after failing again and again */
static uint64_t rdrand(void)
{
	uint64_t value;
	bool     is_good = false;

	for (unsigned i = 0; i < RDRAND_TRIES && !is_good; i++)
		__asm__ volatile("rdrand %0" : "=r"(value), "=@ccc"(is_good));
	return is_good ? value : 0;
}

static void set_up(void)
{
	secret.is_set_up = true;
	secret.has_rdrand = has_rdrand();
	secret.key[0] = secret.has_rdrand ? rdrand() : __builtin_ia32_rdtsc();
	secret.key[1] = secret.has_rdrand ? rdrand() : time_now_ns();
	if (!secret.has_rdrand)
		log_warning("this processor has no RDRAND: strangers may guess ports and sequence numbers of connections");
}

static uint64_t secret_hash(uint64_t first, uint64_t second)
{
	if (!secret.is_set_up)
		set_up();
	return sip_hash(secret.key, first, second);
}

uint32_t net_random(void)
{
	uint64_t const fresh = secret.has_rdrand ? rdrand() : __builtin_ia32_rdtsc();

	return (uint32_t)secret_hash(secret.count++, fresh);
}

u32_t net_initial_sequence(ip_addr_t const *local_ip, u16_t local_port, ip_addr_t const *remote_ip, u16_t remote_port)
{
	uint64_t const addresses = (uint64_t)ip4_addr_get_u32(ip_2_ip4(local_ip)) << 32 | ip4_addr_get_u32(ip_2_ip4(remote_ip));
	uint64_t const ports     = (uint64_t)local_port << 16 | remote_port;

	return (u32_t)secret_hash(addresses, ports) + (u32_t)(time_now_ns() / (4 * TIME_NS_PER_US));
}
