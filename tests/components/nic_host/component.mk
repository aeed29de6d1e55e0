# SPDX-License-Identifier: MIT
# What nic_host is built with.
USES = nic uplink frames
