# SPDX-License-Identifier: MIT
# fault needs nothing but base.
USES =
