# SPDX-License-Identifier: MIT
# base_caps needs nothing but base.
USES =
