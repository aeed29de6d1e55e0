/* SPDX-License-Identifier: MIT */
/* Runs those suites of lwIP's own tests that are about what we build, and one of this port; stands in for the rest of the port. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "segments.h"

#include <lwip_check.h>
#include <core/test_def.h>
#include <core/test_mem.h>
#include <core/test_netif.h>
#include <core/test_pbuf.h>
#include <core/test_timers.h>
#include <dhcp/test_dhcp.h>
#include <etharp/test_etharp.h>
#include <ip4/test_ip4.h>
#include <tcp/test_tcp.h>
#include <tcp/test_tcp_oos.h>
#include <udp/test_udp.h>

#include <lwip/net_hooks.h>
#include <lwip/init.h>
#include <lwip/memp.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/stats.h>

static suite_getter_fn *const suites[] = {
	def_suite, mem_suite, pbuf_suite, timers_suite, netif_suite, etharp_suite, ip4_suite, udp_suite, dhcp_suite, tcp_suite, tcp_oos_suite, segments_suite,
};

/* --- What the port provides --- */

_Noreturn void assert_failed(char const *file, unsigned line, char const *text)
{
	fprintf(stderr, "%s:%u: %s\n", file, line, text);
	abort();
}

uint32_t net_random(void)
{
	return (uint32_t)rand();
}

u32_t net_initial_sequence(ip_addr_t const *local_ip, u16_t local_port, ip_addr_t const *remote_ip, u16_t remote_port)
{
	static u32_t sequence = 6510; /* as lwIP does without this port: some tests count on it */

	return sequence += tcp_ticks;
}

size_t net_memory_share(void)
{
	return NET_MEMORY_DEFAULT;
}

/* --- What the tests are helped with --- */

/* Of these we build nothing: IPv6, and lwIP's own heap. And two send data without an acknowledgement, which is refused (RFC 9293, 3.10.7.4). */
static bool is_left_out(char const *test)
{
	return !strcmp(test, "test_udp_bind") || !strncmp(test, "test_mem_", 9) || !strncmp(test, "test_tcp_recv_inseq", 19);
}

Suite *create_suite(char const *name, testfunc *tests, size_t count, SFun setup, SFun teardown)
{
	Suite *suite = suite_create(name);

	for (size_t i = 0; i < count; i++) {
		TCase *test = tcase_create(name);

		tcase_add_checked_fixture(test, setup, teardown);
		if (!is_left_out(tests[i]->name))
			tcase_add_test(test, tests[i]);
		suite_add_tcase(suite, test);
	}
	return suite;
}

/* What is allocated from the start, timers, which are part of the heap here. */
static size_t first_used;

/* Bit i of `skip`: pool i may have something allocated. The tests count pools apart from the heap. */
void lwip_check_ensure_no_alloc(unsigned skip)
{
	size_t expected = 0;

	for (unsigned i = 0; i < MEMP_MAX; i++) {
		fail_unless((skip >> i & 1) || lwip_stats.memp[i]->used == 0);
		expected += lwip_stats.memp[i]->used * LWIP_MEM_ALIGN_SIZE(memp_pools[i]->size);
	}
	fail_unless((skip & SKIP_HEAP) || lwip_stats.mem.used == expected - first_used);
}

/* There is no other thread whose messages could wait. */
int tcpip_thread_poll_one(void);
int tcpip_thread_poll_one(void)
{
	return 0;
}

int main(void)
{
	SRunner *runner = srunner_create(NULL);
	int      failed;

	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		srunner_add_suite(runner, suites[i]());
	lwip_init();
	first_used = lwip_stats.mem.used;
	lwip_stats.mem.used = 0;
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	printf("%d passed, %d failed\n", srunner_ntests_run(runner) - failed, failed);
	srunner_free(runner);
	return failed != 0;
}
