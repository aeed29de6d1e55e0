# SPDX-License-Identifier: MIT

USES = depot
