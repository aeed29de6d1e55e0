# SPDX-License-Identifier: MIT
# What requester is built with.
USES =
