# SPDX-License-Identifier: MIT
# What it breaks in with.
USES = nic uplink pci
