# SPDX-License-Identifier: MIT
# What rom_buffer is built with.
USES = rom
