# SPDX-License-Identifier: MIT
# What platform_test is built with.
USES = pci
