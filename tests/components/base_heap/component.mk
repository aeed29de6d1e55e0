# SPDX-License-Identifier: MIT
# base_heap needs nothing but base.
USES =
