# SPDX-License-Identifier: MIT
# rt needs nothing but base.
USES =
