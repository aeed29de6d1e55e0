# SPDX-License-Identifier: MIT
# What bench_boot is built with.
USES = bench
