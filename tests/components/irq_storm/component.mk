# SPDX-License-Identifier: MIT

USES = pci
