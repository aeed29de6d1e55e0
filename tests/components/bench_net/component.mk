# SPDX-License-Identifier: MIT
# What bench_net is built with.
USES = pci nic frames virtio
