# SPDX-License-Identifier: MIT
# cpu_share needs nothing but base.
USES =
