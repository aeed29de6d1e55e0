# SPDX-License-Identifier: MIT
# What platform_drv is built with.
USES = pci
