# SPDX-License-Identifier: MIT
# What leaky_init is built with.
USES = parent ram
