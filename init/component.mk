# SPDX-License-Identifier: MIT
USES = sandbox parent trace
