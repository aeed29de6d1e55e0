# SPDX-License-Identifier: MIT
# What virtio_net_drv is built with.
USES = virtio pci nic uplink frames
