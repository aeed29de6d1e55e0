# SPDX-License-Identifier: MIT
# What virtio is built with.
USES = pci
