# SPDX-License-Identifier: MIT
USES = sandbox
