/* SPDX-License-Identifier: MIT */
/* Virtio devices by way of Platform. */
#include <virtio/capabilities.h>
#include <virtio/pci.h>

#include <base/attached.h>
#include <base/cap_alloc.h>
#include <base/component.h>

/* 4.1.2: devices from before 1.0 that can both have a number of their own, and their kind elsewhere */
enum { VENDOR = 0x1af4, DEVICE_FIRST = 0x1000, DEVICE_MODERN = 0x1040, DEVICE_LAST = 0x107f };

enum { CAPABILITIES_MAX = 48 /* that have room in a configuration space of 256 bytes */, WINDOWS = 2 };

static bool is_kind(struct pci_device const *identity, enum virtio_kind kind)
{
	if (identity->vendor != VENDOR || identity->device < DEVICE_FIRST || identity->device > DEVICE_LAST)
		return false;
	return (identity->device >= DEVICE_MODERN ? identity->device - DEVICE_MODERN : (int)identity->subsystem) == (int)kind;
}

/* Reads all capabilities of the kind that name registers. */
static enum status read_capabilities(struct pci *pci, struct virtio_capabilities *capabilities)
{
	uint32_t at = 0;

	for (unsigned i = 0; i < CAPABILITIES_MAX; i++) {
		uint32_t          words[VIRTIO_CAPABILITY_WORDS];
		enum status const status = pci_capability(pci, VIRTIO_CAPABILITY_ID, at, &at);

		if (status == STATUS_NOT_FOUND)
			break;
		TRY(status);
		for (unsigned word = 0; word < ARRAY_SIZE(words); word++)
			TRY(pci_config_read(pci, at + 4 * word, 4, &words[word]));
		virtio_capability_note(capabilities, words);
	}
	return STATUS_OK;
}

/* `*start` is where the window begins in this address space. */
static enum status attach_window(struct pci *pci, struct env *env, struct virtio_place window, uintptr_t *start)
{
	struct dataspace memory;
	uint64_t         offset;
	void            *address;
	enum status      status;

	TRY(pci_memory(pci, window.bar, window.offset, window.bytes, PCI_CACHE_UNCACHED, &memory, &offset));
	status = dataspace_attach(memory, RM_ACCESS_WRITE, env->account, &address);
	cap_release(memory.cap);
	TRY(status);
	*start = (uintptr_t)address + offset;
	return STATUS_OK;
}

static enum status attach_registers(struct virtio_pci *pci, struct env *env, struct virtio_capabilities const *capabilities)
{
	uintptr_t at[VIRTIO_PLACES] = { 0 };

	for (unsigned bar = 0; bar < VIRTIO_BARS; bar++) {
		struct virtio_place const window = virtio_capabilities_window(capabilities, bar);
		uintptr_t                 start;

		if (!window.bytes)
			continue;
		TRY(attach_window(&pci->pci, env, window, &start));
		for (unsigned kind = VIRTIO_COMMON; kind < VIRTIO_PLACES; kind++) {
			struct virtio_place const *place = &capabilities->places[kind];
			if (place->bytes && place->bar == bar)
				at[kind] = start + (place->offset - window.offset);
		}
	}
	pci->device.registers = (struct virtio_registers) {
		.common = at[VIRTIO_COMMON], .notify = at[VIRTIO_NOTIFY], .interrupt = at[VIRTIO_INTERRUPT], .config = at[VIRTIO_CONFIG],
		.notify_bytes = capabilities->places[VIRTIO_NOTIFY].bytes, .notify_multiplier = capabilities->notify_multiplier,
		.config_bytes = capabilities->places[VIRTIO_CONFIG].bytes,
	};
	return STATUS_OK;
}

enum status virtio_pci_open(struct virtio_pci *pci, struct env *env, char const *label, enum virtio_kind kind, struct pci_args const *args)
{
	struct virtio_capabilities capabilities = { 0 };
	struct pci_args            needs        = *args;
	struct pci_device const   *identity     = &pci->identity;

	*pci = (struct virtio_pci) { 0 };
	needs.windows = WINDOWS;
	TRY(pci_open(&pci->pci, env, label, &needs));
	TRY(pci_device(&pci->pci, &pci->identity));
	TRY(read_capabilities(&pci->pci, &capabilities));
	if (!is_kind(identity, kind) || !virtio_capabilities_are_complete(&capabilities)) {
		log_error("cannot drive the device %04x:%04x: it is no virtio 1.0 device of kind %u", identity->vendor, identity->device, (unsigned)kind);
		return STATUS_UNSUPPORTED;
	}
	return attach_registers(pci, env, &capabilities);
}

enum status virtio_pci_dma(struct virtio_pci *pci, struct env *env, uint64_t bytes, struct virtio_dma *dma)
{
	struct dataspace memory;
	enum status      status;

	TRY(pci_dma_alloc(&pci->pci, bytes, &memory, &dma->address));
	status = dataspace_attach(memory, RM_ACCESS_WRITE, env->account, &dma->start);
	cap_release(memory.cap);
	return status;
}
