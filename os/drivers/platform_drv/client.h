/* SPDX-License-Identifier: MIT */
/*
 * A session: one function, and what its driver has of it. All is made on the session's account and goes with it.
 *
 * Life: RESETTING (open, but its function is still in the reset after the last session), OPEN, and gone. When it ends, the function is silenced and
 * the IOMMU lets it reach nothing before any memory is given back.
 */
#pragma once

#include "dma_memory.h"
#include "function.h"
#include "iommu.h"
#include "policy.h"

#include <base/component.h>
#include <io_mem/io_mem.h>
#include <io_port/io_port.h>
#include <irq/irq.h>
#include <pci/pci.h>

/* Registers or ports that were handed out. */
struct window {
	enum bar_kind    kind;                 /* BAR_NONE: unused */
	unsigned         bar;
	uint64_t         offset, size;
	union {
		struct io_mem  io_mem;
		struct io_port io_port;
	};
	struct dataspace memory;               /* of io_mem */
};

struct interrupt {
	struct irq irq;                        /* connection.id 0: unused */
	struct cap line;
	uint32_t   index;
};

/* The function's MSI-X table, in the own address space while a vector is used. */
struct msix_table {
	struct io_mem    io_mem;
	struct dataspace memory;
	void            *attached;             /* NULL: it is not */
	struct registers entries;
};

/* DMA memory; dma.c. */
struct dma {
	struct ram     ram;                    /* connection.id 0: none yet */
	struct list    buffers;                /* of struct dma_buffer by of_dma, in the order of their addresses */
	struct domain  domain;                 /* what the IOMMU lets the function reach; zeroed: nothing */
};

enum { CLIENT_COMPLAINTS = 16 };

struct client {
	struct pci_session session;            /* first: what the driver talks to */
	struct function   *function;
	enum pci_dma       may;                /* what the policy and the machine make of DMA */
	enum policy_dma    policy_dma;
	unsigned           complaints;         /* lines on the log about what it asked for */
	struct dma         dma;
	struct msix_table  msix;
	struct window      windows[PCI_WINDOWS];
	struct interrupt   interrupts[PCI_INTERRUPTS];
};

static inline struct client *client_of(struct pci_session *session) { return container_of(session, struct client, session); }

/* Who it is, for messages. */
static inline char const *client_label(struct client const *client) { return session_label(&client->session.session); }

/* Is one more line about what it asks for worth it? Who asks for ever must not flood the log. */
static inline bool client_counts(struct client *client) { return ++client->complaints <= CLIENT_COMPLAINTS; }

/* Why it may not do DMA, in words. */
char const *client_denial(struct client const *client);

/* Opens a session at core that the client pays for. Errors: connection_open. */
MUST_CHECK enum status client_connect(struct client *client, struct connection *connection, struct rpc_type const *type, void const *args);

/* Operations of the session. */
enum status window_memory(struct pci_session *session, uint32_t index, uint64_t offset, uint64_t size, enum pci_cache cache, struct cap *memory,
                          uint64_t *start);
enum status window_ports(struct pci_session *session, uint32_t index, struct cap *ports);
enum status interrupt_bind(struct pci_session *session, uint32_t index, struct rpc_cap const *handler, struct cap *line);
enum status dma_alloc(struct pci_session *session, uint64_t size, struct cap *memory, uint64_t *address);
enum status dma_free(struct pci_session *session, uint64_t address);
enum status dma_bus_master(struct pci_session *session, bool on);

/* How many interrupts the function has for this client. */
uint32_t interrupt_count(struct client const *client);

/* The end of all of each kind. The function is silent. */
void windows_close(struct client *client);
void interrupts_close(struct client *client);
void dma_close(struct client *client);
