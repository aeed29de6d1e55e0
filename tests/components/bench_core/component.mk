# SPDX-License-Identifier: MIT
# What bench_core is built with.
USES = bench
