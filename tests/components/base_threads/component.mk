# SPDX-License-Identifier: MIT
# base_threads needs nothing but base.
USES =
