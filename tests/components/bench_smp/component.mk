# SPDX-License-Identifier: MIT
# What bench_smp is built with: base alone.
