# SPDX-License-Identifier: MIT
USES = hello
