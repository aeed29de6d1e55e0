# SPDX-License-Identifier: MIT
# What base_ram_peer is built with.
USES = pass
