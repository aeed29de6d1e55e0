# SPDX-License-Identifier: MIT
# What dma_attack is built with.
USES = pci victim
