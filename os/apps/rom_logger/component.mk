# SPDX-License-Identifier: MIT
# What rom_logger is built with.
USES = rom
