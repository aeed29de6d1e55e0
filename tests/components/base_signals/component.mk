# SPDX-License-Identifier: MIT
# base_signals needs nothing but base.
USES =
