/* SPDX-License-Identifier: MIT */
/* What must not disturb a connection or a listener: segments that do not belong to it (repos/libports/lib/lwip/segment.c), and a window that stays closed. */
#include "segments.h"

#include <lwip/inet_chksum.h>
#include <lwip/priv/tcp_priv.h>
#include <tcp/tcp_helper.h>

static struct test_tcp_counters   counters;
static struct test_tcp_txcounters sent;
static struct netif               netif, *netifs;

static void set_up(void)
{
	netifs = netif_list;
	netif_list = NULL;
	tcp_remove_all();
	memset(&counters, 0, sizeof(counters));
	test_tcp_init_netif(&netif, &sent, &test_local_ip, &test_netmask);
}

static void tear_down(void)
{
	tcp_remove_all();
	netif_list = netifs;
	lwip_check_ensure_no_alloc(SKIP_POOL(MEMP_SYS_TIMEOUT));
}

/* A connection on which `size` bytes are written, and sent as far as `window` goes. */
static struct tcp_pcb *connected(uint16_t size, uint32_t window)
{
	static char const data[TCP_MSS];
	struct tcp_pcb   *pcb = test_tcp_new_counters_pcb(&counters);

	tcp_set_state(pcb, ESTABLISHED, &test_local_ip, &test_remote_ip, TEST_LOCAL_PORT, TEST_REMOTE_PORT);
	pcb->mss = TCP_MSS;
	pcb->cwnd = 10 * TCP_MSS;
	pcb->snd_wnd = pcb->snd_wnd_max = window;
	ck_assert(tcp_write(pcb, data, size, TCP_WRITE_FLAG_COPY) == ERR_OK);
	ck_assert(tcp_output(pcb) == ERR_OK);
	memset(&sent, 0, sizeof(sent));
	return pcb;
}

/* After `segment` nothing has come in, nothing was acknowledged, the window is what it was; and the peer was told `answers` times where the connection is. */
static void check_ignored(struct tcp_pcb *pcb, struct pbuf *segment, unsigned answers)
{
	uint32_t const lastack = pcb->lastack, window = pcb->snd_wnd, expected = pcb->rcv_nxt;

	sent.num_tx_calls = 0;
	test_tcp_input(segment, &netif);
	ck_assert(pcb->lastack == lastack && pcb->snd_wnd == window && pcb->rcv_nxt == expected && !pcb->ooseq);
	ck_assert(!counters.recv_calls && !counters.close_calls && !counters.err_calls);
	ck_assert_uint_eq(sent.num_tx_calls, answers);
}

START_TEST(segments_outside_of_the_window_are_answered_and_change_nothing)
{
	static uint32_t const offsets[] = { TCP_WND + 1, 1u << 24, 0x7fffffff, 0x80000000, (uint32_t)-2 };
	struct tcp_pcb       *pcb       = connected(100, 10 * TCP_MSS);
	char                  data[1]   = { 1 };

	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		check_ignored(pcb, tcp_create_rx_segment_wnd(pcb, NULL, 0, offsets[i], 100, TCP_ACK, 0), 1);
		check_ignored(pcb, tcp_create_rx_segment_wnd(pcb, data, 1, offsets[i], 100, TCP_ACK | TCP_PSH, 0), 1);
		check_ignored(pcb, tcp_create_rx_segment_wnd(pcb, NULL, 0, offsets[i], 100, TCP_RST, 0), 0);
	}
	test_tcp_input(tcp_create_rx_segment(pcb, NULL, 0, 0, 100, TCP_ACK), &netif);
	ck_assert(!pcb->unacked);
}
END_TEST

START_TEST(segments_that_acknowledge_what_cannot_be_are_answered_and_bring_no_data)
{
	struct tcp_pcb *pcb     = connected(100, 10 * TCP_MSS);
	char            data[1] = { 1 };

	check_ignored(pcb, tcp_create_rx_segment(pcb, data, 1, 0, 101, TCP_ACK), 1);
	check_ignored(pcb, tcp_create_rx_segment(pcb, data, 1, 0, (uint32_t)-(10 * TCP_MSS + 1), TCP_ACK), 1);
	check_ignored(pcb, tcp_create_rx_segment(pcb, data, 1, 0, 0, TCP_PSH), 0);
	test_tcp_input(tcp_create_rx_segment(pcb, data, 1, 0, 0, TCP_ACK), &netif);
	ck_assert_uint_eq(counters.recv_calls, 1);
}
END_TEST

START_TEST(whose_probe_of_a_closed_window_counts_is_not_answered)
{
	struct tcp_pcb *pcb = connected(100, 10 * TCP_MSS);

	pcb->rcv_wnd = 0;
	for (uint32_t offset = 0; offset < 3; offset++)
		check_ignored(pcb, tcp_create_rx_segment_wnd(pcb, NULL, 0, offset, 0, TCP_ACK, 10 * TCP_MSS), offset == 2);
}
END_TEST

/* What probes a closed window may be the last that there was to send. */
START_TEST(a_window_that_stays_closed_when_all_has_come_needs_no_probes)
{
	struct tcp_pcb *pcb = connected(1, 0);

	ck_assert(pcb->unsent && pcb->persist_backoff);
	while (!pcb->persist_probe)
		tcp_slowtmr();
	test_tcp_input(tcp_create_rx_segment_wnd(pcb, NULL, 0, 0, 1, TCP_ACK, 0), &netif);
	ck_assert(!pcb->unsent && !pcb->unacked && !pcb->persist_backoff);
	for (unsigned i = 0; i < 20; i++)
		tcp_slowtmr();
	ck_assert(!counters.err_calls);
}
END_TEST

START_TEST(a_window_may_open_a_little_while_full_segments_wait)
{
	struct tcp_pcb *pcb = connected(TCP_MSS, 0);

	test_tcp_input(tcp_create_rx_segment_wnd(pcb, NULL, 0, 0, 0, TCP_ACK, 4), &netif);
	ck_assert(pcb->unsent && pcb->snd_wnd == 4);
	ck_assert(tcp_write(pcb, "", 1, TCP_WRITE_FLAG_COPY) == ERR_OK);
}
END_TEST

/* A segment whose only option is MSS */
static struct pbuf *with_mss(struct tcp_pcb *pcb, uint16_t mss, uint8_t flags)
{
	uint8_t         option[] = { 2, 4, (uint8_t)(mss >> 8), (uint8_t)mss };
	struct pbuf    *segment  = tcp_create_rx_segment(pcb, option, sizeof(option), 0, 0, flags);
	struct tcp_hdr *header   = (struct tcp_hdr *)((char *)segment->payload + IP_HLEN);

	TCPH_HDRLEN_SET(header, (TCP_HLEN + sizeof(option)) / 4);
	header->chksum = 0;
	pbuf_remove_header(segment, IP_HLEN);
	header->chksum = ip_chksum_pseudo(segment, IP_PROTO_TCP, segment->tot_len, &pcb->remote_ip, &pcb->local_ip);
	pbuf_add_header(segment, IP_HLEN);
	return segment;
}

START_TEST(a_largest_segment_is_told_by_a_syn_and_by_nothing_else)
{
	struct tcp_pcb *pcb = connected(100, 0);

	test_tcp_input(with_mss(pcb, 50, TCP_ACK), &netif);
	ck_assert_uint_eq(pcb->mss, TCP_MSS);
}
END_TEST

static err_t take_none(void *arg, struct tcp_pcb *pcb, err_t error)
{
	return ERR_VAL;
}

static bool is_half_open(uint16_t port)
{
	for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next)
		if (pcb->state == SYN_RCVD && pcb->remote_port == port)
			return true;
	return false;
}

START_TEST(a_syn_for_a_full_backlog_takes_the_place_of_the_oldest_half_open_connection)
{
	enum { BACKLOG = 3, PORTS = 10 };
	struct tcp_pcb *fresh = tcp_new(), *listener;
	ip_addr_t       local = test_local_ip, remote = test_remote_ip;

	ck_assert(tcp_bind(fresh, &test_local_ip, TEST_LOCAL_PORT) == ERR_OK);
	listener = tcp_listen_with_backlog(fresh, BACKLOG);
	tcp_accept(listener, take_none);
	for (uint16_t port = 1; port <= PORTS; port++) {
		test_tcp_input(tcp_create_segment(&remote, &local, port, TEST_LOCAL_PORT, NULL, 0, 1000, 0, TCP_SYN), &netif);
		if (port % 4 == 0)
			tcp_slowtmr();
		for (uint16_t other = 1; other <= PORTS; other++)
			ck_assert(is_half_open(other) == (other <= port && other > port - BACKLOG));
	}
	tcp_close(listener);
}
END_TEST

Suite *segments_suite(void)
{
	testfunc tests[] = {
		TESTFUNC(segments_outside_of_the_window_are_answered_and_change_nothing),
		TESTFUNC(segments_that_acknowledge_what_cannot_be_are_answered_and_bring_no_data),
		TESTFUNC(whose_probe_of_a_closed_window_counts_is_not_answered),
		TESTFUNC(a_window_that_stays_closed_when_all_has_come_needs_no_probes),
		TESTFUNC(a_window_may_open_a_little_while_full_segments_wait),
		TESTFUNC(a_largest_segment_is_told_by_a_syn_and_by_nothing_else),
		TESTFUNC(a_syn_for_a_full_backlog_takes_the_place_of_the_oldest_half_open_connection),
	};

	return create_suite("segments", tests, sizeof(tests) / sizeof(tests[0]), set_up, tear_down);
}
