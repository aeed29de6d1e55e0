# SPDX-License-Identifier: MIT
# What ledger_test is built with.
USES =
