/* SPDX-License-Identifier: MIT */
/*
 * Registers that are memory answer with what was written to them: that is enough of a device for an honest driver that starts it once. VIRTIO 1.1,
 * 2.6 and 4.1.4.
 */
#include "device.h"

#include <base/attached.h>
#include <base/shared.h>
#include <base/signal.h>
#include <base/string.h>
#include <pci/pci.h>
#include <virtio/capabilities.h>
#include <virtio/queue.h>

/* In BAR 0 */
enum { COMMON_AT = 0, NOTIFY_AT = 0x100, CONFIG_AT = 0x200, REGISTERS = PAGE_SIZE, HEADER = 12 };

/* In configuration space */
enum { CAPABILITY_AT = 0x40, CAPABILITY_BYTES = 4 * VIRTIO_CAPABILITY_WORDS, CAPABILITIES = 3 };

#define DMA_ADDRESS UINT64_C(0x10000000)

static uint32_t const capabilities[CAPABILITIES][VIRTIO_CAPABILITY_WORDS] = {
	{ VIRTIO_CAPABILITY_ID | CAPABILITY_BYTES << 16 | VIRTIO_COMMON << 24, 0, COMMON_AT, 0x38, 0 },
	{ VIRTIO_CAPABILITY_ID | CAPABILITY_BYTES << 16 | VIRTIO_NOTIFY << 24, 0, NOTIFY_AT, 4, 0 },
	{ VIRTIO_CAPABILITY_ID | CAPABILITY_BYTES << 16 | (uint32_t)VIRTIO_CONFIG << 24, 0, CONFIG_AT, 8, 0 },
};

struct card {
	struct pci_session    session;
	struct attached_ram   registers, dma;
	struct signal_context interrupt;
};

static struct card *card;
static uint16_t     sent, received;        /* chains of each queue so far */

/* --- Platform --- */

static enum status device(struct pci_session *session, struct pci_device *to)
{
	*to = (struct pci_device) { .vendor = 0x1af4, .device = 0x1041, .class_code = 0x020000, .dma = PCI_DMA_CONFINED, .interrupts = 2 };
	return STATUS_OK;
}

static enum status bar(struct pci_session *session, uint32_t index, struct pci_bar *to)
{
	*to = (struct pci_bar) { .size = index ? 0 : REGISTERS, .kind = index ? PCI_BAR_KIND_NONE : PCI_BAR_KIND_MEMORY };
	return STATUS_OK;
}

static enum status memory(struct pci_session *session, uint32_t index, uint64_t offset, uint64_t size, enum pci_cache cache, struct cap *to,
                          uint64_t *start)
{
	static uint8_t const address[] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
	char                *at;

	if (index || !is_within(offset, size, REGISTERS))
		return STATUS_INVALID;
	TRY(attached_ram_init(&card->registers, session_account(&session->session), REGISTERS));
	at = card->registers.address;
	*(uint32_t *)(at + COMMON_AT + 0x04) = 0x21;            /* features: an address; and, in the upper half, VERSION_1 */
	*(uint16_t *)(at + COMMON_AT + 0x18) = DEVICE_COUNT;
	memcpy(at + CONFIG_AT, address, sizeof(address));
	*to = card->registers.memory.cap;
	*start = offset;
	return STATUS_OK;
}

static enum status ports(struct pci_session *session, uint32_t index, struct cap *to)
{
	return STATUS_INVALID;
}

static enum status config_read(struct pci_session *session, uint32_t offset, uint32_t size, uint32_t *value)
{
	if (size != 4 || offset < CAPABILITY_AT || !is_within(offset - CAPABILITY_AT, 4, sizeof(capabilities)))
		return STATUS_INVALID;
	*value = (&capabilities[0][0])[(offset - CAPABILITY_AT) / 4];
	return STATUS_OK;
}

static enum status capability(struct pci_session *session, uint32_t id, uint32_t after, uint32_t *offset)
{
	uint32_t const next = after ? after + CAPABILITY_BYTES : CAPABILITY_AT;

	if (id != VIRTIO_CAPABILITY_ID || next >= CAPABILITY_AT + sizeof(capabilities))
		return STATUS_NOT_FOUND;
	*offset = next;
	return STATUS_OK;
}

/* Vector 1 is that of the queues; there is nothing to acknowledge. */
static enum status interrupt(struct pci_session *session, uint32_t index, struct rpc_cap const *handler, struct cap *line)
{
	*line = CAP_NULL;
	return index == 1 ? session_keep(&session->session, handler, &card->interrupt.cap) : STATUS_OK;
}

static enum status dma_alloc(struct pci_session *session, uint64_t size, struct cap *to, uint64_t *address)
{
	TRY(attached_ram_init(&card->dma, session_account(&session->session), size));
	*to = card->dma.memory.cap;
	*address = DMA_ADDRESS;
	return STATUS_OK;
}

static enum status dma_free(struct pci_session *session, uint64_t address)
{
	return STATUS_NOT_FOUND;
}

static enum status bus_master(struct pci_session *session, bool on)
{
	return STATUS_OK;
}

static enum status open(struct pci_session *session, struct pci_args const *args)
{
	if (card)
		return STATUS_DENIED;
	card = container_of(session, struct card, session);
	return STATUS_OK;
}

static void close(struct pci_session *session)
{
	card = NULL;
}

static struct pci_service service = {
	.ops          = { .device = device, .bar = bar, .memory = memory, .ports = ports, .config_read = config_read, .capability = capability,
	                  .interrupt = interrupt, .dma_alloc = dma_alloc, .dma_free = dma_free, .bus_master = bus_master },
	.session_size = sizeof(struct card),
	.open         = open,
	.close        = close,
};

enum status device_provide(struct env *env)
{
	return pci_provide(&service, env);
}

/* --- Queues: first that of frames that come in, then that of frames that go out --- */

static char *ring(unsigned queue, uint64_t at)
{
	return (char *)card->dma.address + queue * virtio_queue_bytes(DEVICE_COUNT) + at;
}

static uint16_t *available(unsigned queue) { return (uint16_t *)ring(queue, virtio_queue_available_start(DEVICE_COUNT)); }
static uint16_t *used(unsigned queue) { return (uint16_t *)ring(queue, virtio_queue_used_start(DEVICE_COUNT)); }

/* Gives chain number `chain` back. The rings' first words are flags and index. */
static void use(unsigned queue, uint16_t chain, uint32_t written)
{
	uint32_t *entry = (uint32_t *)(used(queue) + 2) + 2 * (chain % DEVICE_COUNT);

	entry[0] = available(queue)[2 + chain % DEVICE_COUNT];
	entry[1] = written;
}

unsigned device_take_sent(void)
{
	uint16_t const first = sent;

	for (uint16_t const end = shared_load16(available(1) + 1); sent != end; sent++)
		use(1, sent, 0);
	shared_store16(used(1) + 1, sent);
	return (uint16_t)(sent - first);
}

bool device_receive(unsigned count, void const *frame, size_t size)
{
	if ((uint16_t)(shared_load16(available(0) + 1) - received) < count)
		return false;
	for (unsigned i = 0; i < count; i++, received++) {
		uint16_t const  head    = available(0)[2 + received % DEVICE_COUNT];
		uint64_t const  address = *(uint64_t *)ring(0, 16 * head);

		memcpy((char *)card->dma.address + (address - DMA_ADDRESS) + HEADER, frame, size);
		use(0, received, (uint32_t)(HEADER + size));
	}
	shared_store16(used(0) + 1, received);
	shared_fence();
	if (!shared_load16(available(0)))
		(void)!signal_submit(card->interrupt);
	return true;
}
