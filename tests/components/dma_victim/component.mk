# SPDX-License-Identifier: MIT
# What dma_victim is built with.
USES = victim
