# SPDX-License-Identifier: MIT
# What report_rom is built with.
USES = rom report rom_buffer
