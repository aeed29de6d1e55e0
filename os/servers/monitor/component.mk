# SPDX-License-Identifier: MIT
# What monitor is built with: no interface by name, that is the point.
USES =
