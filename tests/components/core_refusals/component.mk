# SPDX-License-Identifier: MIT
# What core_refusals is built with.
USES = account cap_session cpu dataspace io_mem io_port irq log pd ram rm rom signal trace
