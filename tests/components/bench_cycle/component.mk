# SPDX-License-Identifier: MIT
# What bench_cycle is built with.
USES = sandbox
