# SPDX-License-Identifier: MIT
# What dynamic_rom is built with.
USES = rom rom_buffer
