# SPDX-License-Identifier: MIT
# What bench_idle is built with.
USES = log
