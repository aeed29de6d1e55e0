# SPDX-License-Identifier: MIT
# What device_test is built with.
USES = io_mem io_port irq
