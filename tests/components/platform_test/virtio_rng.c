/* SPDX-License-Identifier: MIT */
/*
 * The least of a driver for virtio-rng: one queue, whose vector is the second of MSI-X. Source: OASIS virtio 1.1, 2.6 (split queues), 4.1 (PCI).
 */
#include "virtio_rng.h"

#include "../check.h"

enum {
	VENDOR_CAPABILITY = 9, CAPABILITY_TYPE = 3, CAPABILITY_BAR = 4, CAPABILITY_OFFSET = 8, CAPABILITY_LENGTH = 12, NOTIFY_MULTIPLIER = 16,
	TYPE_COMMON = 1, TYPE_NOTIFY = 2,
	FEATURE_SELECT = 0, FEATURES = 4, DRIVER_FEATURE_SELECT = 8, DRIVER_FEATURES = 12, STATUS = 20, QUEUE_SELECT = 22, QUEUE_SIZE = 24,
	QUEUE_VECTOR = 26, QUEUE_ENABLE = 28, QUEUE_NOTIFY = 30, QUEUE_DESCRIPTORS = 32, QUEUE_AVAILABLE = 40, QUEUE_USED = 48,
	ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8,
	FEATURE_VERSION_1 = 1 << 0, FEATURE_PLATFORM = 1 << 1,    /* 32 and 33 */
	VECTOR = 1, SIZE = 8, AT_AVAILABLE = 0x800, AT_USED = 0x1000, AT_DATA = 0x2000, DATA = 64, MEMORY = 3 * PAGE_SIZE, WRITES = 2, WAIT_S = 20,
};

struct descriptor { uint64_t address; uint32_t length; uint16_t flags, next; };
struct available  { uint16_t flags, index, ring[SIZE]; };
struct used       { uint16_t flags, index; struct { uint32_t id, length; } ring[SIZE]; };

struct rng {
	struct env           *env;
	struct pci            pci;
	struct dataspace      registers, memory;
	void                 *attached, *ring;
	uintptr_t             common, notify;
	uint32_t              multiplier;
	uint64_t              address;           /* of the ring, for the device */
	struct handler        unused;
	struct signal_context interrupted;
	struct cap            line;
};

static uint32_t read32(uintptr_t at) { return *(uint32_t volatile *)at; }
static void write32(uintptr_t at, uint32_t value) { *(uint32_t volatile *)at = value; }
static uint16_t read16(uintptr_t at) { return *(uint16_t volatile *)at; }
static void write16(uintptr_t at, uint16_t value) { *(uint16_t volatile *)at = value; }
static void write64(uintptr_t at, uint64_t value) { write32(at, (uint32_t)value); write32(at + 4, (uint32_t)(value >> 32)); }
static void write_status(struct rng *rng, uint8_t value) { *(uint8_t volatile *)(rng->common + STATUS) = value; }

/* The capability of that type: its offset in configuration space. */
static enum status find(struct rng *rng, uint32_t type, uint32_t *offset)
{
	uint32_t found = 0;

	*offset = 0;
	do {
		TRY(pci_capability(&rng->pci, VENDOR_CAPABILITY, *offset, offset));
		TRY(pci_config_read(&rng->pci, *offset + CAPABILITY_TYPE, 1, &found));
	} while (found != type);
	return STATUS_OK;
}

/* Attaches the BAR of the registers, in which all structures of QEMU's devices are. */
static enum status attach_registers(struct rng *rng)
{
	uint32_t at, bar, offset;
	uint64_t start;

	TRY(find(rng, TYPE_COMMON, &at));
	TRY(pci_config_read(&rng->pci, at + CAPABILITY_BAR, 1, &bar));
	TRY(pci_config_read(&rng->pci, at + CAPABILITY_OFFSET, 4, &offset));
	TRY(pci_memory(&rng->pci, bar, 0, 0, PCI_CACHE_UNCACHED, &rng->registers, &start));
	TRY(dataspace_attach(rng->registers, RM_ACCESS_WRITE, rng->env->account, &rng->attached));
	rng->common = (uintptr_t)rng->attached + start + offset;
	TRY(find(rng, TYPE_NOTIFY, &at));
	TRY(pci_config_read(&rng->pci, at + CAPABILITY_OFFSET, 4, &offset));
	TRY(pci_config_read(&rng->pci, at + NOTIFY_MULTIPLIER, 4, &rng->multiplier));
	rng->notify = (uintptr_t)rng->attached + start + offset;
	return STATUS_OK;
}

static void negotiate(struct rng *rng)
{
	write_status(rng, 0);
	write_status(rng, ACKNOWLEDGE | DRIVER);
	write32(rng->common + FEATURE_SELECT, 1);
	write32(rng->common + DRIVER_FEATURE_SELECT, 1);
	write32(rng->common + DRIVER_FEATURES, read32(rng->common + FEATURES) & (FEATURE_VERSION_1 | FEATURE_PLATFORM));
	write_status(rng, ACKNOWLEDGE | DRIVER | FEATURES_OK);
}

static enum status start(struct rng *rng)
{
	negotiate(rng);
	TRY(pci_dma_alloc(&rng->pci, MEMORY, &rng->memory, &rng->address));
	TRY(dataspace_attach(rng->memory, RM_ACCESS_WRITE, rng->env->account, &rng->ring));
	write16(rng->common + QUEUE_SELECT, 0);
	write16(rng->common + QUEUE_SIZE, SIZE);
	write16(rng->common + QUEUE_VECTOR, VECTOR);
	CHECK(read16(rng->common + QUEUE_VECTOR) == VECTOR);
	write64(rng->common + QUEUE_DESCRIPTORS, rng->address);
	write64(rng->common + QUEUE_AVAILABLE, rng->address + AT_AVAILABLE);
	write64(rng->common + QUEUE_USED, rng->address + AT_USED);
	write16(rng->common + QUEUE_ENABLE, 1);
	TRY(pci_interrupt(&rng->pci, VECTOR, rng->interrupted, &rng->line));
	TRY(pci_bus_master(&rng->pci, true));
	write_status(rng, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
	return STATUS_OK;
}

static enum status check_numbers(struct rng *rng)
{
	uint8_t *const           memory     = rng->ring;
	struct descriptor *const descriptor = rng->ring;
	struct available *const  available  = (struct available *)(memory + AT_AVAILABLE);
	struct used volatile    *used       = (struct used *)(memory + AT_USED);
	uint64_t                 sum        = 0;

	for (uint16_t round = 1; round <= 3; round++) {
		descriptor[0] = (struct descriptor) { .address = rng->address + AT_DATA, .length = DATA, .flags = WRITES };
		available->ring[(round - 1) % SIZE] = 0;
		__atomic_store_n(&available->index, round, __ATOMIC_RELEASE);
		write16(rng->notify + rng->multiplier * read16(rng->common + QUEUE_NOTIFY), 0);
		CHECK_STATUS(signal_wait(rng->interrupted, time_now_ns() + WAIT_S * TIME_NS_PER_S), STATUS_OK);
		irq_ack(rng->line);
		CHECK(used->index == round);
	}
	for (unsigned i = 0; i < DATA; i++)
		sum += memory[AT_DATA + i];
	CHECK(sum);
	return STATUS_OK;
}

enum status virtio_rng_check(struct env *env)
{
	static struct rng     rng;
	struct pci_args const args = { .dma_bytes = MEMORY, .buffers = 1, .windows = 1, .interrupts = 1 };
	struct pci_device     device;
	struct dataspace      table;
	uint64_t              begin;

	rng = (struct rng) { .env = env };
	TRY(ep_signal(&env->ep, &rng.unused, &rng.interrupted));
	TRY(pci_open(&rng.pci, env, "rng", &args));
	TRY(pci_device(&rng.pci, &device));
	CHECK(device.vendor == 0x1af4 && device.interrupts >= 2);

	/* The MSI-X table, which QEMU's virtio devices have in BAR 1, is not given to anybody. */
	CHECK_STATUS(pci_memory(&rng.pci, 1, 0, 0, PCI_CACHE_UNCACHED, &table, &begin), STATUS_DENIED);
	CHECK_STATUS(pci_interrupt(&rng.pci, device.interrupts, rng.interrupted, &rng.line), STATUS_INVALID);
	TRY(attach_registers(&rng));
	TRY(start(&rng));
	TRY(check_numbers(&rng));
	dataspace_detach(rng.ring);
	dataspace_detach(rng.attached);
	cap_release(rng.memory.cap);
	cap_release(rng.registers.cap);
	cap_release(rng.line);
	TRY(connection_end(&rng.pci.connection));
	ep_signal_end(&env->ep, rng.interrupted);
	return STATUS_OK;
}
