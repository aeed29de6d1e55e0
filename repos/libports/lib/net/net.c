/* SPDX-License-Identifier: MIT */
/* lwIP's life in the loop: its timeouts, what it sends, to itself too, and what becomes of the address. */
#include "own.h"

#include <base/log.h>
#include <base/signal.h>
#include <base/thread.h>
#include <base/time.h>
#include <base/try.h>
#include <lwip/dhcp.h>
#include <lwip/dns.h>
#include <lwip/init.h>
#include <lwip/sys.h>
#include <lwip/timeouts.h>
#include <lwip/net_memory.h>

static struct {
	struct env           *env;
	struct utcb          *main;             /* of the main thread */
	struct net_lock       lock;
	struct net_config     config;
	struct heap           heap;             /* of the network's memory: the lock guards it, not the main thread */
	struct netif          netif;
	struct handler        timeouts, work;
	struct signal_context work_context;
	bool                  is_started, was_up;
	bool                  is_entered;       /* a handler of the main thread has called net_enter: net_leave comes */
	bool                  has_work;         /* `work` is submitted */
	void                (*changed)(void);
} self;

u32_t sys_now(void)
{
	return (u32_t)(time_now_ns() / TIME_NS_PER_MS);
}

bool net_is_up(void)
{
	return self.is_started && netif_is_up(&self.netif) && netif_is_link_up(&self.netif) && !ip4_addr_isany(netif_ip4_addr(&self.netif));
}

void net_on_change(void (*changed)(void))
{
	self.changed = changed;
}

/* --- The loop --- */

/* The loop comes back when lwIP's next timeout is due. */
static void arm(void)
{
	u32_t const sleep_ms = sys_timeouts_sleeptime();

	if (sleep_ms == SYS_TIMEOUTS_SLEEPTIME_INFINITE)
		ep_timeout_cancel(&self.env->ep, &self.timeouts);
	else
		ep_timeout(&self.env->ep, &self.timeouts, time_now_ns() + sleep_ms * TIME_NS_PER_MS);
}

void net_enter(void)
{
	if (self.lock.lock)
		self.lock.lock();
	self.is_entered = true;
}

void net_leave(void)
{
	netif_poll_all();
	net_interface_send();
	arm();
	self.is_entered = false;
	if (self.lock.unlock)
		self.lock.unlock();
}

static void handle_work(struct handler *handler, uint64_t count)
{
	net_enter();
	self.has_work = false;
	net_leave();
}

static void handle_timeouts(struct handler *handler, uint64_t count)
{
	net_enter();
	sys_check_timeouts();
	net_leave();
}

void net_flush(void)
{
	enum status status;

	if (!self.is_started || self.has_work || (self.is_entered && thread_utcb() == self.main))
		return;
	self.has_work = true;
	status = signal_submit(self.work_context);
	assert(status == STATUS_OK);
}

/* --- The address --- */

static void tell_address(void)
{
	char address[16], netmask[16], gateway[16], dns[16];

	ip4addr_ntoa_r(netif_ip4_addr(&self.netif), address, sizeof(address));
	ip4addr_ntoa_r(netif_ip4_netmask(&self.netif), netmask, sizeof(netmask));
	ip4addr_ntoa_r(netif_ip4_gw(&self.netif), gateway, sizeof(gateway));
	ip4addr_ntoa_r(ip_2_ip4(dns_getserver(0)), dns, sizeof(dns));
	log_info("network: address %s, netmask %s, gateway %s, DNS %s%s", address, netmask, gateway, dns, self.config.is_static ? "" : " by DHCP");
}

static void handle_status(struct netif *netif)
{
	bool const is_up = net_is_up();

	if (is_up == self.was_up)
		return;
	self.was_up = is_up;
	if (is_up && self.config.dns.addr)
		dns_setserver(0, (ip_addr_t const *)&self.config.dns);
	if (is_up)
		tell_address();
	else
		log_warning("network: down");
	if (self.changed)
		self.changed();
}

static enum status set_up(struct env *env)
{
	lwip_init();
	TRY(net_interface_init(env, &self.config, &self.netif));
	self.is_started = true;
	netif_set_hostname(&self.netif, self.config.hostname);
	netif_set_status_callback(&self.netif, handle_status);
	netif_set_link_callback(&self.netif, handle_status);
	netif_set_up(&self.netif);
	return self.config.is_static || dhcp_start(&self.netif) == ERR_OK ? STATUS_OK : STATUS_OUT_OF_RAM;
}

enum status net_start(struct env *env, struct node net, struct net_lock const *lock)
{
	enum status status;

	self.env = env;
	self.main = thread_utcb();
	self.lock = lock ? *lock : (struct net_lock) { 0 };
	self.timeouts.handle = handle_timeouts;
	self.work.handle = handle_work;
	TRY(net_config_read(net, &self.config));
	TRY(ep_signal(&env->ep, &self.work, &self.work_context));
	heap_init(&self.heap, env->account.cap, &heap_source_ram);
	net_memory_init(&self.heap, self.config.memory);
	net_enter();
	status = set_up(env);
	net_leave();
	TRY(status);
	return net_interface_open();
}
