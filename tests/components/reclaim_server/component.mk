# SPDX-License-Identifier: MIT
USES = keep
