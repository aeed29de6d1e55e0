# SPDX-License-Identifier: MIT
# What managed_pager is built with.
USES = managed
