# SPDX-License-Identifier: MIT
# What net_peer is built with.
USES = net lwip
