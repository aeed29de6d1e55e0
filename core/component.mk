# SPDX-License-Identifier: MIT
USES = account cap_session cpu dataspace io_mem io_port irq log parent pd ram rm rom signal
