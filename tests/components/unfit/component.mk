# SPDX-License-Identifier: MIT
# What unfit is built with.
USES =
