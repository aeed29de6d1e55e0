# SPDX-License-Identifier: MIT
# What the library is built with.
USES = lwip nic frames
