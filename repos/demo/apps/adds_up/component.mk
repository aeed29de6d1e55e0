# SPDX-License-Identifier: MIT
# It adds up with the code of the dashboard.
USES =
SRC = repos/demo/apps/dashboard/state.c
