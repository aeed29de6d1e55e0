# SPDX-License-Identifier: MIT
# single_step needs nothing but base.
USES =
