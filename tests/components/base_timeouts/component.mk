# SPDX-License-Identifier: MIT
# base_timeouts needs nothing but base.
USES =
