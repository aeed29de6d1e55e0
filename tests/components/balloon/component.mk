# SPDX-License-Identifier: MIT
# What balloon is built with.
USES = parent ram account
