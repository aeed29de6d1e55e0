# SPDX-License-Identifier: MIT
# What bench_holder is built with.
USES = bench
