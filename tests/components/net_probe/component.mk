# SPDX-License-Identifier: MIT
# What net_probe is built with.
USES = nic frames
