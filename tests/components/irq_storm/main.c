/* SPDX-License-Identifier: MIT */
/*
 * Lets its device, QEMU's edu, send messages and acknowledges none: the server turns its bus mastering off, the session says so, and nothing comes any more.
 * The next session has all of it again; below 64 messages before an acknowledgement nothing happens to it.
 */
#include "../platform_test/edu.h"

enum { WAIT_S = 20, QUIET_MS = 300, STORM = 64, CALM = 60 };

static struct storm {
	struct env           *env;
	struct edu            edu;
	struct signal_context interrupted;
	struct cap            line;
} self;

static void raise(unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		edu_write(&self.edu, EDU_RAISE, 1);
}

static enum status interrupted_within(uint64_t ns)
{
	return signal_wait(self.interrupted, time_now_ns() + ns);
}

static enum status open(void)
{
	TRY(pci_open(&self.edu.pci, self.env, "", &(struct pci_args) { .windows = 1, .interrupts = 1 }));
	TRY(edu_attach(&self.edu, self.env));
	edu_write(&self.edu, EDU_LOWER, UINT32_MAX);
	TRY(pci_interrupt(&self.edu.pci, 0, self.interrupted, &self.line));
	return pci_bus_master(&self.edu.pci, true);
}

static enum status close(void)
{
	edu_detach(&self.edu);
	cap_release(self.line);
	return connection_end(&self.edu.pci.connection);
}

/* The server is told by signal, so it takes a moment. */
static enum status wait_until_stopped(void)
{
	uint64_t const    deadline = time_now_ns() + WAIT_S * TIME_NS_PER_S;
	struct pci_device device   = { .stopped = false };

	while (!device.stopped && time_now_ns() < deadline) {
		CHECK_STATUS(env_wait_news(self.env, 0, time_now_ns() + TIME_NS_PER_MS), STATUS_TIMEOUT);
		TRY(pci_device(&self.edu.pci, &device));
	}
	CHECK(device.stopped);
	return STATUS_OK;
}

static enum status check_storm(void)
{
	TRY(open());
	raise(STORM + 2);
	CHECK_STATUS(interrupted_within(WAIT_S * TIME_NS_PER_S), STATUS_OK);
	TRY(wait_until_stopped());
	CHECK_STATUS(pci_bus_master(&self.edu.pci, true), STATUS_DENIED);

	/* What came before that may have left one more. */
	irq_ack(self.line);
	if (interrupted_within(QUIET_MS * TIME_NS_PER_MS) == STATUS_OK)
		irq_ack(self.line);
	raise(STORM);
	CHECK_STATUS(interrupted_within(QUIET_MS * TIME_NS_PER_MS), STATUS_TIMEOUT);
	return close();
}

static enum status check_calm(void)
{
	struct pci_device device;

	TRY(open());
	for (unsigned round = 0; round < 3; round++) {
		raise(CALM);
		CHECK_STATUS(interrupted_within(WAIT_S * TIME_NS_PER_S), STATUS_OK);
		edu_write(&self.edu, EDU_LOWER, 1);
		irq_ack(self.line);
		if (interrupted_within(QUIET_MS * TIME_NS_PER_MS) == STATUS_OK)
			irq_ack(self.line);
	}
	TRY(pci_device(&self.edu.pci, &device));
	CHECK(!device.stopped);
	return close();
}

enum status component_construct(struct env *env)
{
	self.env = env;
	TRY(signal_alloc_context(&env->signal, env->main_thread, 0, &self.interrupted));
	TRY(check_storm());
	TRY(check_calm());
	return test_passed();
}
