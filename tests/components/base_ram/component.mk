# SPDX-License-Identifier: MIT
# What base_ram is built with.
USES = pass
