# SPDX-License-Identifier: MIT
# What core_irq is built with.
USES = io_mem io_port irq
