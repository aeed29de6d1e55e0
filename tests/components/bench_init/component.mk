# SPDX-License-Identifier: MIT
# What bench_init is built with.
USES = sandbox
