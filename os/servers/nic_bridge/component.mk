# SPDX-License-Identifier: MIT
# What nic_bridge is built with.
USES = nic uplink frames
