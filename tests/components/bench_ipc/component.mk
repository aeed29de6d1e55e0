# SPDX-License-Identifier: MIT
# What bench_ipc is built with.
USES = bench
