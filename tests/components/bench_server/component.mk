# SPDX-License-Identifier: MIT
# What bench_server is built with.
USES = bench
