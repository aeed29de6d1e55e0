# SPDX-License-Identifier: MIT

USES =
