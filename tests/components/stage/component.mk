# SPDX-License-Identifier: MIT
USES = stage
