# SPDX-License-Identifier: MIT
# What hostile_kernel is built with: base alone.
