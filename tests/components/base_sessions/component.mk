# SPDX-License-Identifier: MIT
# What base_sessions is built with.
USES = hello frail
