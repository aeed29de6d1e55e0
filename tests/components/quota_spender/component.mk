# SPDX-License-Identifier: MIT
# quota_spender needs nothing but base.
USES =
