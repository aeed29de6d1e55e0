# SPDX-License-Identifier: MIT
# smp_stress needs nothing but base.
USES =
