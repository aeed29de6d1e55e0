/* SPDX-License-Identifier: MIT */
/*
 * Grants: which devices a session may have. Rights hang on what parents say, and core has one child: so the first element of a label behind
 * "init -> " counts, which is the name of init's child, unless init's configuration replaces it:
 *
 *	<service name="IO_PORT"> <parent label="grant ports 0x70-0x71"/> </service>
 *
 * A grant is a row of kinds, each with the ranges that follow it, with both ends: `irq 2 8 20-23`, `ports 0x40-0x43`, `memory 0xfed00000-0xfed003ff`; or
 * `all`. Two kinds have no ranges: `msi`, interrupts that a device sends as messages, and `dma`, physical addresses of RAM. Ports with which one can
 * end the machine, or overwrite it, are not among `ports`, not even all of them; they are `dangerous_ports`.
 *
 * A session without a grant can have the PIT, `irq 2 ports 0x40-0x43`, which can harm nobody: so a configuration of a timer and what uses it need not
 * speak of devices.
 */
#pragma once

#include <base/types.h>

enum grant_kind { GRANT_IRQ, GRANT_MSI, GRANT_PORTS, GRANT_DANGEROUS_PORTS, GRANT_MEMORY, GRANT_DMA, GRANT_KINDS };

/* Does a label grant all of [first, last]? One range must hold it; for kinds without ranges: 0, 0. */
bool grant_holds(char const *label, enum grant_kind kind, uint64_t first, uint64_t last);

/* Why it does not, and what to do about it, in words. The text is good until the next call. */
char const *grant_advice(char const *label, enum grant_kind kind, uint64_t first, uint64_t last);
