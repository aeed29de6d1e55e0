/* SPDX-License-Identifier: MIT */
/*
 * A virtio device that a driver has from the platform driver: a session of Platform, and in it the registers. What is opened
 * here ends with the component; the platform driver stops the device then.
 */
#pragma once

#include <base/env.h>
#include <pci/pci.h>
#include <virtio/device.h>

/* Kinds of devices (VIRTIO 1.1, section 5), as far as there are drivers. */
enum virtio_kind { VIRTIO_KIND_NET = 1 };

struct virtio_pci {
	struct pci           pci;
	struct pci_device    identity;
	struct virtio_device device;       /* its registers are known, nothing else has been done with it */
};

/* Memory that the device reaches. */
struct virtio_dma {
	void    *start;                    /* zeroed */
	uint64_t address;                  /* the same for the device */
};

/*
 * Opens session Platform with `label` and attaches the registers, on the component's account. `args` says what the driver is going to need; its windows
 * are set here. UNSUPPORTED: the device is of another kind, or has no registers of virtio 1.0. Others: as Platform says.
 */
MUST_CHECK enum status virtio_pci_open(struct virtio_pci *pci, struct env *env, char const *label, enum virtio_kind kind, struct pci_args const *args);

/* DMA memory of `bytes`, rounded up to pages, attached. */
MUST_CHECK enum status virtio_pci_dma(struct virtio_pci *pci, struct env *env, uint64_t bytes, struct virtio_dma *dma);
