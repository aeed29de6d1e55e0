/* SPDX-License-Identifier: MIT */
/* Which data is taken from the wire when memory gets scarce. */
#include "net_hooks.h"

#include <lwip/tcp.h>

/* Below that, data is taken as long as there is memory at all. */
enum { ALWAYS = 2 * TCP_MSS };

err_t net_take_segment(struct tcp_pcb const *pcb, struct pbuf const *segment)
{
	bool const has_window = pcb->state >= ESTABLISHED && pcb->state < TIME_WAIT;
	size_t     held;

	if (!has_window || !segment->tot_len)
		return ERR_OK;
	held = TCP_WND_MAX(pcb) - pcb->rcv_wnd;
	return held <= ALWAYS || held <= net_memory_share() ? ERR_OK : ERR_MEM;
}
